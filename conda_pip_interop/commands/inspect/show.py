"""`conda pip show`: what `pip show` prints, and the owner of each distribution."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.commands.inspect.graph_text import not_installed
from conda_pip_interop.commands.inspect.list import Row, build_rows
from conda_pip_interop.commands.output import Output
from conda_pip_interop.environment.distributions import read_all_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from conda_pip_interop.dependencies.graph import Graph
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

#: Fields that `pip show` prints, with the metadata headers they come from: the first one present.
_HEADERS: Final[Mapping[str, tuple[str, ...]]] = {
    "Summary": ("summary",),
    "Home-page": ("home-page",),
    "Author": ("author",),
    "Author-email": ("author-email",),
    "License": ("license-expression", "license"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """What `conda pip show` knows of a distribution.

    `name` is as its metadata spells it; `requires` and `required_by` are packages of both managers.
    `files` are those that its owner lists, None if pip has no list of them.
    """

    name: str
    row: Row
    facts: Mapping[str, str]
    location: str
    requested: bool
    requires: tuple[str, ...]
    required_by: tuple[str, ...]
    files: tuple[PrefixPath, ...] | None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form; paths of `files` are relative to the prefix."""
        return {
            **self.row.to_dict(),
            **{key.lower().replace("-", "_"): value for key, value in self.facts.items()},
            "location": self.location,
            "asked": self.requested,
            "requires": list(self.requires),
            "required_by": list(self.required_by),
            "files": None if self.files is None else list(self.files),
        }


def show_distributions(
    snapshot: Snapshot, graph: Graph, names: Sequence[str], target: Target, *, files: bool
) -> Output:
    """Show each distribution; raises InteropError `not-installed`, naming all that are missing."""
    rows = build_rows(snapshot)
    wanted = {canonicalize_name(name): name for name in names}
    missing = wanted.keys() - {row.distribution.name for row in rows}
    if missing:
        raise not_installed([name for key, name in wanted.items() if key in missing], target)
    shown = [
        _build(snapshot, graph, row)
        for name in wanted
        for row in rows
        if row.distribution.name == name
    ]
    root = str(snapshot.prefix.root)
    return Output(
        text="\n---\n".join("\n".join(_render(one, root, files=files)) for one in shown),
        document={"prefix": root, "distributions": [one.to_dict() for one in shown]},
    )


def _build(snapshot: Snapshot, graph: Graph, row: Row) -> Shown:
    one, record = row.distribution, row.origin.record
    headers = read_all_headers(snapshot.prefix, one)
    packages = [package for package in graph.packages.values() if one in package.distributions]
    listed = record.files if record is not None and row.origin.owner == "conda" else one.files
    dependents = graph.find_dependents()
    return Shown(
        name=next(iter(headers.get("name", ())), one.name),
        row=row,
        facts={
            key: next((headers[name][0] for name in names if headers.get(name)), "")
            for key, names in _HEADERS.items()
        },
        location=str(snapshot.prefix.root / one.site_packages),
        requested=any(package.requested for package in packages),
        requires=tuple(
            sorted({d.name for one in packages for d in one.dependencies if d.from_metadata})
        ),
        required_by=tuple(
            sorted({other.name for one in packages for other, _ in dependents[one.key]})
        ),
        files=None if listed is None else tuple(sorted(file.path for file in listed)),
    )


def _render(shown: Shown, root: str, *, files: bool) -> Iterator[str]:
    """Render the fields of `pip show`, then those that pip does not have."""
    origin = shown.row.origin
    yield f"Name: {shown.name}"
    yield f"Version: {shown.row.distribution.version}"
    yield from (f"{key}: {value}".rstrip() for key, value in shown.facts.items())
    yield f"Location: {shown.location}"
    if origin.editable is not None:
        yield f"Editable project location: {origin.editable or 'unknown'}"
    yield f"Requires: {', '.join(shown.requires)}".rstrip()
    yield f"Required-by: {', '.join(shown.required_by)}".rstrip()
    yield f"Owner: {origin.owner}"
    yield f"Source: {origin}"
    yield f"Requested: {'yes' if shown.requested else 'no'}"
    if files:
        yield "Files:"
        if shown.files is None:
            yield "  (unknown: RECORD is missing or cannot be read)"
        for path in shown.files or ():
            yield f"  {os.path.relpath(os.path.join(root, path), shown.location)}"  # noqa: PTH118
