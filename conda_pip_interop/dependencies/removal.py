"""What the removal of distributions leaves without use, and what it breaks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from conda_pip_interop.dependencies.graph import Graph, Need, Node


def find_unneeded(
    graph: Graph, removed: Iterable[str], *, held: Collection[str] = ()
) -> tuple[Node, ...]:
    """pip's distributions that came along with `removed` (keys), and that nothing needs then.

    What somebody asked for stays, and what an extra of something that stays might need: nobody
    writes down which extras were asked for. So does what is in `held` (keys), with its own needs.
    """
    removed = frozenset(removed)
    candidates = {
        key
        for key in graph.reach(removed, options=True) - removed
        if graph.nodes[key].owner == "pip" and not graph.nodes[key].asked and key not in held
    }
    staying = graph.nodes.keys() - removed - candidates
    needed = graph.reach(staying, without=removed, options=True)
    return tuple(graph.nodes[key] for key in sorted(candidates - needed))


def find_left_over(graph: Graph, removed: Iterable[str]) -> tuple[Node, ...]:
    """conda's packages that only `removed` needed themselves, whether asked for or not.

    conda counts what it was given for the sake of a distribution of pip's as asked for.
    """
    removed = frozenset(removed)
    dependents = graph.dependents(options=True)
    direct = {need.target for key in removed for need in graph.nodes[key].needs}
    return tuple(
        node
        for key, node in sorted(graph.nodes.items())
        if key in direct - removed
        and node.owner == "conda"
        and all(other.key in removed for other, _ in dependents[key])
    )


def find_broken(graph: Graph, removed: Iterable[str]) -> tuple[tuple[Node, Need], ...]:
    """What stays and needs something of `removed`."""
    removed = frozenset(removed)
    return tuple(
        (node, need)
        for key, node in sorted(graph.nodes.items())
        if key not in removed
        for need in node.needs
        if need.target in removed
    )
