"""Well-known PyPI projects that have another name on conda, read from known_names.tsv."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.channel_sections import list_channel_names
from conda_pip_interop.values import dataclass

#: The channel whose rows apply to all other channels too.
DEFAULT_CHANNEL: Final = "conda-forge"
_FILE: Final = "known_names.tsv"


@dataclass(frozen=True, kw_only=True, slots=True)
class RenamedProject:
    """The conda packages of a project; the first one that a channel has is used."""

    conda_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DifferentPackage:
    """What the conda package named like the project is; it does not contain the project."""

    meaning: str


KnownName: TypeAlias = RenamedProject | DifferentPackage


def find_known_name(project: NormalizedName, channels: Iterable[str] = ()) -> KnownName | None:
    """Find the row of a project, of the first channel that has one, else of conda-forge."""
    for table in _select_tables(channels):
        if project in table:
            return table[project]
    return None


def find_renamed_projects(
    conda_name: str, channels: Iterable[str] = ()
) -> tuple[NormalizedName, ...]:
    """Find the projects that a conda package contains under another name."""
    found = [
        project
        for table in _select_tables(channels)
        for project, known in table.items()
        if isinstance(known, RenamedProject) and conda_name in known.conda_names
    ]
    return tuple(dict.fromkeys(found))


def _select_tables(channels: Iterable[str]) -> list[Mapping[NormalizedName, KnownName]]:
    tables = read_known_names()
    names = dict.fromkeys((*list_channel_names(channels), DEFAULT_CHANNEL))
    return [tables[name] for name in names if name in tables]


@cache
def read_known_names() -> Mapping[str, Mapping[NormalizedName, KnownName]]:
    """Read the table: by channel, then by project. See the head of the file for its columns."""
    from importlib.resources import files

    text = files("conda_pip_interop.names").joinpath(_FILE).read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    next(rows)  # the header
    tables: dict[str, dict[NormalizedName, KnownName]] = {}
    for project, channel, conda_names, *meaning in rows:
        tables.setdefault(channel, {})[canonicalize_name(project)] = (
            RenamedProject(conda_names=tuple(conda_names.split()))
            if conda_names
            else DifferentPackage(meaning=meaning[0])
        )
    return tables
