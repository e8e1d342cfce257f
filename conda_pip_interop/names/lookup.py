"""The lookup of the conda package that contains a PyPI project, source by source.

A name found here is not certain until the package's files confirm it (`names.package_contents`):
of the projects outside the well-known ones whose name is also a conda name, one in thirteen is not
in that package.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cache
from typing import Final, Literal, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.channel_index import NameIndex
from conda_pip_interop.names.names_map import ExtraMap, list_channel_names
from conda_pip_interop.names.requirement import NOT_IN_CHANNELS
from conda_pip_interop.values import dataclass

SourceName: TypeAlias = Literal["settings", "project", "table", "channels", "map"]

#: The channel whose rows of the table of known names apply to all other channels too.
DEFAULT_CHANNEL: Final = "conda-forge"
#: How much of two names is the same, of 1: with one of five letters wrong they are similar.
_SIMILAR: Final = 0.8
_DIFFERENT_BY_MAP: Final = "the conda package of the same name is something else, by the names map"


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

    text = files("conda_pip_interop.names").joinpath("known_names.tsv").read_text(encoding="utf-8")
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


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceResult:
    """The conda names that one source gives, best first. After a `final` one the lookup ends."""

    source: SourceName
    names: tuple[str, ...]
    reason: str
    final: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """The results of all sources that were queried for a project."""

    project: NormalizedName
    results: tuple[SourceResult, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The conda names to try, best first; empty if pip has to install the project."""
        return self.results[-1].names if self.results else ()

    @property
    def source(self) -> SourceName | None:
        """The source that decided; None if none did."""
        final = bool(self.results) and self.results[-1].final
        return self.results[-1].source if final else None

    @property
    def trusted(self) -> bool:
        """Whether the user set the name, so that it is used without further checks."""
        return self.source in ("settings", "project")

    @property
    def reason(self) -> str:
        """Why these names were found, or none."""
        return self.results[-1].reason if self.source is not None else NOT_IN_CHANNELS


@dataclass(frozen=True, kw_only=True, slots=True)
class NameSources:
    """All sources of names. `index` is None if no channel is read.

    `settings` is the user's map (`pip_interop_names`), `project` that of a file's
    `[tool.conda-pip-interop]`; None as a value means never from conda. `channels` are names or
    URLs; they select the rows of the table of known names.
    """

    settings: Mapping[NormalizedName, str | None] = field(default_factory=dict)
    project: Mapping[NormalizedName, str | None] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    index: NameIndex | None = None
    extra: ExtraMap | None = None

    def has(self, name: str) -> bool:
        """Whether a channel has a package; True if no channel is read."""
        return self.index is None or self.index.has(name)


def find_conda_names(project: NormalizedName, sources: NameSources) -> Lookup:
    """Query the sources one after the other until one decides."""
    results: list[SourceResult] = []
    for query in (_query_user, _query_table, _query_channels, _query_map):
        result = query(project, sources)
        if result is not None:
            results.append(result)
            if result.final:
                break
    return Lookup(project=project, results=tuple(results))


def find_projects(conda_name: str, sources: NameSources) -> tuple[NormalizedName, ...]:
    """Find the projects that a conda package contains, else assume one of the same name.

    Empty if the project of the same name is known to be elsewhere (flex in flex-swagger).
    """
    by_user = {**sources.project, **sources.settings}
    set_by_user = tuple(one for one, name in by_user.items() if name == conda_name)
    if set_by_user:
        return set_by_user
    renamed = find_renamed_projects(conda_name, sources.channels)
    if renamed:
        return renamed
    if sources.extra is not None and conda_name in sources.extra.projects:
        return sources.extra.projects[conda_name]
    project = canonicalize_name(conda_name)
    return () if find_known_name(project, sources.channels) else (project,)


def list_projects(sources: NameSources) -> frozenset[str]:
    """List the projects that the sources know; every package of a channel counts for one."""
    extra, index = sources.extra, sources.index
    return frozenset().union(
        *(sources.settings, sources.project, *read_known_names().values()),
        () if extra is None else extra.conda_names,
        () if index is None else index.by_normalized_name,
    )


def find_similar(name: str, known: Iterable[str]) -> str | None:
    """Find the known name that is probably what somebody meant to type; first by the letters."""
    from difflib import get_close_matches

    ordered = sorted(known)
    found = [one for one in ordered if sorted(one) == sorted(name)]
    found += get_close_matches(name, ordered, n=1, cutoff=_SIMILAR)
    return found[0] if found else None


def _query_user(project: NormalizedName, sources: NameSources) -> SourceResult | None:
    """Query what the user has set: in the settings, then in the file."""
    maps: tuple[tuple[SourceName, Mapping[NormalizedName, str | None], str], ...] = (
        ("settings", sources.settings, "pip_interop_names"),
        ("project", sources.project, "[tool.conda-pip-interop] in the file"),
    )
    for source, names, origin in maps:
        if project in names:
            name = names[project]
            if name is None:
                return _final(source, (), f"excluded from conda by {origin}")
            reason = f"mapped to {name} by {origin}"
            if sources.has(name):
                return _final(source, (name,), reason)
            return _final(source, (), f"{reason}, but {name} is {NOT_IN_CHANNELS}")
    return None


def _query_table(project: NormalizedName, sources: NameSources) -> SourceResult | None:
    match find_known_name(project, sources.channels):
        case None:
            return None
        case DifferentPackage(meaning=meaning):
            reason = f"the conda package of the same name is something else: {meaning}"
            return _final("table", (), reason)
        case RenamedProject(conda_names=names):
            available = _filter_available(names, sources)
            if available:
                return _final("table", available, f"known as {available[0]} on conda")
            reason = f"known as {names[0]} on conda, but {names[0]} is {NOT_IN_CHANNELS}"
            return _nothing("table", reason)


def _query_channels(project: NormalizedName, sources: NameSources) -> SourceResult | None:
    extra = sources.extra
    if sources.index is None:
        return _query_without_channels(project, extra)
    spellings = sources.index.find(project)
    if not spellings:
        return _nothing("channels", "no package of the same name")
    names = tuple(one for one in spellings if extra is None or extra.may_contain(one, project))
    if names:
        return _final("channels", names, "the conda package of the same name")
    return _nothing("channels", _DIFFERENT_BY_MAP)


def _query_without_channels(project: NormalizedName, extra: ExtraMap | None) -> SourceResult | None:
    """Assume a package of the same name, unless the map knows better."""
    if extra is not None and extra.find(project):
        return None
    if extra is not None and not extra.may_contain(project, project):
        return _final("channels", (), _DIFFERENT_BY_MAP)
    return _final("channels", (project,), "assumed from the name; no channel was searched")


def _query_map(project: NormalizedName, sources: NameSources) -> SourceResult | None:
    if sources.extra is None:
        return None
    available = _filter_available(sources.extra.find(project), sources)
    if available:
        return _final("map", available, f"mapped to {available[0]} by the names map")
    return _nothing("map", "mapped to no package in the channels")


def _filter_available(names: Iterable[str], sources: NameSources) -> tuple[str, ...]:
    return tuple(name for name in names if sources.has(name))


def _final(source: SourceName, names: tuple[str, ...], reason: str) -> SourceResult:
    return SourceResult(source=source, names=names, reason=reason, final=True)


def _nothing(source: SourceName, reason: str) -> SourceResult:
    return SourceResult(source=source, names=(), reason=reason, final=False)
