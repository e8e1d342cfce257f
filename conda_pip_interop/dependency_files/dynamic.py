"""Dynamic dependencies: those of a project that only its build backend knows (PEP 621)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Final, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.values import dataclass

_EXTRA: Final = re.compile(
    r"""extra\s*==\s*(["'])(?P<name>[^"']*)\1|(["'])(?P<first>[^"']*)\3\s*==\s*extra"""
)
#: Markers that are true, and false, for every Python.
ALWAYS: Final = "python_version >= '0'"
NEVER: Final = "python_version < '0'"
_BESIDE: Final = re.compile(rf"(?:^|\s+and)\s*\(?{re.escape(ALWAYS)}\)?\s*$")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectMetadata:
    """What a build backend says of a project; `requires_dist` are `Requires-Dist` lines."""

    name: NormalizedName
    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]


#: Builds the metadata of the project in a folder.
AskBackend: TypeAlias = Callable[[Path], ProjectMetadata]


def choose_dependencies(metadata: ProjectMetadata, extras: Iterable[str]) -> tuple[str, ...]:
    """Choose the lines without an extra and those of `extras`, without the extra in the marker.

    An extra may require others of the same project.
    """
    chosen = set(map(canonicalize_name, extras))
    while True:
        lines = tuple(_choose(metadata.requires_dist, chosen))
        own = [one for one in lines if _parse_name(one) == metadata.name]
        more = {canonicalize_name(extra) for one in own for extra in Requirement(one).extras}
        if more <= chosen:
            return tuple(one for one in lines if one not in own)
        chosen |= more


def _choose(lines: Iterable[str], chosen: Collection[str]) -> Iterable[str]:
    def evaluate(found: re.Match[str]) -> str:
        name = found["name"] or found["first"]
        return ALWAYS if canonicalize_name(name) in chosen else NEVER

    for line in lines:
        text, semicolon, marker = line.partition(";")
        evaluated = _EXTRA.sub(evaluate, marker)
        if evaluated == marker:
            yield line
        elif semicolon and ALWAYS in evaluated:
            rest = _BESIDE.sub("", evaluated).strip()
            yield f"{text.rstrip()} ; {rest}" if rest else text.rstrip()


def _parse_name(line: str) -> NormalizedName | None:
    try:
        return canonicalize_name(Requirement(line).name)
    except (InvalidRequirement, RecursionError):  # reported, with its origin, by what reads it
        return None
