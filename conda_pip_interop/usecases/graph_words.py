"""Nodes of the graph in words, and as JSON-ready values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.usecases.graph import Graph, Need, Node
    from conda_pip_interop.usecases.target import Target


def find_nodes(graph: Graph, names: Iterable[str], target: Target) -> tuple[Node, ...]:
    """The nodes of all names; raises InteropError `not-installed` naming those that are not."""
    found: dict[str, Node] = {}
    missing: list[str] = []
    for name in names:
        nodes = graph.find(name)
        found.update({node.key: node for node in nodes})
        if not nodes:
            missing.append(name)
    if missing:
        raise not_installed(missing, target)
    return tuple(found.values())


def not_installed(names: list[str], target: Target) -> InteropError:
    """The error for names that neither manager has installed."""
    return InteropError(
        "not-installed",
        f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} not installed in {target.label}.",
        hints=(f"To see what is: `{target.command('conda', 'pip', 'list')}`.",),
    )


def render_node(
    node: Node, need: Need | None = None, *, is_root: bool = False, reverse: bool = False
) -> str:
    """A line about a node, and what is asked of it (with `reverse`, what it asks)."""
    told: list[str] = [node.owner]
    if node.asked:
        told.append("asked for")
    elif is_root and not reverse:
        told.append("nobody asked for it")
    text = f"{node.label} {node.version} [{', '.join(told)}]"
    return f"{text}{_render_need(need, 'needs' if reverse else 'needed')}" if need else text


def render_missing(need: Need) -> str:
    """A line about what is required and not installed."""
    return f"{need.name}{_render_need(need, 'needed')}"


def _render_need(need: Need, verb: str) -> str:
    parts = [verb, need.asked, f"for extra {need.extra}" if need.extra else ""]
    told = " ".join(filter(None, parts)) if any(parts[1:]) else ""
    lacks = "NOT INSTALLED" if need.target is None else "NOT MET"
    return " " * bool(told or not need.met) + ", ".join(
        filter(None, [told, "" if need.met else lacks])
    )


def node_to_dict(node: Node) -> dict[str, object]:
    """The JSON-ready form of a node, without its needs."""
    return {
        "name": node.name,
        "version": node.version,
        "owner": node.owner,
        "distributions": [one.name for one in node.projects],
        "asked": node.asked,
    }


def need_to_dict(need: Need) -> dict[str, object]:
    """The JSON-ready form of what is asked of a node."""
    return {"asked": need.asked, "extra": need.extra, "met": need.met}
