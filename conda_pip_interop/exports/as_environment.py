"""An environment as an environment.yml, which conda and `conda pip` read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from conda_pip_interop.dependency_files.commented_lists import Item
from conda_pip_interop.dependency_files.environment_yml import build_environment, render_environment
from conda_pip_interop.exports.layout import describe_variables, render_notes
from conda_pip_interop.exports.pip_lines import build_lines, find_variables
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.exports.contents import CondaPackage, Contents
    from conda_pip_interop.exports.layout import Layout

#: A spec of the command line that conda reads in an environment.yml, too; not a path or a URL.
_NAMED: Final = regex(r"(?:[^\s\[]+::)?[A-Za-z0-9_][^/\\]*")


def render_environment_yml(contents: Contents, layout: Layout) -> str:
    """Render conda's packages as `layout.conda` says, and pip's in the `pip` section."""
    variables = find_variables(build_lines(contents, layout))
    return render_notes(contents, variables) + _render(contents, layout, as_json=False)


def render_environment_json(contents: Contents, layout: Layout) -> str:
    """Render the same as JSON, which has no comments: see `list_comments`."""
    return _render(contents, layout, as_json=True)


def list_comments(contents: Contents, layout: Layout) -> Iterator[str]:
    """List what environment.yml says in comments, but for the notes of the contents."""
    lines = build_lines(contents, layout)
    variables = find_variables(lines)
    if variables:
        yield describe_variables(variables)
    for item in (*_build_conda(contents, layout), *_build_pip(contents, layout)):
        if item.comment:
            yield f"{item.value}: {item.comment.removeprefix('# ')}."


def _render(contents: Contents, layout: Layout, *, as_json: bool) -> str:
    base = build_environment()
    if contents.name is not None:
        base.document["name"] = contents.name
    if layout.add_channels and contents.channels:
        base.document["channels"] = list(contents.channels)
    if contents.variables:
        base.document["variables"] = dict(contents.variables)
    conda, pip = _build_conda(contents, layout), _build_pip(contents, layout)
    return render_environment(base, conda=conda, pip=pip, as_json=as_json)


def _build_pip(contents: Contents, layout: Layout) -> list[Item]:
    lines = build_lines(contents, layout)
    return [
        Item(value=one.text, comment=f"# {one.comment}" if one.comment else "") for one in lines
    ]


def _build_conda(contents: Contents, layout: Layout) -> list[Item]:
    """Build conda's dependencies, with pip where a `pip` section follows."""
    conda = [*_build_items(contents, layout)]
    pip = build_lines(contents, layout)
    if pip and not any(one.record.name == "pip" for one in contents.conda):
        conda.append(Item(value="pip", comment="# not installed; conda needs it for what follows"))
    elif pip and layout.conda == "requested" and not any(_names_pip(one) for one in conda):
        conda.append(Item(value="pip"))
    return conda


def _names_pip(item: Item) -> bool:
    return re.match(r"(?:\S+::)?pip(?![\w.-])", str(item.value)) is not None


def _build_items(contents: Contents, layout: Layout) -> Iterator[Item]:
    for one in contents.conda:
        if layout.conda == "requested" and one.requested is None:
            continue
        names = " and ".join(f"{name} {version}" for name, version in one.replaced_by.items())
        comment = f"# pip's {names} is in its place" if names else ""
        yield Item(value=_render_spec(one, layout), comment=comment)


def _render_spec(package: CondaPackage, layout: Layout) -> str:
    record = package.record
    if layout.conda == "builds":
        return package.spec
    if layout.conda == "requested" and _NAMED.fullmatch(package.requested or ""):
        return str(package.requested)
    return f"{record.name}={record.version}"
