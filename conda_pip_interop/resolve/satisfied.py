"""Plan a request that the environment satisfies already, from what it names alone.

Neither a channel, nor an index, nor the rest of the environment is read for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import Plan, build_title
from conda_pip_interop.dependencies.requirements import find_subdir, marker_environment
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.snapshot import read_closure
from conda_pip_interop.names.extras import explain_missing_extras
from conda_pip_interop.resolve.agreement.assignment import (
    AlreadyInstalled,
    Assigner,
    InstalledPackage,
    list_installed,
)
from conda_pip_interop.resolve.agreement.plan_steps import build_steps
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.request import Request

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot


class _NotSatisfiedError(Exception):
    """A name would have to be installed."""


def plan_satisfied(request: Request, root: Path) -> Plan | None:
    """Return the plan that `resolve.install.plan_install` makes if all is kept, otherwise None.

    None also for a request that says more than names and versions, and where it is not sure from
    what it names alone (`read_closure`).
    """
    if not _has_only_names(request):
        return None
    snapshot = read_closure(root, [one.name for one in request.requirements])
    if snapshot is None:
        return None
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    notes = request.explain_choice(environment)
    request = request.choose(environment)
    distributions = {one.name: one for one in snapshot.distributions}
    installed = list_installed(snapshot)
    provided = _find_provided(snapshot, installed)

    def requires(name: NormalizedName) -> tuple[str, ...]:
        there = distributions.get(name)
        return () if there is None else snapshot.read_metadata(there).requires_dist

    assigner = Assigner(
        installed=installed,
        candidates=_find_no_candidates,
        environment=environment,
        requires=requires,
        provides=lambda name: name in provided,
    )
    try:
        supplies = assigner.assign(one.requirement for one in request.requirements)
    except _NotSatisfiedError:
        return None
    if not all(isinstance(one, AlreadyInstalled) for one in supplies.values()):
        return None
    requested: dict[str, str] = {one.name: one.remembered for one in request.requirements}
    asked = [distributions[one.name] for one in request.requirements]
    return Plan(
        title=build_title("install", requested.values()),
        steps=build_steps(supplies, None),
        fingerprint=snapshot.fingerprint,
        notes=(
            *notes,
            *dict.fromkeys(
                note
                for one, there in zip(request.requirements, asked, strict=True)
                for note in explain_missing_extras(one.requirement, snapshot.read_metadata(there))
            ),
        ),
        requests=requested,
        requested_packages=frozenset(
            owner.record.name
            for one in asked
            if isinstance(owner := snapshot.ownership.owner_of(one), ByConda)
        ),
    )


def _has_only_names(request: Request) -> bool:
    """Return whether a request is one of names and versions, with no option that matters."""
    plain = Request(requirements=request.requirements, options=request.options)
    harmless = replace(
        request.options, requirement_files=(), prefer=None, keep_going=False, solver=None
    )
    return bool(request.requirements) and request == plain and harmless == InstallOptions()


def _find_no_candidates(name: NormalizedName) -> NoReturn:
    raise _NotSatisfiedError(name)


def _find_provided(
    snapshot: Snapshot, installed: Mapping[NormalizedName, InstalledPackage]
) -> Collection[str]:
    """Find the names that conda has: see `KnownPackages.is_provided`."""
    packages = {canonicalize_name(one.name) for one in snapshot.records}
    return packages - installed.keys() | {
        name for name, one in installed.items() if one.manager == "conda"
    }
