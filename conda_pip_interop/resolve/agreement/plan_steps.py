"""The steps of an installation: each package with who installs it, and why. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import InstallPip, Keep, LinkConda, UnlinkConda
from conda_pip_interop.environment.conda_meta.records import find_carried
from conda_pip_interop.resolve.agreement.assignment import AlreadyInstalled, FromConda, FromPip

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.installers.pip.report import ReportItem
    from conda_pip_interop.resolve.agreement.assignment import Assignment, InstalledPackage
    from conda_pip_interop.resolve.solver import CondaPackage, Solution


def build_steps(
    assignments: Mapping[NormalizedName, Assignment],
    solution: Solution | None,
    items: tuple[ReportItem, ...] = (),
    installed: Mapping[NormalizedName, InstalledPackage] | None = None,
    *,
    replaced: Mapping[str, str] | None = None,
    stated: Collection[str] = (),
    relinked: Collection[CondaRecord] = (),
) -> tuple[PackageStep, ...]:
    """Build what is kept, what conda does, what pip does; each part sorted by name.

    `replaced`, `relinked`: see `KnownPackages`. `stated`: see `ConflictResolver.stated`.
    """
    back = {one.name for record in relinked for one in find_carried(record)}
    return (
        *(one for one in _build_kept(assignments, solution) if one.name not in back),
        *_build_conda_steps(assignments, solution, replaced or {}, stated),
        *_build_relinked(relinked),
        *_build_pip_steps(assignments, items, installed or {}),
    )


def _build_relinked(records: Collection[CondaRecord]) -> Iterator[LinkConda]:
    if records:
        from conda_pip_interop.findings.base import build_link

        yield from (build_link(one, "its files are missing") for one in records)


def _build_kept(
    assignments: Mapping[NormalizedName, Assignment], solution: Solution | None
) -> Iterable[Keep]:
    """Yield what is kept: not what conda's solver changes beside what it was asked for."""
    changed = {canonicalize_name(one.name) for one in (solution.unlinked if solution else ())}
    for name, one in sorted(assignments.items()):
        if isinstance(one, AlreadyInstalled) and name not in changed:
            yield Keep(
                manager=one.installed.manager,
                name=name,
                version=one.installed.version,
                reason=one.reason,
            )


def _build_conda_steps(
    assignments: Mapping[NormalizedName, Assignment],
    solution: Solution | None,
    replaced: Mapping[str, str],
    stated: Collection[str],
) -> Iterable[LinkConda | UnlinkConda]:
    if solution is None:
        return
    reasons = {
        one.spec.name: one.reason for one in assignments.values() if isinstance(one, FromConda)
    }
    reasons.update(dict.fromkeys(stated, "requested"))
    before = {one.name: one for one in solution.unlinked}
    for package in sorted(solution.linked, key=lambda one: one.name):
        previous = before.pop(package.name, None)
        dependent = find_dependent(package.name, solution.linked)
        needed = f"needed by {dependent}" if dependent else "added by conda's solver"
        reason = reasons.get(package.name, needed)
        pips = replaced.get(package.name)
        yield LinkConda(
            name=package.name,
            version=package.version,
            previous=pips or (None if previous is None else previous.version),
            reason=reason if pips is None else f"{reason}, replaces pip's",
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


def find_dependent(name: str, linked: Iterable[CondaPackage]) -> str | None:
    """Return which of the packages to be linked depends on `name`."""
    for package in sorted(linked, key=lambda one: one.name):
        if any(spec.split()[:1] == [name] for spec in package.depends):
            return package.name
    return None
