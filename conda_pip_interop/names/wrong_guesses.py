"""Guesses that the payload has proven wrong, so that no package is downloaded for them again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from conda_pip_interop.changes.files import replace_file

#: More than anybody guesses wrong; the oldest go first.
_MOST: Final = 10_000
_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class WrongGuess:
    """A package, by the channel and the build that were looked at, and what it does not carry."""

    channel: str
    name: str
    version: str
    build: str
    project: NormalizedName


def read_wrong_guesses(file: Path) -> frozenset[WrongGuess]:
    """What was remembered; nothing where there is no file of ours that can be read."""
    return frozenset(_read(file))


def remember_wrong_guesses(file: Path, guesses: Iterable[WrongGuess]) -> bool:
    """Add guesses to what is remembered; False where nothing can be written (a read-only home).

    Two processes at once may lose one's guesses: they are made again then, and nothing is wrong.
    """
    known = dict.fromkeys(_read(file))
    known.update(dict.fromkeys(guesses))
    rows = [[one.channel, one.name, one.version, one.build, one.project] for one in known]
    document = {"version": _VERSION, "wrong": rows[-_MOST:]}
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(document, indent=0).encode())
    except OSError:
        return False
    return True


def _read(file: Path) -> list[WrongGuess]:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return []
    match document:
        case {"version": version, "wrong": [*rows]} if version == _VERSION:
            return [guess for guess in map(_build_guess, rows) if guess is not None]
    return []


def _build_guess(row: object) -> WrongGuess | None:
    match row:
        case [str(channel), str(name), str(version), str(build), str(project)]:
            return WrongGuess(
                channel=channel,
                name=name,
                version=version,
                build=build,
                project=NormalizedName(project),
            )
    return None
