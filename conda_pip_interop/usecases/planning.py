"""How conda and pip come to one plan: each answers in turn, until both agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName
from packaging.version import InvalidVersion, Version

from conda_pip_interop.core.conda_meta import claimed_metadata
from conda_pip_interop.core.distributions import read_requirements
from conda_pip_interop.core.ownership import ByConda, owner_of_distribution
from conda_pip_interop.core.requirements import marker_environment
from conda_pip_interop.errors import InteropError
from conda_pip_interop.pip.interface import HeldDistribution
from conda_pip_interop.usecases.actions import build_actions
from conda_pip_interop.usecases.assign import Assigner, FromConda, FromPip, Installed, Supply

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.requirements import Requirement

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.plan import Manager, PackageAction
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.pip.interface import Installer
    from conda_pip_interop.pip.report import ReportItem
    from conda_pip_interop.usecases.conda import Conda, CondaPackage, CondaSpec, Solution

#: How often conda and pip may answer each other before the plan is given up.
MAX_ROUNDS: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallPlan:
    """Who will own what, and the two parts that make it so."""

    actions: tuple[PackageAction, ...]
    solution: Solution | None
    pins: tuple[str, ...]

    @property
    def nothing_to_do(self) -> bool:
        """Whether everything asked for is there already."""
        return not self.pins and (self.solution is None or not self.solution.linked)


class Planner:
    """One planning: the snapshot, the two managers, and what has been learnt of the names."""

    def __init__(self, snapshot: Snapshot, conda: Conda, installer: Installer) -> None:
        self.snapshot = snapshot
        self.conda = conda
        self.installer = installer
        self.environment = marker_environment(snapshot.prefix)
        self.distributions = {one.name: one for one in snapshot.distributions}
        self.installed = {
            name: Installed(version=one.version, manager=self._manager(one))
            for name, one in self.distributions.items()
        }
        self.items: dict[NormalizedName, ReportItem] = {}
        self._candidates: dict[NormalizedName, tuple[CondaPackage, ...]] = {}

    def plan(self, requirements: tuple[Requirement, ...]) -> InstallPlan:
        """Ask conda and pip in turn; done when neither changes what the other has to do."""
        wanted = [one for one in requirements if self._applies(one)]
        solution: Solution | None = None
        specs: set[CondaSpec] | None = None
        answer: tuple[ReportItem, ...] | None = None
        for _ in range(MAX_ROUNDS):
            supplies, extras = self._assign(wanted)
            needed = {one.spec for one in supplies.values() if isinstance(one, FromConda)}
            from_pip = {name for name, one in supplies.items() if isinstance(one, FromPip)}
            if needed != specs:
                specs = needed
                ordered = tuple(sorted(needed, key=lambda spec: spec.name))
                solution = self.conda.solve(ordered) if ordered else None
                self._refuse_conflict(from_pip, solution)
            elif answer is not None and {one.name for one in answer} == from_pip:
                return self._finish(supplies, solution, answer)
            if not from_pip and not any(extras.values()):
                return self._finish(supplies, solution, ())
            answer = self._resolve(wanted, self._held(solution) if self.items else ())
            self.items.update({one.name: one for one in answer})
        raise InteropError(
            "no-agreement",
            f"conda and pip found no common answer in {MAX_ROUNDS} rounds for "
            f"{', '.join(str(one) for one in requirements)}.",
            hints=("Ask for fewer packages at once, or state the versions that you need.",),
        )

    def _resolve(
        self, wanted: list[Requirement], held: tuple[HeldDistribution, ...]
    ) -> tuple[ReportItem, ...]:
        """Ask pip; its refusal is told with what to do next."""
        try:
            return self.installer.resolve(tuple(str(one) for one in wanted), held=held)
        except InteropError as error:
            if error.code != "pip-failed":
                raise
            raise InteropError(
                error.code,
                f"Nothing was changed: {error.message}",
                hints=(
                    "Check the names and the versions that were asked for.",
                    "`conda search NAME` shows what the channels have.",
                ),
                exit_code=error.exit_code,
            ) from error

    def _refuse_conflict(self, from_pip: set[NormalizedName], solution: Solution | None) -> None:
        """A name that pip would supply in a range of its own, and conda in another version."""
        brought = self._carried(solution.linked) if solution is not None else {}
        for name in sorted(from_pip & brought.keys()):
            raise InteropError(
                "conflict",
                f"Nothing was changed: what was asked for needs another {name} than the "
                f"{brought[name]} that conda's packages bring along.",
                hints=(
                    f"Ask for a version of {name} that the channels have: `conda search {name}`.",
                    "Or leave out what needs the other.",
                ),
            )

    def _applies(self, requirement: Requirement) -> bool:
        marker = requirement.marker
        return marker is None or marker.evaluate({**self.environment, "extra": ""})

    def _manager(self, distribution: Distribution) -> Manager:
        owner = owner_of_distribution(self.snapshot, distribution)
        return "conda" if isinstance(owner, ByConda) else "pip"

    def _assign(
        self, wanted: list[Requirement]
    ) -> tuple[dict[NormalizedName, Supply], Mapping[NormalizedName, set[str]]]:
        assigner = Assigner(
            installed=self.installed,
            candidates=self._find_candidates,
            environment=self.environment,
            requires=self._requires,
            explain_absence=self.conda.explain_absence,
            matches=self.conda.matches,
        )
        return assigner.assign(wanted), assigner.extras

    def _find_candidates(self, name: NormalizedName) -> tuple[CondaPackage, ...]:
        if name not in self._candidates:
            self._candidates[name] = self.conda.find_candidates(name)
        return self._candidates[name]

    def _requires(self, name: NormalizedName) -> tuple[str, ...]:
        if name in self.items:
            return self.items[name].requires_dist
        if name in self.distributions:
            return read_requirements(self.snapshot.prefix, self.distributions[name]).requires_dist
        return ()

    def _held(self, solution: Solution | None) -> tuple[HeldDistribution, ...]:
        """Everything that conda has, or will have, as pip is to see it."""
        versions = {
            name: one.version for name, one in self.installed.items() if one.manager == "conda"
        }
        if solution is not None:
            for gone in self._carried(solution.unlinked):
                versions.pop(gone, None)
            versions.update(self._carried(solution.linked))
        return tuple(
            HeldDistribution(
                name=name,
                version=version,
                extras=self._provided_extras(name),
                extra_requirements=tuple(
                    line for line in self._requires(name) if "extra" in line.partition(";")[2]
                ),
            )
            for name, version in sorted(versions.items())
        )

    def _provided_extras(self, name: NormalizedName) -> tuple[str, ...]:
        if name in self.items:
            return self.items[name].provides_extra
        if name in self.distributions:
            return read_requirements(self.snapshot.prefix, self.distributions[name]).provides_extra
        return ()

    def _carried(self, packages: Iterable[CondaPackage]) -> dict[NormalizedName, str]:
        """The distributions of packages: as recorded where installed, else by their name."""
        recorded = {one.name: one for one in self.snapshot.records}
        carried: dict[NormalizedName, str] = {}
        for package in packages:
            record = recorded.get(package.name)
            if record is not None and record.version == package.version:
                carried.update({one.name: one.version for one in claimed_metadata(record)})
            elif package.needs_python and _is_pep440(package.version):
                for name in self.conda.find_projects(package):
                    carried[name] = package.version
        return carried

    def _finish(
        self,
        supplies: Mapping[NormalizedName, Supply],
        solution: Solution | None,
        answer: tuple[ReportItem, ...],
    ) -> InstallPlan:
        return InstallPlan(
            actions=build_actions(supplies, solution, answer, self.installed),
            solution=solution,
            pins=tuple(f"{one.name}=={one.version}" for one in answer),
        )


def _is_pep440(version: str) -> bool:
    """Whether pip can be told of it: what no requirement can name cannot be held either."""
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True
