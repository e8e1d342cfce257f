"""The lock of a whole environment in a pylock.toml: pip's part (PEP 751), conda's in our table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.dependency_files.pylock import check_version
from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.dependency_files.sources import find_table
from conda_pip_interop.exports.sources import FromIndex, Source, build_source
from conda_pip_interop.locks.lock import (
    Lock,
    LockedDistribution,
    LockedPackage,
    build_distribution,
    build_package,
    not_valid,
)

_TABLE: Final = ("tool", "conda-pip-interop")


def parse_whole_pylock(text: str, *, origin: str, folder: Path) -> Lock | None:
    """Parse a lock that `conda pip export` has written; None if another tool has.

    Raises UsageError `unreadable-file`.
    """
    document = load_toml(text, origin)
    table = find_table(document, *_TABLE)
    conda, pip = table.get("conda"), document.get("packages")
    if not isinstance(conda, list):
        return None
    if not isinstance(pip, list) or not isinstance(table.get("platform"), str):
        raise unreadable(origin, "it has no platform, or no packages")
    notes = check_version(document, origin)
    channels = table.get("channels")
    return Lock(
        origin=origin,
        platform=table["platform"],
        conda=tuple(_read_package(one, origin) for one in conda),
        pip=tuple(_read_distribution(one, origin, folder) for one in pip),
        channels=tuple(map(str, channels if isinstance(channels, list) else ())),
        notes=notes,
    )


def _read_package(entry: Any, origin: str) -> LockedPackage:
    match entry:
        case {"url": str(url)}:
            texts = {key: entry.get(key, "") for key in ("md5", "sha256", "requested")}
            if all(isinstance(one, str) for one in texts.values()):
                return build_package(url, origin, **texts)
    raise not_valid(entry, origin)


def _read_distribution(package: Any, origin: str, folder: Path) -> LockedDistribution:
    if not isinstance(package, dict) or not isinstance(package.get("name"), str):
        raise unreadable(origin, "it contains a package without a name")
    if "marker" in package:
        raise unreadable(origin, f"{package['name']} has a marker, as no lock of this tool has")
    own = find_table(package, *_TABLE)
    texts = {key: own.get(key, "") for key in ("requested", "in-place-of")}
    version = package.get("version", "")
    if not all(isinstance(one, str) for one in (*texts.values(), version)):
        raise not_valid(package["name"], origin)
    try:
        source = _read_source(package, folder)
    except (KeyError, TypeError, ValueError) as error:
        raise not_valid(package["name"], origin) from error
    return build_distribution(
        package["name"],
        source,
        origin,
        version=version,
        requested=texts["requested"],
        in_place_of=texts["in-place-of"],
    )


def _read_source(package: Mapping[str, Any], folder: Path) -> Source:
    """Raises KeyError, TypeError or ValueError for a package that is not valid."""
    match package:
        case {"vcs": {"type": kind, "commit-id": commit} as one}:
            info = {"vcs": kind, "commit_id": commit}
            info["requested_revision"] = one.get("requested-revision", "")
            return build_source({**_locate(one, folder), "vcs_info": info})
        case {"directory": {"path": _} as one}:
            editable = one.get("editable") is True
            return build_source({**_locate(one, folder), "dir_info": {"editable": editable}})
        case {"archive": dict(one)}:
            hashes = {"hashes": one["hashes"]}
            return build_source({**_locate(one, folder), "archive_info": hashes})
        case {"wheels": [dict(one)]} | {"sdist": dict(one)}:
            return FromIndex(url=str(one["url"]), sha256=str(one["hashes"]["sha256"]))
    raise ValueError(package)


def _locate(source: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    url = source["url"] if "url" in source else (folder / str(source["path"])).resolve().as_uri()
    return {"url": url, "subdirectory": source.get("subdirectory", "")}
