"""Branches: a tree of lines, drawn as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: (a branch, the last branch, below a branch, below the last one)
_LINES: Final = ("├── ", "└── ", "│   ", "    ")
_ASCII: Final = ("|-- ", "`-- ", "|   ", "    ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A line, and what hangs below it."""

    text: str
    below: tuple[Branch, ...] = ()


def draw_branches(roots: Iterable[Branch], *, ascii_only: bool = False) -> str:
    """The trees one below the other; with `ascii_only`, for a terminal that knows no more."""
    signs = _ASCII if ascii_only else _LINES
    return "\n".join(line for root in roots for line in (root.text, *_draw(root.below, signs)))


def can_draw(encoding: str | None) -> bool:
    """Whether the lines of a drawn tree can be written in this encoding."""
    try:
        "".join(_LINES).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _draw(branches: tuple[Branch, ...], signs: tuple[str, str, str, str]) -> Iterator[str]:
    for number, one in enumerate(branches, 1):
        last = number == len(branches)
        yield f"{signs[last]}{one.text}"
        for line in _draw(one.below, signs):
            yield f"{signs[2 + last]}{line}"
