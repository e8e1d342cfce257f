"""The lines of an install plan: each package with who does what to it, and why. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from conda_pip_interop.changes.plan import PackageAction
from conda_pip_interop.resolve.assignment import (
    AlreadyInstalled,
    Assignment,
    FromConda,
    FromPip,
    Installed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import Verb
    from conda_pip_interop.installers.pip_report import ReportItem
    from conda_pip_interop.resolve.solver import CondaPackage, Solution


def build_actions(
    supplies: Mapping[NormalizedName, Assignment],
    solution: Solution | None,
    items: tuple[ReportItem, ...],
    installed: Mapping[NormalizedName, Installed],
) -> tuple[PackageAction, ...]:
    """What is kept, what conda does, what pip does; each part sorted by name."""
    return (
        *_kept_actions(supplies),
        *_conda_actions(supplies, solution),
        *_pip_actions(supplies, items, installed),
    )


def _kept_actions(supplies: Mapping[NormalizedName, Assignment]) -> Iterable[PackageAction]:
    for name, supply in sorted(supplies.items()):
        if isinstance(supply, AlreadyInstalled):
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
    supplies: Mapping[NormalizedName, Assignment], solution: Solution | None
) -> Iterable[PackageAction]:
    if solution is None:
        return
    reasons = {one.spec.name: one.reason for one in supplies.values() if isinstance(one, FromConda)}
    before = {one.name: one for one in solution.unlinked}
    for package in sorted(solution.linked, key=lambda one: one.name):
        previous = before.pop(package.name, None)
        yield PackageAction(
            manager="conda",
            verb=_verb(None if previous is None else previous.version, package.version),
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


def _pip_actions(
    supplies: Mapping[NormalizedName, Assignment],
    items: tuple[ReportItem, ...],
    installed: Mapping[NormalizedName, Installed],
) -> Iterable[PackageAction]:
    for item in sorted(items, key=lambda one: one.name):
        has, supply = installed.get(item.name), supplies[item.name]
        previous = None if has is None else has.version
        yield PackageAction(
            manager="pip",
            verb=_verb(previous, item.version),
            name=item.name,
            version=item.version,
            previous=previous,
            reason=supply.reason if isinstance(supply, FromPip) else "",
        )


def _verb(previous: str | None, version: str) -> Verb:
    if previous is None:
        return "install"
    try:
        before, after = Version(previous), Version(version)
    except InvalidVersion:
        return "change"
    if before == after:
        return "change"
    return "upgrade" if before < after else "downgrade"


def _dependent(name: str, linked: Iterable[CondaPackage]) -> str:
    """Which of the packages to be linked needs `name`, in words."""
    for package in sorted(linked, key=lambda one: one.name):
        if any(spec.split()[:1] == [name] for spec in package.depends):
            return f"needed by {package.name}"
    return "conda's solver brings it along"
