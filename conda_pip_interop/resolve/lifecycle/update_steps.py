"""The steps of an update: what becomes newer, and why the rest does not. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import InstallPip, Keep, LinkConda
from conda_pip_interop.environment.versions import is_newer, parse_version
from conda_pip_interop.names.versions import select_versions

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.solver import Conda


def build_update_steps(
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
