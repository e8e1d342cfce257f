"""conda's answers while a plan is made: who supplies what, and its solver's solution."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING

from conda_pip_interop.dependencies.requirements import fits, satisfies
from conda_pip_interop.resolve.agreement.assignment import (
    AlreadyInstalled,
    Assigner,
    Assignment,
    FromConda,
    FromPip,
    Skipped,
)
from conda_pip_interop.resolve.agreement.plan_steps import find_dependent
from conda_pip_interop.resolve.refusals import not_in_channels
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from packaging.requirements import Requirement
    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.agreement.conflicts import ConflictResolver
    from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
    from conda_pip_interop.resolve.solver import Conda, CondaPackage, Solution


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaAnswer:
    """conda's solution and what is left to pip; the extras of `unknown` are not known yet."""

    supplies: Mapping[NormalizedName, Assignment]
    ranges: Mapping[NormalizedName, SpecifierSet]
    solution: Solution | None
    from_pip: frozenset[NormalizedName]
    unknown: frozenset[NormalizedName]
    find_unplanned: Callable[[], tuple[str, ...]]

    @property
    def question(self) -> tuple[object, ...]:
        """The part of it that pip's answer depends on."""
        provided = () if self.solution is None else self.solution.linked
        return (self.from_pip, self.unknown, provided)

    def find_left(self, names: Iterable[NormalizedName]) -> dict[NormalizedName, str]:
        """Find which of `names` are left to pip, each with the reason."""
        supplies = ((name, self.supplies.get(name)) for name in names)
        return {name: one.reason for name, one in supplies if isinstance(one, FromPip)}


@dataclass(kw_only=True)
class CondaAnswers:
    """Asks conda; `omitted` are the requirements that it leaves out, unless they do not count.

    `environment` is for markers (PEP 508).
    """

    target: Target
    conda: Conda
    known: KnownPackages
    conflicts: ConflictResolver
    environment: Mapping[str, str]
    count_omitted: bool = True
    omitted: Mapping[NormalizedName, str] = field(default_factory=dict)
    _candidates: dict[NormalizedName, tuple[CondaPackage, ...]] = field(default_factory=dict)

    def ask(self, wanted: list[Requirement]) -> CondaAnswer:
        """Assign each name and let conda solve; names that conda cannot install move to pip."""
        limited: dict[NormalizedName, str] = {}
        while True:
            assigner = self._build_assigner()
            supplies = assigner.assign(wanted, limited)
            self.omitted = assigner.omitted
            solution = self.conflicts.solve(supplies)
            if solution is False or self._move_unfit(assigner, solution):
                continue
            beyond = {
                **self._find_installed_beyond_limits(supplies, solution),
                **self._find_beyond_limits(solution),
            }
            fresh = {name: one for name, one in beyond.items() if name not in supplies}
            limited |= fresh
            if not (self.known.learn_solution(solution) or fresh):
                break
        return CondaAnswer(
            supplies=supplies,
            ranges=assigner.ranges,
            solution=solution,
            from_pip=frozenset(
                name for name, one in supplies.items() if isinstance(one, FromPip | Skipped)
            ),
            unknown=frozenset(
                name
                for name, extras in assigner.extras.items()
                if extras and name in supplies and not self.known.knows_needs(name)
            ),
            find_unplanned=lambda: self._find_unplanned(wanted, limited, supplies, solution),
        )

    def find_in_channels(self, answer: CondaAnswer, left: Iterable[NormalizedName]) -> list[str]:
        """Find which of pip's, `left` to it by an answer, the channels have, too, and it fits."""
        return [
            name
            for name in left
            if self.known.is_from_pip(name)
            and any(
                satisfies(answer.ranges[name], one.version) for one in self._find_candidates(name)
            )
        ]

    def _build_assigner(self) -> Assigner:
        return Assigner(
            installed=self.known.installed,
            candidates=self._find_candidates,
            environment=self.environment,
            requires=self.known.find_requires,
            requires_conda=self.known.find_conda_requires,
            provides=self.known.is_provided,
            explain_absence=self.conda.explain_absence,
            command=self.target.command,
            matches=self.conda.matches,
            preferences=self.conflicts.preferences,
            sources=self.known.direct_names,
            moved=self.conflicts.moved,
            count_omitted=self.count_omitted,
        )

    def _find_unplanned(
        self,
        wanted: list[Requirement],
        limited: Mapping[NormalizedName, str],
        supplies: Mapping[NormalizedName, Assignment],
        solution: Solution | None,
    ) -> tuple[str, ...]:
        """Describe what downloaded packages of conda's require that `supplies` does not have."""
        if not self.known.learn_solution(solution):
            return ()
        assigner = self._build_assigner()
        found = assigner.assign(wanted, limited)
        return tuple(
            assigner.describe(name)
            for name, one in found.items()
            if not isinstance(one, AlreadyInstalled) and type(supplies.get(name)) is not type(one)
        )

    def _move_unfit(self, assigner: Assigner, solution: Solution | None) -> bool:
        """Move to pip what conda's package contains in another version than the package's."""
        found = {} if solution is None else self.known.find_contained(solution.linked)
        unfit = {
            name: f"conda's {one.spec.name} contains {name} {found[name]}"
            for name, one in assigner.supplies.items()
            if isinstance(one, FromConda)
            and name in found
            and not fits(found[name], assigner.ranges.get(name))
        }
        for name, reason in unfit.items():
            if name in self.conflicts.preferences.from_conda:
                raise not_in_channels(
                    name, assigner.ranges[name], reason, command=self.target.command
                )
        self.conflicts.moved.update(unfit)
        return bool(unfit)

    def _find_beyond_limits(self, solution: Solution | None) -> dict[NormalizedName, str]:
        """Find dependencies that conda would install in a version that a constraint excludes.

        Each with what depends on it.
        """
        limits = self.conflicts.preferences.limits
        linked = () if solution is None else solution.linked
        return {
            name: find_dependent(package.name, linked) or "conda"
            for package in linked
            for name, version in self.known.find_contained([package]).items()
            if name in limits and not satisfies(limits[name], version)
        }

    def _find_installed_beyond_limits(
        self, supplies: Mapping[NormalizedName, Assignment], solution: Solution | None
    ) -> dict[NormalizedName, str]:
        """Find what is installed in a version that a constraint excludes, as pip finds it.

        Only dependencies of what is requested count, each with what depends on it.
        """
        preferences = self.conflicts.preferences
        installed = self.known.installed
        beyond = {
            name
            for name, limit in preferences.limits.items()
            if name in installed and not satisfies(limit, installed[name].version)
        }
        if not beyond or preferences.no_deps:
            return {}
        requested = [one.spec.name for one in supplies.values() if isinstance(one, FromConda)]
        requested += self.known.find_packages(
            name for name, one in supplies.items() if isinstance(one, AlreadyInstalled)
        )
        return {
            name: dependent
            for name, dependent in self.known.find_dependencies(requested, solution).items()
            if name in beyond
        }

    def _find_candidates(self, name: NormalizedName) -> tuple[CondaPackage, ...]:
        if name not in self._candidates:
            self._candidates[name] = self.conda.find_candidates(name)
        return self._candidates[name]
