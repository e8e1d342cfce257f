"""pip's part of an environment as a lock file, pylock.toml (PEP 751)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.environment.site_packages.provenance import SHA256
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.as_explicit import list_explicit
from conda_pip_interop.exports.layout import refuse_unknown, render_notes
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    Unknown,
    find_path,
)
from conda_pip_interop.exports.toml_text import render_toml

if TYPE_CHECKING:
    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.layout import Layout

#: The markers by which a lock names the platform that it is for.
_PLATFORM: Final = ("sys_platform", "platform_machine", "implementation_name")


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
    unknown = [one.name for one in contents.unknown_files]
    if unknown:
        raise refuse_unknown(contents, unknown, what="pylock.toml")
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


def _build_platform(contents: Contents) -> str:
    return " and ".join(f"{name} == '{contents.environment[name]}'" for name in _PLATFORM)


def _build_table(contents: Contents) -> dict[str, Any]:
    """Build conda's part: with it the file is a lock of the whole environment."""
    return {
        "owner": "pip",
        "platform": contents.subdir,
        "channels": list(contents.channels),
        "conda": [*map(_build_conda, list_explicit(contents), contents.conda)],
    }


def _build_conda(line: str, package: CondaPackage) -> dict[str, Any]:
    url, _, md5 = line.partition("#")
    sha256 = package.record.raw.get("sha256")
    is_valid = isinstance(sha256, str) and SHA256.fullmatch(sha256)
    hashes = {"sha256": sha256 if is_valid else "", "md5": md5}
    return _drop_empty({"url": url, **hashes, "requested": package.requested or ""})


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
            found["vcs"] = _drop_empty(
                {
                    "type": source.vcs,
                    "url": _drop_variables(source.url),
                    "requested-revision": source.revision,
                    "commit-id": source.commit,
                    "subdirectory": source.subdirectory,
                }
            )
        case FromFolder() as source:
            found["directory"] = _drop_empty(
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
            found["archive"] = _drop_empty({**place, **hashes, **within})
    table = _build_own_table(package)
    return found | ({"tool": {"conda-pip-interop": table}} if table else {})


def _build_own_table(package: PipPackage) -> dict[str, Any]:
    """Build what PEP 751 has no key for: how it was requested, and what it replaces.

    The version of a source tree is only told by its build, so a lock must not have it.
    """
    asked = package.asked
    requested = str(asked) if asked is not None else package.name if package.requested else ""
    return _drop_empty({"requested": requested, "in-place-of": package.in_place_of or ""})


def _drop_variables(url: str) -> str:
    """Drop credentials in variables, which only requirements files expand."""
    return re.sub(r"(://)\$\{[^/@]*@", r"\1", url)


def _drop_empty(table: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if value}
