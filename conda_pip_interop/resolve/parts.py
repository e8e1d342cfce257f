"""conda's and pip's part of a plan: what each is to install, checked once it is downloaded."""

from __future__ import annotations

import tempfile
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.changes.origins import note_origins
from conda_pip_interop.changes.plan import Staged
from conda_pip_interop.changes.staging import read_staged
from conda_pip_interop.dependencies.requirements import fits
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.pinned_requirements import fill_versions
from conda_pip_interop.resolve.provenance import build_provenance, find_files
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.installers.interface import Installer, Pin
    from conda_pip_interop.resolve.solver import ListReleases, Solution


class WrongPackageError(Exception):
    """A downloaded conda package is not what the plan was made for: plan again."""


def _raise_wrong(wrong: Iterable[str]) -> None:
    told = "; ".join(wrong)
    if told:
        raise WrongPackageError(told)


@dataclass(frozen=True, kw_only=True, slots=True)
class SolvedPart:
    """conda's part of a plan; `expected` maps each project to the conda package chosen for it.

    `ranges` are the versions of projects that the request, and what pip installs, require.
    `history` are the specs that conda's history gets instead of the solved ones, by name: the bare
    name of what is only needed, none (`""`) of what is not to be there. `find_unplanned`: see
    `Resolution`, `list_releases`: see `Installer`. `from_conda` are the projects that the user
    wants from conda, whatever the index has.
    """

    solution: Solution
    expected: Mapping[NormalizedName, str]
    ranges: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict)
    history: Mapping[str, str] = field(default_factory=dict)
    find_unplanned: Callable[[], tuple[str, ...]] = tuple
    list_releases: ListReleases | None = None
    from_conda: frozenset[NormalizedName] = frozenset()

    @property
    def unlinked_names(self) -> frozenset[str]:
        """See `CondaPart.unlinked_names`."""
        return frozenset(one.name for one in self.solution.unlinked)

    def count_unread(self) -> int:
        """Count the packages with Python whose metadata is not downloaded yet."""
        packages = (one for one in self.solution.linked if one.needs_python)
        return sum(self.solution.read_contents(one) is None for one in packages)

    def refuse_other_projects(self) -> None:
        """Raise WrongPackageError for packages of other projects; their versions tell them."""
        if self.list_releases is not None:
            guessed = {k: v for k, v in self.expected.items() if k not in self.from_conda}
            _raise_wrong(self.solution.find_unreleased(guessed, self.list_releases))

    def download(self) -> None:
        """See `CondaPart.download`; raises WrongPackageError."""
        if self.history:  # conda fixes what it will write there before it executes
            self.solution.note_specs(self.history)
        self.solution.download()
        _raise_wrong((*self.solution.find_wrong(self.expected), *self._find_unfit()))
        _raise_wrong(self.find_unplanned())

    def list_created(self) -> tuple[PrefixPath, ...]:
        """See `CondaPart.list_created`."""
        return self.solution.list_created()

    def find_carried(self) -> Mapping[NormalizedName, str]:
        """See `CondaPart.find_carried`."""
        return self.solution.find_versions()

    def find_goal(self) -> PrefixPath | None:
        """See `CondaPart.find_goal`."""
        return self.solution.find_goal()

    def _find_unfit(self) -> Iterator[str]:
        """Find the projects whose version in conda's package is not the one that was required.

        Only the download tells that py-opencv 4.9.0 contains opencv-python 4.9.0.80.
        """
        for project, version in self.solution.find_versions().items():
            if project in self.expected and not fits(version, self.ranges.get(project)):
                yield f"conda's {self.expected[project]} contains {project} {version}"

    def execute(self) -> None:
        """See `CondaPart.execute`."""
        self.solution.execute()

    def roll_back(self) -> None:
        """See `CondaPart.roll_back`."""
        self.solution.roll_back()


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedPart:
    """pip's part of a plan: exactly `pins`, built and fetched by `installer`.

    `needs_conda`: see `PipPart.needs_conda`.
    """

    pins: tuple[Pin, ...]
    installer: Installer
    snapshot: Snapshot
    needs_conda: bool = False

    @property
    def clones(self) -> bool:
        """See `PipPart.clones`."""
        return any(one.editable for one in self.pins)

    def stage(self, into: Path) -> Staged:
        """See `PipPart.stage`; REQUESTED and direct_url.json say what pip was not told."""
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
            wheels = Path(name)
            unsure = tuple(one for one in self.pins if not one.is_index_wheel)
            self.installer.fetch(unsure, into=wheels)
            files = find_files(self.pins, wheels)
            pins = fill_versions(self.pins, wheels)
            self.installer.stage(pins, wheels=wheels, into=into)
        staged = read_staged(into, self.snapshot.prefix)
        _refuse_unstaged(self.pins, staged)
        requested = {one.name for one in self.pins if one.requested}
        requested |= {one.name for one in self.snapshot.distributions if one.requested}
        origins = {one.name: one.origin for one in self.pins if one.origin is not None}
        note_origins(staged, requested=requested, direct_urls=origins)
        sources = {
            one.name: ("-e", one.line.text) if one.editable else (one.line.text,)
            for one in self.pins
        }
        provenance = build_provenance(
            staged, self.pins, files=files, snapshot=self.snapshot, installer=self.installer
        )
        return replace(staged, sources=sources, origins=provenance)


def _refuse_unstaged(pins: Iterable[Pin], staged: Staged) -> None:
    """Raise InteropError `incomplete` where a distribution was not staged, or cannot be read."""
    missing = {one.name for one in pins} - {one.name for one in staged.distributions}
    if missing:
        raise InteropError(
            "incomplete",
            f"Nothing was changed: pip installed {', '.join(sorted(missing))}, but the metadata "
            "cannot be read.",
            hints=("To see what pip did: run the command again with `--verbose`.",),
        )
