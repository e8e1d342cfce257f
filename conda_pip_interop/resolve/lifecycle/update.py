"""Plan newer versions of what is installed, by its own manager, within what the user requested."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import InstallPip, Keep, LinkConda, build_title
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.dependencies.requirements import fits, parse_requirement
from conda_pip_interop.dependency_files.locations import Location, parse_location
from conda_pip_interop.environment.origin import find_origin
from conda_pip_interop.environment.target import not_installed
from conda_pip_interop.environment.versions import is_newer, parse_version
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec, select_versions
from conda_pip_interop.resolve.install import build_plan, resolve
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.request import (
    INSTALLED,
    DirectRequirement,
    NamedRequirement,
    Request,
    build_preferences,
    require_installed,
)
from conda_pip_interop.resolve.request.requested_versions import (
    parse_history_spec,
    read_history_specs,
    read_requested_versions,
)
from conda_pip_interop.resolve.solver import CondaSpec
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep, Plan
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.protection.policy import Policy
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.solver import Conda


@dataclass(frozen=True, kw_only=True, slots=True)
class Update:
    """What is to become newer, and what is left as it is, with the reason.

    `every`: all of the environment, also what has nothing to do with Python.
    """

    request: Request
    left: tuple[Keep, ...]
    every: bool

    def find_hindrance(self, name: NormalizedName, version: str) -> str | None:
        """Return what keeps a distribution from a version, None if nothing is known."""
        for kept in self.left:
            if canonicalize_name(kept.name) == name:
                return kept.reason
        for one in (*self.request.requirements, *self.request.constraints):
            if one.name == name and not fits(version, one.requirement.specifier):
                by = "" if one.origin == INSTALLED else f"{one.origin} requires "
                return f"{by}{one.requirement}"
        return None


def build_update(
    names: Iterable[str], *, every: bool, upgrade_vcs: bool, snapshot: Snapshot, target: Target
) -> Update:
    """Build the request that updates `names`, or all distributions.

    Raises InteropError `not-installed`, `no-distribution`.
    """
    wanted = {canonicalize_name(name) for name in names}
    known = {one.name for one in snapshot.distributions}
    _refuse_unknown(sorted(wanted - known), snapshot, target)
    chosen = [one for one in snapshot.distributions if every or one.name in wanted]
    requested = read_requested_versions(snapshot)
    extras = _read_extras(snapshot)
    named: list[NamedRequirement] = []
    direct: list[DirectRequirement] = []
    left: list[Keep] = []
    for one in sorted(chosen, key=lambda one: one.name):
        origin = find_origin(snapshot, one)
        versions = requested.get(one.name, SpecifierSet())
        source = _find_repository(one) if upgrade_vcs and origin.owner == "pip" else None
        reason = None
        if origin.in_place_of:
            reason = f"it replaces conda's {origin.in_place_of}"
        elif source is not None:
            direct.append(source)
        elif origin.is_direct:
            reason = f"not from an index: {origin}"
        elif versions is None:
            reason = "conda's history has a spec of it that is no mere version"
        else:
            named.append(require_installed(f"{one.name}{extras.get(one.name, '')}{versions}"))
        if reason is not None:
            version = snapshot.ownership.version_of(one)
            left.append(Keep(manager=origin.owner, name=one.name, version=version, reason=reason))
    request = Request(
        requirements=tuple(named),
        direct=tuple(direct),
        options=InstallOptions(upgrade=True),
    )
    limits = tuple(_find_limits(request, snapshot))
    return Update(request=replace(request, constraints=limits), left=tuple(left), every=every)


def _refuse_unknown(names: list[NormalizedName], snapshot: Snapshot, target: Target) -> None:
    graph = read_graph(snapshot)
    packages = [one.name for name in names for one in graph.find(name)]
    absent = [name for name in names if not graph.find(name)]
    if absent:
        raise not_installed(absent, target, installed=snapshot.names)
    if packages:
        update = target.command("conda", "update", *packages)
        raise InteropError(
            "no-distribution",
            f"conda's {', '.join(packages)} in {target.label} has no Python distribution.",
            hints=(f"To update with conda: `{update}`.",),
        )


def _read_extras(snapshot: Snapshot) -> Mapping[NormalizedName, str]:
    """Read the extras that the user requested, as they stand in a requirement."""
    texts = read_state(snapshot.prefix.root).requests.values()
    parsed = (one for one in map(parse_requirement, texts) if one is not None and one.extras)
    return {canonicalize_name(one.name): f"[{','.join(sorted(one.extras))}]" for one in parsed}


def _find_repository(one: Distribution) -> DirectRequirement | None:
    """Return the repository that a distribution came from (PEP 610), at no certain commit.

    None for what the user wanted at just that commit, and for what is not from a repository.
    """
    origin = one.direct_url or {}
    vcs, url = origin.get("vcs_info"), origin.get("url")
    if not isinstance(vcs, dict) or not isinstance(url, str):
        return None
    revision = vcs.get("requested_revision")
    if revision == vcs.get("commit_id"):
        return None
    within = origin.get("subdirectory")
    text = f"{vcs.get('vcs')}+{url}{f'@{revision}' if revision else ''}"
    text += f"#subdirectory={within}" if within else ""
    location = parse_location(text, folder=Path.cwd())
    if not isinstance(location, Location):
        return None
    return DirectRequirement(
        location=replace(location, name=one.name), origin=INSTALLED, in_file=True
    )


def _find_limits(request: Request, snapshot: Snapshot) -> Iterator[NamedRequirement]:
    """Find what pip's packages that are not updated themselves require of the others.

    conda's solver and pip's look only at their own, and at what is requested.
    """
    named = {one.name for one in request.requirements}
    updated = named | {one.location.name for one in request.direct}
    for package in read_graph(snapshot).packages.values():
        if package.owner == "pip" and canonicalize_name(package.name) not in updated:
            for need in package.dependencies:
                name = canonicalize_name(need.name)
                if name in named and need.specifier and need.from_metadata:
                    try:
                        requirement = Requirement(f"{name}{SpecifierSet(need.specifier)}")
                    except InvalidSpecifier:
                        continue  # pip ignores such a requirement, too
                    yield NamedRequirement(requirement=requirement, origin=package.name)


def plan_update(
    update: Update,
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    policy: Policy,
    open_installer: Callable[[Request], Installer],
) -> Plan:
    """Plan what conda and pip have of newer versions; raises what `resolve` raises.

    conda's history stays as it is: nothing is requested that was not before.
    """
    request = update.request
    installer = open_installer(request)
    specs = read_history_specs(target.prefix)
    held = {one.name: one for one in _hold_replaced(snapshot)} if update.every else {}
    python = _build_python(specs, snapshot) if update.every else None
    found = resolve(
        request,
        snapshot=snapshot,
        target=target,
        solver=solver,
        installer=installer,
        preferences=replace(build_preferences(request, policy), to_newest=False),
        always=frozenset((*held.values(), *(() if python is None else (python,)))),
    )
    asked = {*found.expected.values(), *held, "python"} - found.needed
    history = {name: specs.get(name, "") for name in asked}
    plan = build_plan(found, "update", snapshot, installer, history=history)
    steps = (
        *update.left,
        *_build_steps(
            found,
            every=update.every,
            repositories={one.location.name for one in request.direct},
            snapshot=snapshot,
            solver=solver,
        ),
    )
    names = [one.name for one in steps if not isinstance(one, Keep)]
    return replace(
        plan,
        title=build_title("update", names),
        steps=steps,
        requests={},
    )


def _hold_replaced(snapshot: Snapshot) -> Iterator[CondaSpec]:
    """Hold conda's packages that pip has replaced: another version would replace pip's in turn."""
    for one in snapshot.distributions:
        override = snapshot.ownership.override_of(one)
        if override is not None:
            record = override.record
            yield CondaSpec(name=record.name, version=f"=={record.version}")


def _build_python(specs: Mapping[str, str], snapshot: Snapshot) -> CondaSpec | None:
    """Build the spec of the same Python, within what the user requested."""
    python = snapshot.prefix.python
    if python is None:
        return None
    series = SpecifierSet(f"=={'.'.join(python.version.split('.')[:2])}.*")
    requested = parse_history_spec(specs.get("python", "python")) or SpecifierSet()
    version = build_conda_spec(series & requested)
    return (
        None if isinstance(version, NotExpressible) else CondaSpec(name="python", version=version)
    )


def _build_steps(
    found: Resolution,
    *,
    every: bool,
    repositories: Collection[NormalizedName | None],
    snapshot: Snapshot,
    solver: Conda,
) -> Iterator[PackageStep]:
    """Build the steps; without `every`, what is not updated is told, too.

    `repositories` are the distributions that get the newest commit.
    """
    if not every:
        yield from _find_kept(found, snapshot, solver)
    for step in found.steps:
        if not (every and isinstance(step, Keep)):
            yield _explain(step, found, repositories)


def _find_kept(found: Resolution, snapshot: Snapshot, solver: Conda) -> Iterator[Keep]:
    """Find what conda was asked for, and leaves as it is."""
    versions = {one.name: snapshot.ownership.version_of(one) for one in snapshot.distributions}
    linked = {one.name for one in found.solution.linked} if found.solution else set()
    for name, package in sorted(found.expected.items()):
        if package in linked or name not in versions:
            continue
        known = [one.version for one in solver.find_candidates(name)]
        current = parse_version(versions[name])
        newer = SpecifierSet(f">{current.public}") if current is not None else SpecifierSet()
        reason = f"the channels have no newer one{_render_limit(name, found)}"
        if select_versions(newer & found.ranges[name], known):
            reason = "no newer one works with the other packages"
        yield Keep(manager="conda", name=name, version=versions[name], reason=reason)


def _explain(
    step: PackageStep, found: Resolution, repositories: Collection[NormalizedName | None]
) -> PackageStep:
    name = canonicalize_name(step.name)
    match step:
        case Keep(manager="pip"):
            return replace(step, reason=f"no newer one on the index{_render_limit(name, found)}")
        case LinkConda(previous=str(previous)) if is_newer(step.version, previous):
            return replace(step, reason="newer version")
        case InstallPip() if name in repositories:
            return replace(step, reason="the newest commit of its repository")
        case InstallPip(previous=str()):
            return replace(step, reason="newer version on the index")
        case _:
            return step


def _render_limit(name: NormalizedName, found: Resolution) -> str:
    limit = found.ranges.get(name)
    return f" within {limit}" if limit else ""
