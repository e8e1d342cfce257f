"""Resolve what pip installs again: in its version and from its source (PEP 610)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_pip_interop.changes.plan import InstallPip, LinkConda, Plan
from conda_pip_interop.dependency_files.locations import Location, parse_location
from conda_pip_interop.environment.origin import find_local
from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.installers.interface import Line
from conda_pip_interop.resolve.install import build_plan, resolve
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.request import (
    INSTALLED,
    DirectRequirement,
    NamedRequirement,
    Preferences,
    Request,
    require_installed,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.solver import Conda


def plan_reinstall(
    plan: Plan,
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    open_installer: Callable[[Request], Installer],
) -> Plan:
    """Resolve the steps of `plan` that install a distribution again, and its requirements.

    The other steps stay. Requirements that cannot be resolved are noted if something else is
    repaired. Raises InteropError `not-available` if the index does not have a version any more,
    and what `resolve` raises.
    """
    try:
        return _plan_reinstall(plan, snapshot, target, solver, open_installer)
    except InteropError as error:
        if not (plan.steps and plan.requirements):
            raise
        note = _describe_unresolved(plan.requirements, error, target)
        plan = replace(plan, requirements=(), notes=(*plan.notes, note))
        if not any(isinstance(one, InstallPip) for one in plan.steps):
            return plan
    return _plan_reinstall(plan, snapshot, target, solver, open_installer)


def _describe_unresolved(requirements: Collection[str], error: InteropError, target: Target) -> str:
    install = target.command("conda", "pip", "install", *requirements)
    return (
        f"Not installed: {', '.join(requirements)} ({error.code}). To see the reason: `{install}`."
    )


def _plan_reinstall(
    plan: Plan,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    open_installer: Callable[[Request], Installer],
) -> Plan:
    again = tuple(one for one in plan.steps if isinstance(one, InstallPip) and one.distribution)
    request, preferences = build_reinstall_request(again, plan.requirements)
    preferences = replace(preferences, overwrite=frozenset(_find_unsettled(again, snapshot)))
    installer = open_installer(request)
    try:
        found = resolve(
            request,
            snapshot=snapshot,
            target=target,
            solver=solver,
            installer=installer,
            preferences=preferences,
        )
    except PipFailedError as error:
        absence = _explain_absence(error, again, snapshot, target, installer)
        if absence is None:
            raise
        raise absence from error
    before = {one.distribution.name: one.distribution for one in again if one.distribution}
    resolved = build_plan(keep_notes(found, before), "repair", snapshot, installer)
    others = tuple(one for one in plan.steps if one not in again)
    relinked = plan.relinked
    return replace(
        resolved,
        title=plan.title,
        steps=(
            *others,
            *(
                one
                for one in resolved.steps
                if not (isinstance(one, LinkConda) and one.record in relinked)
            ),
        ),
        notes=(*plan.notes, *resolved.notes),
        requests={},  # a version that is installed again was not requested
    )


def _find_unsettled(steps: Iterable[InstallPip], snapshot: Snapshot) -> Iterator[NormalizedName]:
    """Find what replaced a package of conda's whose record does not say so (yet)."""
    for one in filter(None, (step.distribution for step in steps)):
        override = snapshot.ownership.override_of(one)
        if override and (one.files is None or one.name not in override.record.overridden_by):
            yield one.name


def build_reinstall_request(
    steps: Sequence[InstallPip], missing: Iterable[str] = ()
) -> tuple[Request, Preferences]:
    """Build the request that installs the distributions of `steps` again, with pip as before.

    `missing` are requirements (PEP 508) that either manager installs.
    """
    pins: list[NamedRequirement] = []
    direct: list[DirectRequirement] = []
    for step in steps:
        source = find_source(step.distribution) if step.distribution is not None else None
        if source is not None:
            direct.append(source)
            continue
        pins.append(require_installed(f"{step.name}=={step.version}"))
    request = Request(
        requirements=(*pins, *map(require_installed, missing)),
        direct=tuple(direct),
        locked=True,  # some have hashes, some cannot
        options=InstallOptions(force_reinstall=True),
    )
    reasons = {
        step.distribution.name: step.reason for step in steps if step.distribution is not None
    }
    names = frozenset(one.name for one in pins)
    return request, Preferences(from_pypi=names, reasons=reasons)


