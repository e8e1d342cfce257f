"""Plan an installation: ask conda and pip in turn until both agree."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from conda_pip_interop.dependencies.requirements import (
    find_subdir,
    marker_environment,
    satisfies,
)
from conda_pip_interop.dependency_files.locations import find_key
from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.installers.interface import Line
from conda_pip_interop.resolve.assignment import (
    AlreadyInstalled,
    Assigner,
    Assignment,
    FromConda,
    FromPip,
    Preferences,
    Skipped,
)
from conda_pip_interop.resolve.conflicts import ConflictResolver
from conda_pip_interop.resolve.known_packages import KnownPackages
from conda_pip_interop.resolve.pinned_requirements import build_pins
from conda_pip_interop.resolve.plan_steps import build_steps
from conda_pip_interop.resolve.request import Request
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.requirements import Requirement
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer, Pin, ProvidedDistribution
    from conda_pip_interop.installers.pip_report import ReportItem
    from conda_pip_interop.resolve.solver import Conda, CondaPackage, Solution

#: How often conda and pip may answer each other before the plan is given up.
MAX_ROUNDS: Final = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """What conda and pip agreed on: who will own what, and the two parts that make it so.

    `items` are pip's part; `expected` maps each project to the conda package chosen for it;
    `request` is what was requested, without what the markers exclude in this environment.
    """

    steps: tuple[PackageStep, ...]
    solution: Solution | None
    items: tuple[ReportItem, ...]
    expected: Mapping[NormalizedName, str]
    request: Request = field(default_factory=Request)
    overwrite: frozenset[NormalizedName] = frozenset()

    @property
    def pins(self) -> tuple[Pin, ...]:
        """pip's part, each as the line that installs exactly it."""
        return build_pins(self.items, self.request)


@dataclass(frozen=True, kw_only=True, slots=True)
class _CondaAnswer:
    """conda's solution and what is left to pip; the extras of `unknown` are not known yet."""

    supplies: Mapping[NormalizedName, Assignment]
    solution: Solution | None
    from_pip: frozenset[NormalizedName]
    unknown: frozenset[NormalizedName]

    @property
    def question(self) -> tuple[object, ...]:
        """The part of it that pip's answer depends on."""
        provided = () if self.solution is None else self.solution.linked
        return (self.from_pip, self.unknown, provided)


