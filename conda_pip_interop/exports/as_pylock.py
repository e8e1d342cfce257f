"""pip's part of an environment as a lock file, pylock.toml (PEP 751)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.as_explicit import refuse_without_urls
from conda_pip_interop.exports.layout import drop_empty, refuse_unknown, render_notes
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    Unknown,
    find_path,
)
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

#: The markers by which a lock names the platform that it is for.
_PLATFORM: Final = ("sys_platform", "platform_machine", "implementation_name")
_BARE_KEY: Final = regex(r"[A-Za-z0-9_-]+")


def render_pylock(contents: Contents, layout: Layout) -> str:
    """Render pip's part; conda's is in the table of this tool.

    Raises InteropError `unknown-source` and `not-lockable`.
    """
    _refuse_unlockable(contents)
    document: dict[str, Any] = {
        "lock-version": "1.0",
        "environments": [_build_platform(contents)],
        "requires-python": f"=={'.'.join(contents.python.split('.')[:2])}.*",
        "created-by": "conda-pip-interop",
        "packages": [_build_package(one, layout) for one in contents.pip],
        "tool": {"conda-pip-interop": _build_table(contents)},
    }
    if not contents.python:
        del document["requires-python"]
    return render_notes(contents, ()) + render_toml(document)


def _refuse_unlockable(contents: Contents) -> None:
    refuse_unknown(contents, contents.unknown_files, what="pylock.toml")
    for one in contents.pip:
        reason = ""
        if isinstance(one.source, Unknown):
            reason = one.source.reason
        elif isinstance(one.source, FromArchive) and not one.source.algorithm:
            reason = "its direct_url.json has no hash of the archive"
        elif isinstance(one.source, FromRepository) and one.source.editable:
            reason = "it is an editable clone, and locks have no such packages"
        if reason:
            raise InteropError(
                "not-lockable",
                f"pylock.toml cannot contain {one.name} {one.version}: {reason}.",
                hints=(
                    "Install it again with `conda pip install`.",
                    "environment.yml and requirements.txt can be written without it.",
                ),
            )
    refuse_without_urls(contents)


def _build_platform(contents: Contents) -> str:
    return " and ".join(f"{name} == '{contents.environment[name]}'" for name in _PLATFORM)


def _build_table(contents: Contents) -> dict[str, Any]:
    """Build conda's part: with it the file is a lock of the whole environment."""
    return {
        "owner": "pip",
        "platform": contents.subdir,
        "channels": list(contents.channels),
        "conda": [*map(_build_conda, contents.conda)],
    }


def _build_conda(package: CondaPackage) -> dict[str, Any]:
    hashes = {"sha256": package.sha256, "md5": package.md5}
    return drop_empty({"url": package.url, **hashes, "requested": package.requested or ""})


def _build_package(package: PipPackage, layout: Layout) -> dict[str, Any]:
    found: dict[str, Any] = {"name": package.key}
    if isinstance(package.source, FromIndex):
        found["version"] = package.version
    if package.metadata.requires_python:
        found["requires-python"] = package.metadata.requires_python
    match package.source:
        case FromIndex(url=url, sha256=sha256) as source:
            file = {"name": source.file_name, "url": url, "hashes": {"sha256": sha256}}
            found |= {"wheels": [file]} if source.is_wheel else {"sdist": file}
        case FromRepository() as source:
            found["vcs"] = drop_empty(
                {
                    "type": source.vcs,
                    "url": _drop_variables(source.url),
                    "requested-revision": source.revision,
                    "commit-id": source.commit,
                    "subdirectory": source.subdirectory,
                }
            )
        case FromFolder() as source:
            found["directory"] = drop_empty(
                {
                    "path": layout.relate(source.path),
                    "editable": source.editable,
                    "subdirectory": source.subdirectory,
                }
            )
        case FromArchive() as source:
            local = layout.relate(find_path(source.url)) if source.url.startswith("file:") else ""
            place = (
                {"path": local} if local.startswith("./") else {"url": _drop_variables(source.url)}
            )
            hashes = {"hashes": {source.algorithm: source.digest}}
            within = {"subdirectory": source.subdirectory}
            found["archive"] = drop_empty({**place, **hashes, **within})
    table = _build_own_table(package)
    return found | ({"tool": {"conda-pip-interop": table}} if table else {})


def _build_own_table(package: PipPackage) -> dict[str, Any]:
    """Build what PEP 751 has no key for: how it was requested, and what it replaces.

    The version of a source tree is only told by its build, so a lock must not have it.
    """
    asked = package.asked
    requested = str(asked) if asked is not None else package.name if package.requested else ""
    return drop_empty({"requested": requested, "in-place-of": package.in_place_of or ""})


def _drop_variables(url: str) -> str:
    """Drop credentials in variables, which only requirements files expand."""
    return re.sub(r"(://)\$\{[^/@]*@", r"\1", url)


def render_toml(document: Mapping[str, Any]) -> str:
    """Render TOML of tables, lists, texts, numbers and booleans, in their order.

    The standard library only reads it. The tables in a list of the top level get a `[[heading]]`
    each; deeper ones are inline.
    """
    return "\n".join(_render_table(document, "")).lstrip("\n") + "\n"


def _render_table(table: Mapping[str, Any], path: str) -> Iterator[str]:
    nested = {key: value for key, value in table.items() if isinstance(value, dict)}
    lists = {key: value for key, value in table.items() if _is_tables(value)}
    for key, value in table.items():
        if key not in nested and key not in lists:
            yield f"{_render_key(key)} = {_render_value(value)}"
    for key, tables in lists.items():
        for one in tables:
            yield ""
            yield f"[[{path}{_render_key(key)}]]"
            yield from (
                f"{_render_key(name)} = {_render_value(value)}" for name, value in one.items()
            )
    for key, value in nested.items():
        inner = f"{path}{_render_key(key)}"
        if any(not isinstance(one, dict) for one in value.values()) or not value:
            yield ""
            yield f"[{inner}]"
        yield from _render_table(value, f"{inner}.")


def _is_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _render_key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _render_text(key)


def _render_value(value: Any) -> str:
    match value:
        case bool() | int():
            return json.dumps(value)
        case str():
            return _render_text(value)
        case list():
            return f"[{', '.join(map(_render_value, value))}]"
        case dict():
            pairs = (f"{_render_key(key)} = {_render_value(one)}" for key, one in value.items())
            return f"{{{', '.join(pairs)}}}"
    raise TypeError(value)


def _render_text(text: str) -> str:
    """TOML's basic strings are JSON's, but for DEL, which has to be escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
