"""Dynamic dependencies: those of a project that only its build backend knows (PEP 621)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.values import dataclass, regex

_EXTRA: Final = regex(
    r"""extra\s*==\s*(["'])(?P<name>[^"']*)\1|(["'])(?P<first>[^"']*)\3\s*==\s*extra"""
)
#: Markers that are true, and false, for every Python.
ALWAYS: Final = "python_version >= '0'"
NEVER: Final = "python_version < '0'"
_BESIDE: Final = regex(rf"(?:^|\s+and)\s*(?:{re.escape(ALWAYS)}|\({re.escape(ALWAYS)}\))\s*$")


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
        if not semicolon or evaluated == marker:
            yield line
            continue
        rest = _BESIDE.sub("", evaluated).strip()
        rest = simplify(rest) if ALWAYS in rest or NEVER in rest else rest
        if rest != NEVER:
            yield f"{text.rstrip()} ; {rest}" if rest else text.rstrip()


def simplify(marker: str) -> str:
    """Leave out of a marker what is `ALWAYS` or `NEVER` true; empty if all of it is always."""
    try:
        return _fold(Marker(marker)._markers)  # noqa: SLF001 - packaging has no other way in
    except (InvalidMarker, RecursionError):  # reported, with its origin, by what reads it
        return marker


def _fold(node: Any) -> str:
    """Fold a comparison, or a list of them and of `and` and `or` between them."""
    if isinstance(node, tuple):
        text = " ".join(map(_write, node))
        return "" if text == ALWAYS else text
    alternatives: list[list[str]] = [[]]
    for one in node:
        if one == "or":
            alternatives.append([])
        elif one != "and":
            alternatives[-1].append(_fold(one))
    texts = [
        " and ".join(f"({one})" if " or " in one else one for one in parts if one)
        for parts in alternatives
        if NEVER not in parts
    ]
    return "" if "" in texts else " or ".join(dict.fromkeys(texts)) or NEVER


def _write(part: Any) -> str:
    """Write a name, an operator or a value, this one as other files have it."""
    text: str = part.serialize()
    return f"'{part.value}'" if text == f'"{part.value}"' and "'" not in text else text


def _parse_name(line: str) -> NormalizedName | None:
    try:
        return canonicalize_name(Requirement(line).name)
    except (InvalidRequirement, RecursionError):  # reported, with its origin, by what reads it
        return None
