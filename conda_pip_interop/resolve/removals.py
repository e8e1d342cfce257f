"""What a sync removes: all that the plan for the files neither installs, nor keeps, nor needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import (
    InstallPip,
    Keep,
    LinkConda,
    RemovePip,
    UnlinkConda,
)
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.resolve.parts import SolvedPart
from conda_pip_interop.resolve.uninstall import TOOLS, find_removals, refuse_obstacles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from conda_pip_interop.changes.plan import CondaPart, Plan
    from conda_pip_interop.dependencies.graph import Graph, Package
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.solver import Conda


def add_removals(
    plan: Plan,
    kept: Collection[str],
    snapshot: Snapshot,
    *,
    target: Target,
    conda: Conda,
    label: str,
) -> Plan:
    """Add to a plan the removal of what the files `label` do not need.

    `kept` are the packages that they state as conda's, and their own projects; Python, pip and its
    tools stay, too. Raises what `find_obstacle` finds.
    """
    graph = read_graph(snapshot)
    going = [*_find_unneeded(plan, kept, graph)]
    if not going:
        return plan
    condas = tuple(one.name for one in going if one.owner == "conda")
    pips = {canonicalize_name(one.name): one for one in going if one.owner == "pip"}
    distributions = tuple(
        one
        for one in snapshot.distributions
        if one.name in pips and not _goes_with_conda(one.name, condas, snapshot)
    )
    refuse_obstacles(distributions, snapshot, target)
    reason = f"not needed by {label}"
    removed = [
        (UnlinkConda if one.owner == "conda" else RemovePip)(
            name=one.name, version=one.version, reason=reason
        )
        for one in going
    ]
    return replace(
        plan,
        title=f"sync {label}",
        steps=(*plan.steps, *removed, *find_removals(distributions, snapshot)[0]),
        conda=unlink_too(plan.conda, condas, conda) if condas else plan.conda,
    )


def _find_unneeded(plan: Plan, kept: Collection[str], graph: Graph) -> Iterator[Package]:
    needed: set[str] = set()
    names = {*TOOLS, "python", *kept}
    for step in plan.packages:
        if isinstance(step, Keep | LinkConda | InstallPip):
            names.add(step.name)
    if isinstance(plan.conda, SolvedPart):
        linked = plan.conda.solution.linked
        names |= {spec.split()[0] for one in linked for spec in one.depends if spec.split()}
    for name in names:
        needed |= {one.key for one in graph.find(name)}
        needed |= {f"conda:{name}"} & graph.packages.keys()
    gone = {one.name for one in plan.packages if isinstance(one, UnlinkConda)}
    staying = graph.find_closure(needed)
    for key, package in sorted(graph.packages.items()):
        if key not in staying and not (package.owner == "conda" and package.name in gone):
            yield package


def _goes_with_conda(name: str, condas: tuple[str, ...], snapshot: Snapshot) -> bool:
    """Whether pip's files are those of a record that conda unlinks."""
    return any(
        record.name in condas and name in record.overridden_by for record in snapshot.records
    )


def unlink_too(
    part: CondaPart | None, names: Collection[str], conda: Conda, *, needed: Collection[str] = ()
) -> SolvedPart:
    """Build conda's part of a plan that unlinks `names`, too; `needed`: see `Conda.unlink`."""
    if isinstance(part, SolvedPart):
        solution = conda.unlink(names, needed=needed, beside=part.solution)
        return replace(part, solution=solution)
    return SolvedPart(solution=conda.unlink(names, needed=needed, beside=None), expected={})
