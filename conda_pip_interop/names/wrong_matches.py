"""Conda packages that do not contain the project looked up: by their versions, or inspected."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName
from packaging.version import Version

from conda_pip_interop.changes.atomic.files import replace_file
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.values import dataclass

#: Entries that are kept; the oldest are dropped first.
_LIMIT: Final = 10_000
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongMatch:
    """A conda package, down to its channel and build, and a project that it does not contain."""

    channel: str
    name: str
    version: str
    build: str
    project: NormalizedName


def explain_other_project(
    conda_name: str, offered: Iterable[str], released: frozenset[Version]
) -> str | None:
    """Explain that a package is another project: it has no version that the project has released.

    None if it has one, and if that cannot be told: the project has released nothing, or a version
    of the package is not one of PEP 440.
    """
    versions = [parse_version(one) for one in offered]
    known = [one for one in versions if one is not None]
    public = {Version(one.public) for one in known}
    if not released or not known or len(known) < len(versions) or public & released:
        return None
    return (
        f"conda's {conda_name} is another project: the index has {max(released)}, and none of "
        f"conda's versions such as {max(known)}"
    )


def read_wrong_matches(file: Path) -> frozenset[WrongMatch]:
    """Read the cache; it is empty if the file is missing or not valid."""
    return frozenset(_read(file))


def remember_wrong_matches(file: Path, matches: Iterable[WrongMatch]) -> bool:
    """Add to the cache; False if the file cannot be written (a read-only home directory).

    If two processes write at once, the matches of one may be lost and are found again later.
    """
    known = dict.fromkeys([*_read(file), *matches])
    rows = [[one.channel, one.name, one.version, one.build, one.project] for one in known]
    document = {"version": _VERSION, "wrong": rows[-_LIMIT:]}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(document, indent=0).encode())
    except OSError:
        return False
    return True


def _read(file: Path) -> list[WrongMatch]:
    try:
        document = json.loads(read_regular(file))
    except (OSError, ValueError, RecursionError):
        return []
    match document:
        case {"version": version, "wrong": [*rows]} if version == _VERSION:
            return [match for match in map(_parse_row, rows) if match is not None]
    return []


def _parse_row(row: object) -> WrongMatch | None:
    match row:
        case [str(channel), str(name), str(version), str(build), str(project)]:
            return WrongMatch(
                channel=channel,
                name=name,
                version=version,
                build=build,
                project=NormalizedName(project),
            )
    return None
