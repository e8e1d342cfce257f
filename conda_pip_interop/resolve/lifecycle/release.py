"""Plan the move of conda's packages to pip, in the same versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.plan import InstallPip, Keep, Plan, UnlinkConda, build_title
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.conda_meta.history import (
    parse_requested_specs,
    read_history_text,
)
from conda_pip_interop.environment.target import not_installed
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.install import build_plan, resolve
from conda_pip_interop.resolve.removals import unlink_too
from conda_pip_interop.resolve.request.request import Preferences, Request, require_installed
from conda_pip_interop.resolve.request.requested_versions import read_requested_versions
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.dependencies.graph import Graph, Package
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.solver import Conda


@dataclass(frozen=True, kw_only=True, slots=True)
class _Leaving:
    """conda's packages that move to pip, and the distributions in them with their versions."""

    packages: tuple[Package, ...]
    versions: Mapping[NormalizedName, str]

    @property
    def requested(self) -> frozenset[NormalizedName]:
        """The distributions of what the user requested of conda."""
        chosen = (one for one in self.packages if one.requested)
        return frozenset(dist.name for one in chosen for dist in one.distributions)


def plan_release(
    names: Iterable[str],
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    open_installer: Callable[[Request], Installer],
) -> Plan:
    """Plan that pip installs what conda unlinks, in the same versions.

    Raises InteropError `not-installed`, `not-releasable`, `still-required`, and what `resolve`
    raises.
    """
    graph = read_graph(snapshot)
    leaving, kept = _choose(names, graph, snapshot, target)
    if not leaving.packages:
        return Plan(title="release", steps=kept, fingerprint=snapshot.fingerprint)
    _refuse_required(leaving, snapshot, target)
    request = Request(
        requirements=tuple(
            require_installed(f"{name}=={version}")
            for name, version in sorted(leaving.versions.items())
        )
    )
    installer = open_installer(request)
    found = resolve(
        request,
        snapshot=snapshot,
        target=target,
        solver=solver,
        installer=installer,
        preferences=Preferences(
            from_pypi=frozenset(leaving.versions), overwrite=frozenset(leaving.versions)
        ),
    )
    found = _keep_requested(found, leaving)
    packages = [one.name for one in leaving.packages]
    plan = build_plan(found, "release", snapshot, installer)
    needed = _find_needed(leaving, graph, snapshot)
    return replace(
        plan,
        title=build_title("release", sorted(packages)),
        steps=(*kept, *_build_steps(found, leaving)),
        conda=unlink_too(plan.conda, packages, solver, needed=needed),
        overwrite=frozenset(),
        requests=_find_requests(leaving, snapshot),
        needed=plan.needed | needed,
    )


def _choose(
    names: Iterable[str], graph: Graph, snapshot: Snapshot, target: Target
) -> tuple[_Leaving, tuple[Keep, ...]]:
    """Find the packages of `names` (PyPI's or conda's), and what pip has already."""
    chosen: dict[str, Package] = {}
    kept: list[Keep] = []
    absent: list[str] = []
    for name in names:
        packages = graph.find(name)
        absent += [] if packages else [name]
        for one in packages:
            if one.owner == "pip":
                reason = "already installed by pip"
                kept.append(Keep(manager="pip", name=one.name, version=one.version, reason=reason))
            elif not one.distributions:
                raise InteropError(
                    "not-releasable",
                    f"conda's {one.name} in {target.label} has no Python distribution that pip "
                    "could install.",
                )
            else:
                chosen[one.key] = one
    if absent:
        raise not_installed(absent, target, installed=snapshot.names)
    version_of = snapshot.ownership.version_of
    versions = {
        one.name: version_of(one) for package in chosen.values() for one in package.distributions
    }
    return _Leaving(packages=tuple(chosen.values()), versions=versions), tuple(kept)


def _refuse_required(leaving: _Leaving, snapshot: Snapshot, target: Target) -> None:
    """Raise InteropError `still-required` where packages of conda's that stay depend on one."""
    names = {one.name for one in leaving.packages}
    users: dict[str, list[str]] = {}
    for record in snapshot.records:
        if record.name not in names:
            for name in names & {spec.split()[0] for spec in record.depends}:
                users.setdefault(name, []).append(record.name)
    if not users:
        return
    told = "; ".join(
        f"conda's {', '.join(sorted({*others}))} {'requires' if len({*others}) == 1 else 'require'}"
        f" conda's {name}"
        for name, others in sorted(users.items())
    )
    requiring = {other for others in users.values() for other in others}
    every = dict.fromkeys((*(one.name for one in leaving.packages), *sorted(requiring)))
    release = target.command("conda", "pip", "release", *every)
    raise InteropError(
        "still-required",
        f"Nothing was changed in {target.label}: {told}.",
        hints=(f"To move those, too: `{release}`.",),
    )


def _keep_requested(found: Resolution, leaving: _Leaving) -> Resolution:
    """Let pip note as requested (PEP 376) what the user requested of conda."""
    items = tuple(
        replace(one, requested=one.name in leaving.requested)
        if one.name in leaving.versions
        else one
        for one in found.items
    )
    return replace(found, items=items)


def _find_needed(leaving: _Leaving, graph: Graph, snapshot: Snapshot) -> frozenset[str]:
    """Find what the packages depend on and conda's history does not have.

    Without an entry there, `conda update --all` removes what only packages of pip need.
    """
    noted = parse_requested_specs(read_history_text(snapshot.prefix.root))
    keys = {one.key for one in leaving.packages}
    targets = {need.target for one in leaving.packages for need in one.dependencies}
    found = (graph.packages[key] for key in targets - keys if key is not None)
    return frozenset(one.name for one in found if one.owner == "conda" and one.name not in noted)


def _find_requests(leaving: _Leaving, snapshot: Snapshot) -> Mapping[str, str]:
    """Find what the user requested of conda in certain versions, as requirements for pip."""
    versions = read_requested_versions(snapshot)
    known = read_state(snapshot.prefix.root).requests
    return {
        name: f"{name}{versions.get(name) or ''}"
        for name in sorted(leaving.requested)
        if name not in known
    }


def _build_steps(found: Resolution, leaving: _Leaving) -> Iterator[PackageStep]:
    for one in leaving.packages:
        yield UnlinkConda(name=one.name, version=one.version, reason="moves to pip")
    for step in found.steps:
        if isinstance(step, InstallPip) and canonicalize_name(step.name) in leaving.versions:
            yield replace(step, previous=None, reason="moves from conda")
        else:
            yield step
