"""The steps of an installation: each package with who installs it, and why. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.plan import InstallPip, Keep, LinkConda, UnlinkConda
from conda_pip_interop.resolve.assignment import AlreadyInstalled, FromConda, FromPip

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.installers.pip_report import ReportItem
    from conda_pip_interop.resolve.assignment import Assignment, InstalledPackage
    from conda_pip_interop.resolve.solver import CondaPackage, Solution


def build_steps(
    assignments: Mapping[NormalizedName, Assignment],
    solution: Solution | None,
    items: tuple[ReportItem, ...],
    installed: Mapping[NormalizedName, InstalledPackage],
) -> tuple[PackageStep, ...]:
    """Build what is kept, what conda does, what pip does; each part sorted by name."""
    return (
        *_build_kept(assignments),
        *_build_conda_steps(assignments, solution),
        *_build_pip_steps(assignments, items, installed),
    )


def _build_kept(assignments: Mapping[NormalizedName, Assignment]) -> Iterable[Keep]:
    for name, one in sorted(assignments.items()):
        if isinstance(one, AlreadyInstalled):
            yield Keep(
                manager=one.installed.manager,
                name=name,
                version=one.installed.version,
                reason=one.reason,
            )


def _build_conda_steps(
    assignments: Mapping[NormalizedName, Assignment], solution: Solution | None
) -> Iterable[LinkConda | UnlinkConda]:
    if solution is None:
        return
    reasons = {
        one.spec.name: one.reason for one in assignments.values() if isinstance(one, FromConda)
    }
    before = {one.name: one for one in solution.unlinked}
    for package in sorted(solution.linked, key=lambda one: one.name):
        previous = before.pop(package.name, None)
        yield LinkConda(
            name=package.name,
            version=package.version,
            previous=None if previous is None else previous.version,
            reason=reasons.get(package.name) or _find_dependent(package.name, solution.linked),
            channel=package.channel,
        )
    for gone in before.values():
        yield UnlinkConda(name=gone.name, version=gone.version, reason="removed by conda's solver")


def _build_pip_steps(
    assignments: Mapping[NormalizedName, Assignment],
    items: tuple[ReportItem, ...],
    installed: Mapping[NormalizedName, InstalledPackage],
) -> Iterable[InstallPip]:
    for item in sorted(items, key=lambda one: one.name):
        has, one = installed.get(item.name), assignments[item.name]
        yield InstallPip(
            name=item.name,
            version=item.version,
            previous=None if has is None else has.version,
            reason=one.reason if isinstance(one, FromPip) else "",
        )


def _find_dependent(name: str, linked: Iterable[CondaPackage]) -> str:
    """Return which of the packages to be linked depends on `name`, in words."""
    for package in sorted(linked, key=lambda one: one.name):
        if any(spec.split()[:1] == [name] for spec in package.depends):
            return f"needed by {package.name}"
    return "added by conda's solver"
