"""Move to pip what conda cannot install together: as few names as possible."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from conda_pip_interop.errors import InteropError, UnsatisfiableError
from conda_pip_interop.resolve.assignment import FromConda, FromPip

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.resolve.assignment import Assignment, Preferences
    from conda_pip_interop.resolve.known_packages import KnownPackages
    from conda_pip_interop.resolve.solver import Conda, CondaPackage, CondaSpec, Solution

    Works = Callable[[frozenset["T"]], bool]
    Supplies = Mapping[NormalizedName, Assignment]


T = TypeVar("T", bound="Hashable")


def find_smallest_move(demands: Sequence[T], works: Works[T]) -> dict[T, tuple[T, ...]] | None:
    """The fewest demands without which the rest works, each with those that it conflicts with.

    None where even no demand at all does not work. `works` must be monotone: what works goes on
    working with less. Asked as seldom as may be: a conflict is found by halving (Junker 2004,
    QuickXplain), and one member of every conflict has to go (Reiter 1987, hitting sets).
    """
    known: dict[frozenset[T], bool] = {}

    def try_out(these: frozenset[T]) -> bool:
        if these not in known:
            known[these] = works(these)
        return known[these]

    if not try_out(frozenset()):
        return None
    queue: deque[dict[T, tuple[T, ...]]] = deque([{}])
    seen: set[frozenset[T]] = set()
    while queue:
        given_up = queue.popleft()
        rest = [one for one in demands if one not in given_up]
        if try_out(frozenset(rest)):
            return given_up
        conflict = find_conflict(rest, try_out)
        for one in conflict:
            longer = {**given_up, one: tuple(other for other in conflict if other != one)}
            if frozenset(longer) not in seen:
                seen.add(frozenset(longer))
                queue.append(longer)
    raise AssertionError  # without any demand it works


def find_conflict(demands: Sequence[T], works: Works[T]) -> tuple[T, ...]:
    """The members of one minimal conflict among `demands`, which do not work together."""
    return _explain(frozenset(), tuple(demands), works, grown=False)


def _explain(
    beside: frozenset[T], demands: tuple[T, ...], works: Works[T], *, grown: bool
) -> tuple[T, ...]:
    if grown and not works(beside):
        return ()
    if len(demands) == 1:
        return demands
    half = len(demands) // 2
    first, second = demands[:half], demands[half:]
    of_second = _explain(beside | set(first), second, works, grown=True)
    of_first = _explain(beside | set(of_second), first, works, grown=bool(of_second))
    return (*of_first, *of_second)


@dataclass(kw_only=True)
class ConflictResolver:
    """Lets conda solve; `moved` has the names that conda could not install so far, and why."""

    conda: Conda
    known: KnownPackages
    preferences: Preferences
    moved: dict[NormalizedName, str] = field(default_factory=dict)
    _answers: dict[frozenset[CondaSpec], Solution | InteropError] = field(default_factory=dict)

    def solve(self, supplies: Supplies) -> Solution | Literal[False] | None:
        """conda's solution, None where conda has nothing to do, False where names have moved.

        Raises InteropError `unsatisfiable` or `conflict` where nothing may move.
        """
        specs = frozenset(one.spec for one in supplies.values() if isinstance(one, FromConda))
        if not specs:
            return None
        answer = self._ask(specs)
        if isinstance(answer, InteropError):
            moved = self._move_conflicting(supplies, specs)
            if not moved:
                raise answer
        else:
            moved = self._move_not_contained(supplies, answer)
            moved = moved or self._move_dependents(supplies, answer)
            if not moved:
                return answer
        self.moved.update(moved)
        return False

    def _ask(self, specs: frozenset[CondaSpec]) -> Solution | InteropError:
        if specs not in self._answers:
            ordered = tuple(sorted(specs, key=lambda spec: spec.name))
            try:
                self._answers[specs] = self.conda.solve(
                    ordered, with_deps=not self.preferences.no_deps
                )
            except UnsatisfiableError as error:
                self._answers[specs] = error
        return self._answers[specs]

    def _move_conflicting(
        self, supplies: Supplies, specs: frozenset[CondaSpec]
    ) -> dict[NormalizedName, str]:
        """Find the fewest names without which conda can solve; empty if there are none."""
        projects = self._find_movable(supplies)
        movable = sorted(projects, key=lambda spec: spec.name)
        fixed = specs.difference(projects)

        def works(these: frozenset[CondaSpec]) -> bool:
            wanted = fixed | these
            return not wanted or not isinstance(self._ask(wanted), InteropError)

        moved = find_smallest_move(movable, works) or {}
        reasons = {}
        for spec, others in moved.items():
            beside = [f"{one.name} {one.version}".removesuffix(" *") for one in others]
            if not beside:
                beside = self._find_installed_hindrance(spec, fixed | {spec})
            reasons[projects[spec]] = (
                f"conda cannot install it beside {', '.join(beside) or 'what is installed'}"
            )
        return reasons

    def _find_movable(self, supplies: Supplies) -> dict[CondaSpec, NormalizedName]:
        """Find what pip could install instead: not conda's own, nor `--from-conda`."""
        conda_has = {
            name for name, one in self.known.installed.items() if one.manager == "conda"
        } - self.preferences.overwrite
        return {
            one.spec: name
            for name, one in supplies.items()
            if isinstance(one, FromConda) and name not in self.preferences.from_conda | conda_has
        }

    def _find_installed_hindrance(self, spec: CondaSpec, specs: frozenset[CondaSpec]) -> list[str]:
        """Find the installed packages that conda's error names."""
        answer = self._ask(specs)
        words = set(re.findall(r"[a-z0-9][a-z0-9._-]*", str(answer)))
        return [
            f"{record.name} {record.version}"
            for record in self.known.snapshot.records
            if record.name in words and record.name != spec.name
        ]

    def _move_not_contained(
        self, supplies: Supplies, solution: Solution
    ) -> dict[NormalizedName, str]:
        """Find projects whose conda package is installed already and does not contain them."""
        linked = {one.name for one in solution.linked}
        return {
            name: f"conda's {one.spec.name} is installed, and does not contain it"
            for name, one in supplies.items()
            if isinstance(one, FromConda)
            and one.spec.name not in linked
            and name not in self.known.installed
        }

    def _move_dependents(self, supplies: Supplies, solution: Solution) -> dict[NormalizedName, str]:
        """Find packages that depend on a name that pip installs in another version."""
        projects = self._find_movable(supplies)
        from_pip = {name for name, one in supplies.items() if isinstance(one, FromPip)}
        moved: dict[NormalizedName, str] = {}
        for package in solution.linked:
            for name in self.known.find_contained([package]).keys() & from_pip:
                culprits = [
                    project
                    for spec, project in projects.items()
                    if package.name in _reach(spec.name, solution.linked)
                ]
                if not culprits:
                    raise _conflict(name, package)
                reason = f"conda cannot install it beside the {name} that is needed"
                moved.update(dict.fromkeys(culprits, reason))
        return moved


def _reach(name: str, packages: Iterable[CondaPackage]) -> set[str]:
    """Return the new packages that one depends on, itself included."""
    by_name = {one.name: one for one in packages}
    reached: set[str] = set()
    names = [name]
    while names:
        current = names.pop()
        if current in by_name and current not in reached:
            reached.add(current)
            names += [spec.split()[0] for spec in by_name[current].depends]
    return reached


def _conflict(name: NormalizedName, package: CondaPackage) -> InteropError:
    return InteropError(
        "conflict",
        f"Nothing was changed: the requirements need another {name} than the "
        f"{package.version} that conda's packages require.",
        hints=(
            f"Choose a version of {name} that the channels have: `conda search {name}`.",
            "Or leave out the requirement that needs the other version.",
        ),
    )
