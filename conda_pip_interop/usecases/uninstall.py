"""`conda pip uninstall`: pip's distributions, and what nothing needs without them.

Not by pip, which removes whatever a RECORD lists, whoever else lists it too, and for good: what
only these distributions list is removed by way of the journal, so that `conda pip undo` brings it
back. The outcome is pip's, to the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda_pip_interop.core.apply import open_operation
from conda_pip_interop.core.ownership import ByConda, owners_of
from conda_pip_interop.core.plan import PackageAction, RemoveFile
from conda_pip_interop.render import render_plan
from conda_pip_interop.usecases.payload import read_payload
from conda_pip_interop.usecases.removable import choose_removable, find_held
from conda_pip_interop.usecases.unneeded import find_broken, find_left_over, find_unneeded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.paths import PrefixPath
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.usecases.graph import Graph, Node
    from conda_pip_interop.usecases.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class UninstallPlan:
    """Which packages go, with which files, and what there is to say of it."""

    actions: tuple[PackageAction, ...]
    removals: tuple[RemoveFile, ...]
    notes: tuple[str, ...]


def plan_uninstall(
    names: Sequence[str], *, snapshot: Snapshot, graph: Graph, target: Target, keep_deps: bool
) -> UninstallPlan:
    """Find what goes; with `keep_deps` only `names`. Raises what `choose_removable` raises."""
    chosen = choose_removable(names, snapshot, graph, target)
    keys = [node.key for node in chosen]
    held = find_held(snapshot, target)
    unneeded = () if keep_deps else find_unneeded(graph, keys, held=held)
    going = (*chosen, *unneeded)
    taken = {node.name for node in going}
    removals, shared = _find_files(
        tuple(one for one in snapshot.distributions if one.name in taken), snapshot
    )
    return UninstallPlan(
        actions=tuple(_build_actions(graph, chosen, unneeded)),
        removals=removals,
        notes=(*_find_notes(graph, going, target), *_render_shared(shared)),
    )


def carry_out(
    plan: UninstallPlan,
    *,
    snapshot: Snapshot,
    target: Target,
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Remove the files, all or none, and keep them in the journal."""
    title = f"uninstall {' '.join(action.name for action in plan.actions)}"
    with open_operation(
        target.prefix, title, fingerprint=snapshot.fingerprint, on_wait=on_wait
    ) as operation:
        operation.apply(plan.removals)


def render_uninstall(plan: UninstallPlan, target: Target) -> str:
    """The plan as text, with what there is to say of it."""
    notes = "\n".join(plan.notes)
    return f"{render_plan(target.label, plan.actions)}\n\n{notes}".rstrip()


def _build_actions(
    graph: Graph, chosen: tuple[Node, ...], unneeded: tuple[Node, ...]
) -> Iterator[PackageAction]:
    dependents = graph.dependents()
    for node in (*chosen, *unneeded):
        reason = "asked for"
        if node in unneeded:
            users = sorted({other.name for other, _ in dependents[node.key]} - {node.name})
            reason = f"only {', '.join(users)} needed it"
        yield PackageAction(
            manager="pip",
            verb="remove",
            name=node.name,
            version=None,
            previous=node.version,
            reason=reason,
        )


def _find_files(
    distributions: tuple[Distribution, ...], snapshot: Snapshot
) -> tuple[tuple[RemoveFile, ...], dict[PrefixPath, str]]:
    """(what only these distributions list, what others list too with their names)."""
    ownership = owners_of(snapshot)
    names = {one.name for one in distributions}
    removals: dict[PrefixPath, RemoveFile] = {}
    shared: dict[PrefixPath, str] = {}
    for one in distributions:
        for path in read_payload(one, snapshot.prefix.root):
            others = [
                f"conda's {claim.record}"
                if isinstance(claim, ByConda)
                else f"pip's {claim.distribution}"
                for claim in ownership.claims(path)
                if isinstance(claim, ByConda) or claim.distribution not in names
            ]
            if others:
                shared[path] = " and ".join(others)
            else:
                removals[path] = RemoveFile(path=path, reason=f"pip's {one.name} {one.version}")
    return tuple(removals.values()), shared


def _find_notes(graph: Graph, going: tuple[Node, ...], target: Target) -> Iterator[str]:
    """What a person should know before they agree."""
    keys = [node.key for node in going]
    for node, need in find_broken(graph, keys):
        asked = f" {need.asked}" if need.asked else ""
        who = f"{node.owner}'s {node.name} {node.version}"
        yield f"Still needed: {who} requires {need.name}{asked}."
    for node in going:
        for one in node.projects:
            if one.editable:
                yield f"{node.name} is editable: its source stays in {one.editable}."
    left = [node.name for node in find_left_over(graph, keys)]
    if left:
        yield (
            f"Nothing else needs conda's {', '.join(left)}; "
            f"to remove: `{target.command('conda', 'remove', *left)}`."
        )


def _render_shared(shared: dict[PrefixPath, str]) -> Iterator[str]:
    for owners in sorted(set(shared.values())):
        paths = [path for path, owner in shared.items() if owner == owners]
        count = "1 file stays" if len(paths) == 1 else f"{len(paths)} files stay"
        yield f"{count}, {paths[0]} for one: {owners} lists it too."
