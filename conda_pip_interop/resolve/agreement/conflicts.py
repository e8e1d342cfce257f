"""Move to pip what conda cannot install together: as few names as possible."""

from __future__ import annotations

from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, Literal, TypeVar

from conda_pip_interop.errors import InteropError, UnsatisfiableError
from conda_pip_interop.resolve.agreement.assignment import FromConda, FromPip
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.resolve.agreement.assignment import Assignment
    from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
    from conda_pip_interop.resolve.request.request import Preferences
    from conda_pip_interop.resolve.solver import Conda, CondaPackage, CondaSpec, Solution

    Works = Callable[[frozenset["T"]], bool]
    Supplies = Mapping[NormalizedName, Assignment]


T = TypeVar("T", bound="Hashable")


def find_smallest_move(
    demands: Sequence[T], works: Works[T], conflicts: Collection[tuple[T, ...]] = ()
) -> dict[T, tuple[T, ...]] | None:
    """The fewest demands without which the rest works, each with those that it conflicts with.

    None where even no demand at all does not work. `works` must be monotone: what works goes on
    working with less. Asked as seldom as may be: a conflict is found by halving (Junker 2004,
    QuickXplain), and one member of every conflict has to go (Reiter 1987, hitting sets).
    `conflicts` are known beforehand.
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
        known_one = (one for one in conflicts if set(one).isdisjoint(given_up))
        conflict = next(known_one, None) or find_conflict(rest, try_out)
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
    """Lets conda solve; `moved` has the names that conda could not install so far, and why.

    `always` is what conda is asked for besides.
    """

    conda: Conda
    known: KnownPackages
    preferences: Preferences
    always: frozenset[CondaSpec] = frozenset()
    moved: dict[NormalizedName, str] = field(default_factory=dict)
    _holds: bool = True
    _moved_to_hold: set[NormalizedName] = field(default_factory=set)
    _answers: dict[frozenset[CondaSpec], Solution | InteropError] = field(default_factory=dict)
    _possible: dict[frozenset[CondaSpec], bool] = field(default_factory=dict)

    @property
    def stated(self) -> frozenset[str]:
        """The names of what a file states as conda's."""
        return frozenset(one.name for one in self.always if one.text)

    def solve(self, supplies: Supplies) -> Solution | Literal[False] | None:
        """conda's solution, None where conda has nothing to do, False where names have moved.

        Raises InteropError `unsatisfiable` or `conflict` where nothing may move.
        """
        specs = self.always.union(
            one.spec for one in supplies.values() if isinstance(one, FromConda)
        )
        if not specs:
            return None
        answer = self._ask(specs)
        if isinstance(answer, InteropError):
            moved = self._move_conflicting(supplies, specs)
            if not moved:
                raise self._explain(specs, answer)
        else:
            moved = self._move_not_contained(supplies, answer)
            moved = moved or self._move_dependents(supplies, answer)
            if not moved:
                return answer
        self.moved.update(moved)
        return False

    def release(self) -> bool:
        """Let conda replace what pip has; return whether names have moved to hold it."""
        held, self._holds = self._holds, False
        for name in self._moved_to_hold:
            self.moved.pop(name, None)
        return held and bool(self._moved_to_hold)

    def _ask(self, specs: frozenset[CondaSpec]) -> Solution | InteropError:
        if specs not in self._answers:
            try:
                self._answers[specs] = self.conda.solve(
                    _sort(specs), with_deps=not self.preferences.no_deps
                )
            except UnsatisfiableError as error:
                self._answers[specs] = error
        return self._answers[specs]

    def _explain(self, specs: frozenset[CondaSpec], error: InteropError) -> InteropError:
        """Return the error with what conda finds out about the conflict."""
        with_deps = not self.preferences.no_deps
        try:
            self.conda.solve(_sort(specs), with_deps=with_deps, explain=True)
        except UnsatisfiableError as explained:
            return explained
        return error

    def _move_conflicting(
        self, supplies: Supplies, specs: frozenset[CondaSpec]
    ) -> dict[NormalizedName, str]:
        """Find the fewest names without which conda can solve; empty if there are none.

        First by the channels' records, since each question to the solver takes its time.
        """
        projects = self._find_movable(supplies)
        unavailable = {
            name: reason
            for spec, name in projects.items()
            if (reason := self.conda.explain_unavailable(spec)) is not None
        }
        if unavailable:
            return unavailable
        movable = sorted(projects)
        fixed = specs.difference(projects)

        pairs = self.conda.find_incompatible(_sort(specs))
        conflicts = sorted(tuple(one for one in pair if one in projects) for pair in pairs)

        def works(these: frozenset[CondaSpec]) -> bool:
            known = any(these.issuperset(one) for one in conflicts)
            return not known and self._can_solve(fixed | these)

        self._possible[specs] = False
        moved = find_smallest_move(movable, works, conflicts) or {}
        reasons = {}
        for spec, others in moved.items():
            partners = [one for pair in pairs if spec in pair for one in pair if one != spec]
            reasons[projects[spec]] = self._describe(spec, others or partners)
        return reasons

    def _can_solve(self, specs: frozenset[CondaSpec]) -> bool:
        if specs not in self._possible:
            self._possible[specs] = not specs or self.conda.can_solve(
                _sort(specs), with_deps=not self.preferences.no_deps
            )
        return self._possible[specs]

    def _describe(self, spec: CondaSpec, others: Iterable[CondaSpec]) -> str:
        """Describe why conda cannot install a package, by what it conflicts with."""
        beside = [f"{one.name} {one.version}".removesuffix(" *") for one in others]
        beside = beside or [*self.conda.find_hindrance(spec)]
        if not beside:
            return f"conda's solver finds no solution with {spec.name}"
        return f"conda cannot install it beside {', '.join(beside)}"

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
        """Find packages that depend on a name that pip installs in another version, or holds.

        What pip has installed is held if conda's packages accept its version, and if pip can
        install those that depend on it. Otherwise conda replaces it.
        """
        projects = self._find_movable(supplies)
        from_pip = {name for name, one in supplies.items() if isinstance(one, FromPip)}
        moved: dict[NormalizedName, str] = {}
        for package in solution.linked:
            contained = set(self.known.find_contained([package]))
            if package.name in self.stated or self.known.is_recorded(package.name):
                contained -= self.preferences.overwrite
            for name in contained & (from_pip | self._find_held(supplies, package, solution)):
                culprits = [
                    project
                    for spec, project in projects.items()
                    if package.name in _reach(spec.name, solution.linked)
                ]
                if culprits:
                    words = "that is needed"
                    if name not in from_pip:
                        words = "that pip has installed"
                        self._moved_to_hold |= set(culprits)
                    reason = f"conda cannot install it beside the {name} {words}"
                    moved.update(dict.fromkeys(culprits, reason))
                elif name in from_pip:
                    raise _conflict(name, package)
        return moved

    def _find_held(
        self, supplies: Supplies, package: CondaPackage, solution: Solution
    ) -> set[NormalizedName]:
        """Find what pip has installed of a package, in a version that its dependents accept."""
        requested = {one.spec.name for one in supplies.values() if isinstance(one, FromConda)}
        if package.name in requested | self.stated or not self._holds:
            return set()
        installed = self.known.installed
        return {
            name
            for name in self.known.find_contained([package])
            if self.known.is_from_pip(name)
            and name not in self.preferences.from_conda
            and all(
                self._accepts(spec, installed[name].version)
                for dependent in solution.linked
                for spec in dependent.depends
                if spec.split()[:1] == [package.name]
            )
        }

    def _accepts(self, spec: str, version: str) -> bool:
        """Return whether a dependency of conda's accepts a version of pip's, which has no build."""
        _, *parts = spec.split()
        return not parts or (len(parts) == 1 and self.conda.matches(parts[0], version))


def _sort(specs: Iterable[CondaSpec]) -> tuple[CondaSpec, ...]:
    return tuple(sorted(specs))


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
