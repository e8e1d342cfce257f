"""Our own table: PyPI projects whose conda name differs, and same names that mean something else.

It has conda-forge in mind; a section of its own says where another channel differs. A table entry
is a guess like any other: the payload confirms it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.channel_sections import list_channel_names
from conda_pip_interop.names.known_names import RENAMED, SECTIONS, SOMETHING_ELSE


@dataclass(frozen=True, kw_only=True, slots=True)
class Renamed:
    """The project has other names on conda's side; the first that a channel has counts."""

    names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SomethingElse:
    """conda's package of the project's name is `what`, and carries no such distribution."""

    what: str


Entry: TypeAlias = Renamed | SomethingElse

DEFAULT_SECTION: Final = "conda-forge"


def find_entry(project: NormalizedName, channels: Iterable[str] = ()) -> Entry | None:
    """Find what the table says of a project, the channels' own sections first, in their order."""
    for table in _choose_tables(channels):
        if project in table:
            return table[project]
    return None


def find_renamed_projects(
    conda_name: str, channels: Iterable[str] = ()
) -> tuple[NormalizedName, ...]:
    """The projects that the table sends to a conda package: the table read backwards."""
    found = [
        project
        for table in _choose_tables(channels)
        for project, entry in table.items()
        if isinstance(entry, Renamed) and conda_name in entry.names
    ]
    return tuple(dict.fromkeys(found))


def _choose_tables(channels: Iterable[str]) -> list[dict[NormalizedName, Entry]]:
    names = dict.fromkeys((*list_channel_names(channels), DEFAULT_SECTION))
    return [_TABLES[name] for name in names if name in _TABLES]


def _build_table(renamed: str, others: str) -> dict[NormalizedName, Entry]:
    table: dict[NormalizedName, Entry] = {}
    for line in others.strip().splitlines():
        name, what = line.split(maxsplit=1)
        table[canonicalize_name(name)] = SomethingElse(what=what)
    for line in renamed.strip().splitlines():
        name, *names = line.split()
        table[canonicalize_name(name)] = Renamed(names=tuple(names))
    return table


_TABLES: Final = {
    DEFAULT_SECTION: _build_table(RENAMED, SOMETHING_ELSE),
    **{name: _build_table(*section) for name, section in SECTIONS.items()},
}