def find_source(distribution: Distribution, extras: str = "") -> DirectRequirement | None:
    """Return where a distribution came from (PEP 610), unless from an index or if it is gone.

    `extras` are requested, as they stand in a requirement (`[test]`).
    """
    origin: Mapping[str, Any] = distribution.direct_url or {}
    url = origin.get("url")
    if not isinstance(url, str):
        return None
    archive = origin.get("archive_info") or {}
    vcs = origin.get("vcs_info")
    local = find_local(url)
    if local is not None and not local.exists():
        return None
    within = origin.get("subdirectory")
    text, editable = url, bool((origin.get("dir_info") or {}).get("editable"))
    if vcs is not None:
        text = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    elif local is not None:
        text = str(local)
    if within and local is None:
        text += f"#subdirectory={within}"
    if extras:
        text = f"{text}{extras}" if local is not None else f"{distribution.name}{extras} @ {text}"
    location = parse_location(text, folder=Path.cwd(), editable=editable)
    if not isinstance(location, Location):
        return None
    named = replace(location, name=distribution.name)
    hashes = archive.get("hashes") or {}
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    return DirectRequirement(
        location=named,
        origin=INSTALLED,
        hashes=(f"sha256:{sha256}",) if isinstance(sha256, str) else (),
        in_file=True,
    )


def keep_notes(found: Resolution, before: Mapping[NormalizedName, Distribution]) -> Resolution:
    """Keep who was requested (PEP 376, REQUESTED) and where it came from (PEP 610)."""
    items = tuple(
        replace(
            item,
            requested=before[item.name].requested,
            origin=(before[item.name].direct_url if item.is_direct else None) or item.origin,
        )
        if item.name in before
        else item
        for item in found.items
    )
    return replace(found, items=items)


def _explain_absence(
    error: PipFailedError,
    steps: Sequence[InstallPip],
    snapshot: Snapshot,
    target: Target,
    installer: Installer,
) -> InteropError | None:
    """Explain that pip did not find a version that is installed; None for other failures.

    No other version is installed instead: the commands that would are named.
    """
    pinned = [
        one.distribution
        for one in steps
        if one.distribution is not None and find_source(one.distribution) is None
    ]
    absent = [one for one in pinned if f"{one.name}=={one.version}" in error.missing]
    if not absent:
        return None
    one = absent[0]
    url = (one.direct_url or {}).get("url")
    others = [step.name for step in steps if step.distribution is not one]
    hints = []
    other = f"{one.name}!={one.version}"
    if _is_available(other, installer):
        install = target.command("conda", "pip", "install", other)
        hints.append(f"To install another version: `{install}`.")
    if url is not None:
        hints.append(f"To repair it as it was, restore what it was installed from: {url}.")
    override = snapshot.ownership.override_of(one)
    if override is not None:
        restore = target.command("conda", "pip", "restore", override.record.name)
        hints.append(f"To go back to conda's version: `{restore}`.")
    else:
        remove = target.command("conda", "pip", "uninstall", one.name)
        hints.append(f"To remove it: `{remove}`.")
    for name in others:
        repair = target.command("conda", "pip", "repair", name)
        hints.append(f"To repair {name}: `{repair}`.")
    return InteropError(
        "not-available",
        f"Nothing was changed: {one.name} {one.version} of {target.label} is no longer available "
        "on the index.",
        hints=tuple(hints),
    )


def _is_available(requirement: str, installer: Installer) -> bool:
    """Return whether the index has what satisfies a requirement."""
    try:
        installer.resolve((Line(text=requirement),), provided=(), with_deps=False)
    except InteropError:
        return False
    return True