class Planner:
    """Makes one plan; keeps what the two managers have answered."""

    def __init__(
        self,
        snapshot: Snapshot,
        target: Target,
        conda: Conda,
        installer: Installer,
        preferences: Preferences,
    ) -> None:
        self._target = target
        self._conda = conda
        self._installer = installer
        self._preferences = preferences
        self._known = KnownPackages(snapshot, conda)
        self._environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
        self._conflicts = ConflictResolver(conda=conda, known=self._known, preferences=preferences)
        self._candidates: dict[NormalizedName, tuple[CondaPackage, ...]] = {}

    def plan(self, request: Request) -> Resolution:
        """Ask conda and pip in turn; done when neither changes what the other has to do.

        Raises InteropError: see `resolve.install.plan_install`.
        """
        request = request.choose(self._environment)
        wanted = [one.requirement for one in request.requirements]
        lines = request.lines
        self._look_into(request)
        answer: tuple[ReportItem, ...] | None = None
        asked: tuple[object, ...] | None = None
        for _ in range(MAX_ROUNDS):
            conda = self._ask_conda([*wanted, *self._known.find_direct()])
            unheard = request.options.pip.verbatim if answer is None else ()
            if not (conda.from_pip or conda.unknown or unheard):
                return self._finish(conda, (), request)
            if answer is not None and asked == conda.question and self._agree(conda, answer):
                return self._finish(conda, answer, request)
            answer = self._ask_pip(lines, conda)
            asked = conda.question
        raise _no_agreement(lines, conda, answer or ())

    def _look_into(self, request: Request) -> None:
        """Learn the names of direct requirements, also of installed ones."""
        if request.direct:
            items = self._look_up(request.lines[len(request.requirements) :])
            self._known.learn(items)
            if request.options.break_requested:
                self._let_overwrite(items, request.on_command_line)

    def _let_overwrite(self, items: tuple[ReportItem, ...], request: Request) -> None:
        """Let pip overwrite those of `items` that `request` names by a URL or a path."""
        keys = {one.location.key for one in request.direct}
        overwrite = self._preferences.overwrite | {
            one.name for one in items if find_key(one.url, one.origin.get("subdirectory")) in keys
        }
        self._preferences = replace(self._preferences, overwrite=overwrite)
        self._conflicts.preferences = self._preferences

    def _look_up(self, lines: tuple[Line, ...]) -> tuple[ReportItem, ...]:
        """Resolve lines without dependencies, ignoring what is installed."""
        try:
            return self._installer.resolve(
                lines, provided=(), with_deps=False, ignore_installed=True
            )
        except PipFailedError as error:
            raise _pip_failed(error, self._target) from error

    def _ask_conda(self, wanted: list[Requirement]) -> _CondaAnswer:
        """Assign each name and let conda solve; names that conda cannot install move to pip."""
        limited: set[NormalizedName] = set()
        while True:
            assigner = Assigner(
                installed=self._known.installed,
                candidates=self._find_candidates,
                environment=self._environment,
                requires=self._known.find_requires,
                explain_absence=self._conda.explain_absence,
                command=self._target.command,
                matches=self._conda.matches,
                preferences=self._preferences,
                sources=self._known.direct_names,
                moved=self._conflicts.moved,
            )
            supplies = assigner.assign(wanted, sorted(limited))
            solution = self._conflicts.solve(supplies)
            if solution is False:
                continue
            beyond = self._find_beyond_limits(solution) - supplies.keys()
            if not beyond:
                break
            limited |= beyond
        return _CondaAnswer(
            supplies=supplies,
            solution=solution,
            from_pip=frozenset(
                name for name, one in supplies.items() if isinstance(one, FromPip | Skipped)
            ),
            unknown=frozenset(
                name
                for name, extras in assigner.extras.items()
                if extras and not self._known.knows_needs(name)
            ),
        )

    def _find_beyond_limits(self, solution: Solution | None) -> set[NormalizedName]:
        """Find dependencies that conda would install in a version that a constraint excludes."""
        brought = {} if solution is None else self._known.find_contained(solution.linked)
        limits = self._preferences.limits
        return {
            name
            for name in brought.keys() & limits.keys()
            if not satisfies(limits[name], brought[name])
        }

    def _find_candidates(self, name: NormalizedName) -> tuple[CondaPackage, ...]:
        if name not in self._candidates:
            self._candidates[name] = self._conda.find_candidates(name)
        return self._candidates[name]

    def _ask_pip(
        self, lines: tuple[Line, ...], conda: _CondaAnswer
    ) -> tuple[ReportItem, ...] | None:
        """Resolve with pip beside conda's part; None if conda has to be asked again first.

        pip may fail because only a channel has a dependency. Then only the requested packages are
        resolved, and conda is asked for their dependencies.
        """
        free = conda.from_pip | conda.unknown
        provided = self._known.build_provided(conda.solution, free=free)
        try:
            answer = self._installer.resolve(
                lines, provided=provided, with_deps=not self._preferences.no_deps
            )
        except PipFailedError as error:
            if self._preferences.no_deps or not self._learn_named(lines, provided):
                raise _pip_failed(error, self._target) from error
            return None
        self._known.learn(answer)
        return (*answer, *self._find_other_sources(answer))

    def _find_other_sources(self, answer: tuple[ReportItem, ...]) -> tuple[ReportItem, ...]:
        """Find direct requirements that pip considers installed because the version is the same."""
        missing = self._known.direct_names - {one.name for one in answer}
        return tuple(
            one for one in self._known.find_items(missing) if not self._known.has_source(one)
        )

    def _learn_named(
        self, lines: tuple[Line, ...], provided: tuple[ProvidedDistribution, ...]
    ) -> bool:
        """Resolve only the requested packages; return whether something new was learnt."""
        try:
            return self._known.learn(
                self._installer.resolve(lines, provided=provided, with_deps=False)
            )
        except InteropError:
            return False

    def _agree(self, conda: _CondaAnswer, answer: tuple[ReportItem, ...]) -> bool:
        """Return whether pip installs exactly what conda left to it, or has it already."""
        names = {one.name for one in answer}
        missing = conda.from_pip - names
        return names <= conda.from_pip and all(self._known.is_from_pip(name) for name in missing)

    def _finish(
        self, conda: _CondaAnswer, answer: tuple[ReportItem, ...], request: Request
    ) -> Resolution:
        items = tuple(one for one in answer if isinstance(conda.supplies[one.name], FromPip))
        names = {one.name for one in items}
        installed = self._known.installed
        supplies: dict[NormalizedName, Assignment] = {
            name: AlreadyInstalled(installed=installed[name], reason="already installed by pip")
            if isinstance(one, FromPip) and name not in names
            else one
            for name, one in conda.supplies.items()
        }
        if request.options.force_reinstall:
            reinstalled = self._find_reinstalled(supplies, request)
            items = (*items, *reinstalled)
            reason = "requested by --force-reinstall"
            known = self._preferences.reasons
            supplies.update(
                {one.name: FromPip(reason=known.get(one.name, reason)) for one in reinstalled}
            )
        return Resolution(
            steps=build_steps(supplies, conda.solution, items, installed),
            solution=conda.solution,
            items=items,
            expected={
                name: one.spec.name for name, one in supplies.items() if isinstance(one, FromConda)
            },
            request=request,
            overwrite=self._preferences.overwrite,
        )

    def _find_reinstalled(
        self, supplies: Mapping[NormalizedName, Assignment], request: Request
    ) -> tuple[ReportItem, ...]:
        """Find the requested packages that pip has installed, at their installed version."""
        asked = {one.name for one in request.requirements} | self._known.direct_names
        kept = {
            name: supply.installed.version
            for name, supply in sorted(supplies.items())
            if name in asked
            and isinstance(supply, AlreadyInstalled)
            and supply.installed.manager == "pip"
        }
        direct = self._known.find_items(kept.keys() & self._known.direct_names)
        lines = tuple(
            Line(text=f"{name}=={version}", in_file=True)
            for name, version in kept.items()
            if name not in self._known.direct_names
        )
        return (*direct, *(self._look_up(lines) if lines else ()))


def _pip_failed(error: PipFailedError, target: Target) -> PipFailedError:
    return PipFailedError(
        f"Nothing was changed in {target.label}: {error.message}",
        hints=error.hints
        or (
            "Check the names and versions.",
            "To list what the channels have: `conda search NAME`.",
        ),
        exit_code=error.exit_code,
        missing=error.missing,
    )


def _no_agreement(
    lines: tuple[Line, ...], conda: _CondaAnswer, answer: tuple[ReportItem, ...]
) -> InteropError:
    brought = sorted(f"{one.name} {one.version}" for one in answer)
    return InteropError(
        "no-agreement",
        f"Nothing was changed: conda and pip did not agree within {MAX_ROUNDS} rounds on "
        f"{', '.join(hide_password(one.text) for one in lines)}.\n"
        f"  left to pip by conda: {', '.join(sorted(conda.from_pip)) or 'nothing'}\n"
        f"  what pip would install: {', '.join(brought) or 'nothing'}",
        hints=("Install fewer packages at once, or pin the versions that you need.",),
    )
