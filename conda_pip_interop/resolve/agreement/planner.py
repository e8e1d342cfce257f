"""Plan an installation: ask conda and pip in turn until both agree."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Final

from conda_pip_interop.dependencies.requirements import (
    find_subdir,
    fits,
    marker_environment,
)
from conda_pip_interop.dependency_files.locations import find_key
from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.installers.failures import find_unfit, find_unknown, is_not_found
from conda_pip_interop.installers.interface import Line
from conda_pip_interop.names.lookup import find_similar
from conda_pip_interop.resolve.agreement.assignment import (
    AlreadyInstalled,
    Assignment,
    FromConda,
    FromPip,
)
from conda_pip_interop.resolve.agreement.conda_answers import CondaAnswer, CondaAnswers
from conda_pip_interop.resolve.agreement.conflicts import ConflictResolver
from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
from conda_pip_interop.resolve.agreement.plan_steps import build_steps
from conda_pip_interop.resolve.agreement.resolution import Resolution
from conda_pip_interop.resolve.refusals import explain_pip_failure, no_agreement
from conda_pip_interop.resolve.request.refusals import refuse_contradictions
from conda_pip_interop.resolve.request.request import Preferences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer, ProvidedDistribution
    from conda_pip_interop.installers.pip.report import ReportItem
    from conda_pip_interop.resolve.request.request import Request
    from conda_pip_interop.resolve.solver import Conda, CondaSpec

#: How often conda and pip may answer each other before the plan is given up.
MAX_ROUNDS: Final = 6


class Planner:
    """Makes one plan; keeps what the two managers have answered.

    `always` is what conda installs in any case: what a file states, and Python where there is none.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        target: Target,
        conda: Conda,
        installer: Installer,
        preferences: Preferences,
        *,
        always: frozenset[CondaSpec] = frozenset(),
    ) -> None:
        self._target = target
        self._conda = conda
        self._named: set[NormalizedName] = set()
        self._installer = installer
        self._preferences = preferences
        self._known = KnownPackages(snapshot, conda)
        self._environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
        self._conflicts = ConflictResolver(
            conda=conda,
            known=self._known,
            preferences=preferences,
            always=always,
        )
        self._answers = CondaAnswers(
            target=target,
            conda=conda,
            known=self._known,
            conflicts=self._conflicts,
            environment=self._environment,
        )

    def plan(self, request: Request) -> Resolution:
        """Ask conda and pip in turn; done when neither changes what the other has to do.

        Requirements that conda's packages omit from their `depends` are only completed if they can,
        and what pip has is only held if it can. Raises InteropError: see
        `resolve.install.plan_install`.
        """
        notes = request.explain_choice(self._environment)
        request = request.choose(self._environment)
        self._named = {one.name for one in request.requirements}
        refuse_contradictions(request.requirements)
        self._prefer(replace(self._preferences, limits=request.limits))
        while True:
            try:
                found = self._plan(request)
                asked = (one.requirement for one in request.requirements)
                missing = chain.from_iterable(map(self._known.explain_extras, asked))
                rest = (*self._explain_kept(request), *request.explain_unused(found.expected))
                return replace(found, notes=(*notes, *dict.fromkeys(missing), *rest))
            except InteropError:
                if self._answers.omitted and self._answers.count_omitted:
                    self._answers.count_omitted = False
                    omitted = self._answers.omitted.values()
                    notes += tuple(f"{one}, which cannot be installed." for one in omitted)
                elif not self._conflicts.release():
                    raise

    def _explain_kept(self, request: Request) -> Iterator[str]:
        """Say which of conda's packages `--force-reinstall` leaves as they are."""
        names = dict.fromkeys(one.name for one in request.requirements)
        installed = self._known.installed
        for name in names if request.options.force_reinstall else ():
            if name in installed and installed[name].manager == "conda":
                command = self._target.command("conda", "install", "--force-reinstall", name)
                yield f"--force-reinstall is for pip's packages; for conda's {name}: `{command}`."

    def _plan(self, request: Request) -> Resolution:
        wanted = [one.requirement for one in request.requirements]
        lines = request.lines
        self._look_into(request)
        answer: tuple[ReportItem, ...] | None = None
        asked: tuple[object, ...] | None = None
        for _ in range(MAX_ROUNDS):
            conda = self._answers.ask([*wanted, *self._known.find_direct()])
            unheard = request.options.pip.verbatim if answer is None else ()
            if not (conda.from_pip or conda.unknown or unheard):
                return self._finish(conda, (), request)
            if answer is not None:
                if asked == conda.question and self._agree(conda, answer):
                    return self._finish(conda, answer, request)
                if (rest := self._find_fitting(conda, answer)) is not None:
                    return self._finish(conda, rest, request)
            answer = self._ask_pip(lines, conda)
            asked = conda.question
        raise no_agreement(lines, conda.from_pip, answer or (), rounds=MAX_ROUNDS)

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
        self._prefer(replace(self._preferences, overwrite=overwrite))

    def _prefer(self, preferences: Preferences) -> None:
        self._preferences = preferences
        self._conflicts.preferences = preferences

    def _look_up(self, lines: tuple[Line, ...]) -> tuple[ReportItem, ...]:
        """Resolve lines without dependencies, ignoring what is installed."""
        try:
            return self._installer.resolve(
                lines, provided=(), with_deps=False, ignore_installed=True
            )
        except PipFailedError as error:
            raise self._pip_failed(error) from error

    def _ask_pip(
        self, lines: tuple[Line, ...], conda: CondaAnswer
    ) -> tuple[ReportItem, ...] | None:
        """Resolve with pip beside conda's part; None if conda has to be asked again first.

        pip may fail because only a channel has a dependency. Then only the requested packages are
        resolved, and conda is asked for their dependencies.
        """
        free = conda.from_pip | conda.unknown
        provided = self._known.build_provided(
            conda.solution, free=free, count_omitted=self._answers.count_omitted
        )
        try:
            answer = self._installer.resolve(
                lines, provided=provided, with_deps=not self._preferences.no_deps
            )
        except PipFailedError as error:
            if self._preferences.no_deps or not self._learn_named(lines, provided):
                raise self._pip_failed(error, conda) from error
            return None
        answer = (*answer, *self._find_condas(conda, answer))
        self._known.learn(answer)
        return (*answer, *self._find_other_sources(answer))

    def _find_condas(
        self, conda: CondaAnswer, answer: tuple[ReportItem, ...]
    ) -> tuple[ReportItem, ...]:
        """Find what pip replaces of conda's, and considers installed: the version is the same."""
        names = conda.from_pip & self._preferences.from_pypi - {one.name for one in answer}
        lines = tuple(
            Line(text=f"{name}=={self._known.installed[name].version}", in_file=True)
            for name in sorted(names & self._known.installed.keys())
            if not self._known.is_from_pip(name)
        )
        return self._look_up(lines) if lines else ()

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

    def _pip_failed(
        self, error: PipFailedError, conda: CondaAnswer | None = None
    ) -> PipFailedError:
        """Explain a failure of pip's; a project for other Pythons only is named first."""
        error = self._installer.find_refusals(error)
        mismatch = self._installer.find_mismatch(error)
        python = self._environment["python_full_version"]
        left = conda.find_left(find_unfit(error.output)) if conda else {}
        return explain_pip_failure(
            *(error, self._target),
            mismatch=mismatch,
            python=python,
            similar=[] if mismatch else [*self._find_similar(error)],
            left=left,
            in_channels=self._answers.find_in_channels(conda, left) if conda else (),
        )

    def _find_similar(self, error: PipFailedError) -> Iterator[str]:
        """Find known names like those that the user named, and that no index and no channel has."""
        names = find_unknown(error.output) & self._named
        releases = self._installer.list_releases(names) if names and is_not_found(error) else {}
        known = {*self._known.installed, *self._conda.list_projects()} if releases else set()
        for name in sorted(releases):
            similar = None if releases[name] else find_similar(name, known - names)
            yield from () if similar is None else (similar,)

    def _agree(self, conda: CondaAnswer, answer: tuple[ReportItem, ...]) -> bool:
        """Return whether pip installs exactly what conda left to it, or has it already."""
        names = {one.name for one in answer}
        missing = conda.from_pip - names
        return names <= conda.from_pip and all(self._known.is_from_pip(name) for name in missing)

    def _find_fitting(
        self, conda: CondaAnswer, answer: tuple[ReportItem, ...]
    ) -> tuple[ReportItem, ...] | None:
        """Return what conda leaves to pip of its answer to another question, if that fits.

        pip would be asked for nothing else then: each name that it is to install is there, in a
        version that all requirements accept, those of conda's packages included.
        """
        rest = tuple(one for one in answer if one.name in conda.from_pip)
        if conda.unknown or not self._agree(conda, rest):
            return None
        versions = {one.name: one.version for one in rest}
        for name in conda.from_pip - versions.keys():
            versions[name] = self._known.installed[name].version
        fitting = all(fits(one, conda.ranges.get(name)) for name, one in versions.items())
        return rest if fitting else None

    def _finish(
        self, conda: CondaAnswer, answer: tuple[ReportItem, ...], request: Request
    ) -> Resolution:
        items = tuple(one for one in answer if isinstance(conda.supplies[one.name], FromPip))
        if request.options.keep_in_place:
            items = tuple(one for one in items if not self._known.is_in_place(one))
        names = {one.name for one in items}
        installed = self._known.installed
        brought = self._known.find_contained(conda.solution.linked if conda.solution else ())
        supplies: dict[NormalizedName, Assignment] = {
            name: AlreadyInstalled(installed=installed[name], reason="already installed by pip")
            if isinstance(one, FromPip) and name not in names
            else one
            for name, one in conda.supplies.items()
            if isinstance(one, FromConda) or name in names or name not in brought
        }
        if request.options.force_reinstall:
            reinstalled = self._find_reinstalled(supplies, request)
            items = (*items, *reinstalled)
            reason = "requested by --force-reinstall"
            known = self._preferences.reasons
            supplies.update(
                {one.name: FromPip(reason=known.get(one.name, reason)) for one in reinstalled}
            )
        kept = [name for name, one in supplies.items() if isinstance(one, AlreadyInstalled)]
        with_deps = not self._preferences.no_deps
        return Resolution(
            steps=build_steps(
                supplies,
                conda.solution,
                items,
                installed,
                replaced=self._known.find_replaced(conda.solution),
                stated=self._conflicts.stated,
                relinked=self._known.find_relinked(kept, conda.solution, with_deps=with_deps),
            ),
            solution=conda.solution,
            items=items,
            expected={
                name: one.spec.name for name, one in supplies.items() if isinstance(one, FromConda)
            },
            ranges=conda.ranges,
            request=request,
            overwrite=self._preferences.overwrite,
            needed=frozenset(
                one.spec.name
                for one in supplies.values()
                if isinstance(one, FromConda)
                and not one.requested
                and one.spec.name not in self._conflicts.stated
            ),
            find_unplanned=conda.find_unplanned,
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
