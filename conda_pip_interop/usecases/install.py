"""`conda pip install`: conda supplies what the channels have, pip the rest."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.core.conda_meta import claimed_metadata
from conda_pip_interop.core.distributions import read_requirements
from conda_pip_interop.core.ownership import ByConda, owner_of_distribution
from conda_pip_interop.core.plan import PackageAction
from conda_pip_interop.core.requirements import marker_environment
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.pip.interface import HeldDistribution
from conda_pip_interop.usecases.assign import Assigner, FromConda, FromPip, Installed, Kept, Supply
from conda_pip_interop.usecases.overlap import check_overlap

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.plan import Verb
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.pip.interface import Installer
    from conda_pip_interop.pip.report import ReportItem
    from conda_pip_interop.usecases.conda import Conda, CondaPackage, Solution
    from conda_pip_interop.usecases.target import Target

#: How often conda and pip may answer each other before the plan is given up.
MAX_ROUNDS = 5


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


def parse_requirements(texts: Iterable[str]) -> tuple[Requirement, ...]:
    """Requirements of an index (PEP 508 names with specifiers, extras and markers) from words."""
    requirements = []
    for text in texts:
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise UsageError(
                "invalid-requirement",
                f"{text!r} is not a requirement that can be taken from an index ({error}).",
                hints=('A requirement looks like `flask`, `"flask>=3"` or `"flask[async]>=3,<4"`.',),
            ) from error
        if requirement.url is not None:
            raise UsageError(
                "unsupported-requirement",
                f"{text!r} names a URL; only packages of an index can be installed so far.",
                hints=("Build a wheel of it and use the environment's own pip.",),
            )
        requirements.append(requirement)
    return tuple(requirements)


def plan_install(
    requirements: tuple[Requirement, ...],
    *,
    snapshot: Snapshot,
    target: Target,
    conda: Conda,
    installer: Installer,
) -> InstallPlan:
    """Let conda and pip answer each other until both agree; changes nothing.

    Raises InteropError: `no-python`, `would-overwrite`, `unsatisfiable`, `pip-failed`,
    `no-agreement`.
    """
    python = snapshot.prefix.python
    if python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so no Python package can go there.",
            hints=(f"Add one first: `{target.command('conda', 'install', 'python')}`.",),
        )
    return _Planner(snapshot, conda, installer).plan(requirements)


def carry_out(
    plan: InstallPlan, *, snapshot: Snapshot, target: Target, installer: Installer
) -> None:
    """Fetch pip's part, then conda's transaction, then pip's part from what was fetched.

    What can fail from outside (an index, a build) fails before anything is changed.
    """
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
        wheels = Path(folder)
        if plan.pins:
            check_overlap(installer.fetch(plan.pins, into=wheels), snapshot)
        if plan.solution is not None and plan.solution.linked:
            plan.solution.execute()
        if plan.pins:
            _install_rest(plan, wheels, target, installer)


def _install_rest(plan: InstallPlan, wheels: Path, target: Target, installer: Installer) -> None:
    try:
        installer.install(plan.pins, wheels=wheels)
    except InteropError as error:
        if plan.solution is None or not plan.solution.linked:
            raise
        raise InteropError(
            error.code,
            f"{error.message}\nconda's part of the plan is in place in {target.label}.",
            hints=(
                *error.hints,
                f"Mend what pip complains of, then run the same command again in {target.label}.",
                f"Or see how it was with `{target.command('conda', 'list', '--revisions')}`.",
            ),
            exit_code=error.exit_code,
        ) from error


class _Planner:
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
        wanted = [one for one in requirements if self._applies(one)]
        solution: Solution | None = None
        specs: set[object] | None = None
        answer: tuple[ReportItem, ...] | None = None
        for _ in range(MAX_ROUNDS):
            supplies, extras = self._assign(wanted)
            needed = {one.spec for one in supplies.values() if isinstance(one, FromConda)}
            from_pip = {name for name, one in supplies.items() if isinstance(one, FromPip)}
            if needed != specs:
                specs = needed
                ordered = tuple(sorted(needed, key=lambda spec: spec.name))
                solution = self.conda.solve(ordered) if ordered else None
            elif answer is not None and {one.name for one in answer} == from_pip:
                return self._finish(supplies, solution, answer)
            if not from_pip and not any(extras.values()):
                return self._finish(supplies, solution, ())
            known = set(self.items)
            answer = self.installer.resolve(
                tuple(str(one) for one in wanted),
                held=self._held(solution, supplies) if known else (),
            )
            self.items.update({one.name: one for one in answer})
        raise InteropError(
            "no-agreement",
            f"conda and pip found no common answer in {MAX_ROUNDS} rounds for "
            f"{', '.join(str(one) for one in requirements)}.",
            hints=("Ask for fewer packages at once, or state the versions that you need.",),
        )

    def _applies(self, requirement: Requirement) -> bool:
        marker = requirement.marker
        return marker is None or marker.evaluate({**self.environment, "extra": ""})

    def _manager(self, distribution: Distribution) -> str:
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

    def _held(
        self, solution: Solution | None, supplies: Mapping[NormalizedName, Supply]
    ) -> tuple[HeldDistribution, ...]:
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
            elif package.needs_python:
                carried[canonicalize_name(package.name)] = package.version
        return carried

    def _finish(
        self,
        supplies: Mapping[NormalizedName, Supply],
        solution: Solution | None,
        answer: tuple[ReportItem, ...],
    ) -> InstallPlan:
        actions = [
            *_kept_actions(supplies),
            *_conda_actions(supplies, solution),
            *self._pip_actions(supplies, answer),
        ]
        return InstallPlan(
            actions=tuple(actions),
            solution=solution,
            pins=tuple(f"{one.name}=={one.version}" for one in answer),
        )

    def _pip_actions(
        self, supplies: Mapping[NormalizedName, Supply], answer: tuple[ReportItem, ...]
    ) -> Iterable[PackageAction]:
        for item in sorted(answer, key=lambda one: one.name):
            has = self.installed.get(item.name)
            yield PackageAction(
                manager="pip",
                verb="install" if has is None else "change",
                name=item.name,
                version=item.version,
                previous=None if has is None else has.version,
                reason=supplies[item.name].reason,
            )


def _kept_actions(supplies: Mapping[NormalizedName, Supply]) -> Iterable[PackageAction]:
    for name, supply in sorted(supplies.items()):
        if isinstance(supply, Kept):
            has = supply.installed
            yield PackageAction(
                manager=has.manager,
                verb="keep",
                name=name,
                version=has.version,
                previous=has.version,
                reason=supply.reason,
            )


def _conda_actions(
    supplies: Mapping[NormalizedName, Supply], solution: Solution | None
) -> Iterable[PackageAction]:
    if solution is None:
        return
    reasons = {
        one.spec.name: one.reason for one in supplies.values() if isinstance(one, FromConda)
    }
    before = {one.name: one for one in solution.unlinked}
    for package in sorted(solution.linked, key=lambda one: one.name):
        previous = before.pop(package.name, None)
        yield PackageAction(
            manager="conda",
            verb=_verb(previous, package),
            name=package.name,
            version=package.version,
            previous=None if previous is None else previous.version,
            reason=reasons.get(package.name) or _dependent(package.name, solution.linked),
            source=package.channel,
        )
    for gone in before.values():
        yield PackageAction(
            manager="conda",
            verb="remove",
            name=gone.name,
            version=None,
            previous=gone.version,
            reason="conda's solver takes it out",
        )


def _verb(previous: CondaPackage | None, package: CondaPackage) -> Verb:
    return "install" if previous is None else "change"


def _dependent(name: str, linked: Iterable[CondaPackage]) -> str:
    """Which of the packages to be linked needs `name`, in words."""
    for package in sorted(linked, key=lambda one: one.name):
        if any(spec.split()[:1] == [name] for spec in package.depends):
            return f"needed by {package.name}"
    return "conda's solver brings it along"
