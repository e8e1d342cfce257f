"""Draw the dependency graph as text and as JSON-ready values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.dependencies.graph import Graph, Need, Node
    from conda_pip_interop.environment.target import Target


#: (a branch, the last branch, below a branch, below the last one)
_LINES: Final = ("├── ", "└── ", "│   ", "    ")
_ASCII: Final = ("|-- ", "`-- ", "|   ", "    ")


@dataclass(frozen=True, kw_only=True, slots=True)
class Branch:
    """A line, and what hangs below it."""

    text: str
    below: tuple[Branch, ...] = ()


def draw_branches(roots: Iterable[Branch], *, ascii_only: bool = False) -> str:
    """The trees one below the other; with `ascii_only`, for a terminal that knows no more."""
    signs = _ASCII if ascii_only else _LINES
    return "\n".join(line for root in roots for line in (root.text, *_draw(root.below, signs)))


def can_draw(encoding: str | None) -> bool:
    """Whether the lines of a drawn tree can be written in this encoding."""
    try:
        "".join(_LINES).encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _draw(branches: tuple[Branch, ...], signs: tuple[str, str, str, str]) -> Iterator[str]:
    for number, one in enumerate(branches, 1):
        last = number == len(branches)
        yield f"{signs[last]}{one.text}"
        for line in _draw(one.below, signs):
            yield f"{signs[2 + last]}{line}"


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
