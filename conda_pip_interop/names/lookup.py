"""Which conda package carries a PyPI project: each source asked in turn, and what it said.

A name is a guess until the payload confirms it (`names.payload`): of the names that are the same,
one in thirteen on the long tail is something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.channel_index import NameIndex
from conda_pip_interop.names.names_map import ExtraMap
from conda_pip_interop.names.renamed_projects import (
    DifferentPackage,
    RenamedProject,
    find_known_name,
    find_renamed_projects,
)

Source: TypeAlias = Literal["settings", "table", "channels", "map"]

NOT_IN_CHANNELS = "not in the channels"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one source said: names to try, best first. `final`: no other source is asked."""

    source: Source
    names: tuple[str, ...]
    says: str
    final: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Lookup:
    """What all sources said of a project, as far as they were asked."""

    project: NormalizedName
    answers: tuple[Answer, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The conda names to try, best first; none where pip has to supply the project."""
        return self.answers[-1].names if self.answers else ()

    @property
    def source(self) -> Source | None:
        """Who gave the names, or the last word against any."""
        final = bool(self.answers) and self.answers[-1].final
        return self.answers[-1].source if final else None

    @property
    def trusted(self) -> bool:
        """Whether the user says so, and no doubt of ours counts against it."""
        return self.source == "settings"

    @property
    def reason(self) -> str:
        """Why there are these names, or none."""
        return self.answers[-1].says if self.source is not None else NOT_IN_CHANNELS


@dataclass(frozen=True, kw_only=True, slots=True)
class NameSources:
    """Everything that can be asked. `index` is None where no channel is at hand.

    `settings` is the user's map (`pip_interop_names`), None in it meaning: never from conda.
    `channels` are names or URLs, by which sections of the table are chosen.
    """

    settings: Mapping[NormalizedName, str | None] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    index: NameIndex | None = None
    extra: ExtraMap | None = None

    def has(self, name: str) -> bool:
        """Whether a channel has a package, as far as one can be asked."""
        return self.index is None or self.index.has(name)


def find_conda_names(project: NormalizedName, sources: NameSources) -> Lookup:
    """Ask the sources in order until one has the last word."""
    answers: list[Answer] = []
    for ask in (_ask_settings, _ask_table, _ask_channels, _ask_map):
        answer = ask(project, sources)
        if answer is not None:
            answers.append(answer)
            if answer.final:
                break
    return Lookup(project=project, answers=tuple(answers))


def find_projects(conda_name: str, sources: NameSources) -> tuple[NormalizedName, ...]:
    """The projects that a conda package is known to carry, or else guessed to: its own name.

    None of a package that is known to carry no distribution.
    """
    set_by_user = tuple(one for one, name in sources.settings.items() if name == conda_name)
    if set_by_user:
        return set_by_user
    renamed = find_renamed_projects(conda_name, sources.channels)
    if renamed:
        return renamed
    if sources.extra is not None and conda_name in sources.extra.projects:
        return sources.extra.projects[conda_name]
    project = canonicalize_name(conda_name)
    entry = find_known_name(project, sources.channels)
    return () if isinstance(entry, DifferentPackage) else (project,)


def _ask_settings(project: NormalizedName, sources: NameSources) -> Answer | None:
    if project not in sources.settings:
        return None
    name = sources.settings[project]
    if name is None:
        return _final("settings", (), "pip_interop_names says never from conda")
    if sources.has(name):
        return _final("settings", (name,), f"pip_interop_names says it is conda's {name}")
    says = f"pip_interop_names says it is conda's {name}, which is {NOT_IN_CHANNELS}"
    return _final("settings", (), says)


def _ask_table(project: NormalizedName, sources: NameSources) -> Answer | None:
    match find_known_name(project, sources.channels):
        case None:
            return None
        case DifferentPackage(meaning=what):
            says = f"conda's package of that name is something else: {what}"
            return _final("table", (), says)
        case RenamedProject(conda_names=names):
            there = _present(names, sources)
            if there:
                return _final("table", there, f"known as conda's {there[0]}")
            says = f"known as conda's {names[0]}, which is {NOT_IN_CHANNELS}"
            return Answer(source="table", names=(), says=says, final=False)


def _ask_channels(project: NormalizedName, sources: NameSources) -> Answer | None:
    if sources.index is None:
        return _ask_without_channels(project, sources)
    spellings = sources.index.find(project)
    if not spellings:
        return Answer(source="channels", names=(), says="no package of that name", final=False)
    extra = sources.extra
    names = tuple(one for one in spellings if extra is None or extra.may_carry(one, project))
    if names:
        return _final("channels", names, "conda's package of that name")
    says = "conda's package of that name is something else, by the names map"
    return Answer(source="channels", names=(), says=says, final=False)


def _ask_without_channels(project: NormalizedName, sources: NameSources) -> Answer | None:
    """Where no channel can be asked, the same name is the guess, unless the map knows another."""
    if sources.extra is not None:
        if sources.extra.find(project):
            return None
        if not sources.extra.may_carry(project, project):
            says = "conda's package of that name is something else, by the names map"
            return _final("channels", (), says)
    return _final("channels", (project,), "the same name; no channel was asked")


def _ask_map(project: NormalizedName, sources: NameSources) -> Answer | None:
    if sources.extra is None:
        return None
    there = _present(sources.extra.find(project), sources)
    if there:
        return _final("map", there, f"the names map says it is conda's {there[0]}")
    return Answer(source="map", names=(), says="nothing that the channels have", final=False)


def _present(names: Iterable[str], sources: NameSources) -> tuple[str, ...]:
    return tuple(name for name in names if sources.has(name))


def _final(source: Source, names: tuple[str, ...], says: str) -> Answer:
    return Answer(source=source, names=names, says=says, final=True)
