"""`conda pip tree`: who needs whom, across both managers. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from conda_pip_interop.commands.inspect.graph_text import (
    Branch,
    draw_branches,
    find_nodes,
    need_to_dict,
    node_to_dict,
    render_missing,
    render_node,
)
from conda_pip_interop.commands.output import Output

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.dependencies.graph import Graph, Need
    from conda_pip_interop.environment.target import Target

#: What hangs below a node, each with the need that leads there; no key: nothing answers it.
Edges: TypeAlias = "tuple[tuple[str | None, Need], ...]"


def show_tree(
    graph: Graph,
    names: Sequence[str],
    target: Target,
    *,
    reverse: bool = False,
    ascii_only: bool = False,
) -> Output:
    """What each package needs, or with `reverse` who needs it; without names, of all.

    conda's packages that have nothing to do with Python are left out, unless one is named. Raises
    InteropError `not-installed`.
    """
    chosen = find_nodes(graph, names, target)
    shown = find_pythonic(graph)
    if any(node.key not in shown for node in chosen):
        shown = frozenset(graph.nodes)
    edges = _find_upward(graph, shown) if reverse else _find_downward(graph, shown)
    roots = [node.key for node in chosen] if names else find_roots(graph, shown, edges)
    grower = _Grower(graph=graph, edges=edges, reverse=reverse)
    text = draw_branches([grower.grow(key) for key in roots], ascii_only=ascii_only)
    if grower.repeated:
        text += "\n\n(*) what is below it is shown above"
    packages = sorted(grower.seen, key=lambda key: (graph.nodes[key].name, key))
    return Output(
        text=text or f"{target.label} has no Python packages.",
        document={
            "prefix": str(target.prefix),
            "roots": [graph.nodes[key].name for key in roots],
            "packages": [_edges_to_dict(graph, key, edges, reverse=reverse) for key in packages],
        },
    )


def find_pythonic(graph: Graph) -> frozenset[str]:
    """The keys of distributions, of what they require, and of packages that lead to any.

    Python itself is left out: everything needs it.
    """
    waiting = [node.key for node in graph.nodes.values() if node.projects]
    waiting += [
        need.target
        for node in graph.nodes.values()
        for need in node.needs
        if need.by_distribution and need.target is not None
    ]
    dependents = graph.dependents()
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in found and key != "conda:python":
            found.add(key)
            waiting += [node.key for node, _ in dependents.get(key, ())]
    return frozenset(found)


def _find_downward(graph: Graph, shown: frozenset[str]) -> Mapping[str, Edges]:
    return {
        key: tuple(
            (need.target, need)
            for need in sorted(graph.nodes[key].needs, key=lambda need: need.name)
            if need.target is None or need.target in shown
        )
        for key in shown
    }


def _find_upward(graph: Graph, shown: frozenset[str]) -> Mapping[str, Edges]:
    dependents = graph.dependents()
    return {
        key: tuple(
            (node.key, need)
            for node, need in sorted(dependents.get(key, ()), key=lambda pair: pair[0].name)
            if node.key in shown
        )
        for key in shown
    }


def find_roots(graph: Graph, shown: frozenset[str], edges: Mapping[str, Edges]) -> list[str]:
    """Where to start so that all is shown: what hangs below nothing, then one of each rest.

    The rest are cycles that nothing leads into.
    """
    below = {key for one in shown for key, _ in edges[one]}
    ordered = sorted(shown, key=lambda key: (graph.nodes[key].name, key))
    roots = [key for key in ordered if key not in below]
    reached: set[str] = set()
    for key in [*roots, *ordered]:
        if key in reached:
            continue
        if key in below:
            roots.append(key)
        waiting = [key]
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += [other for other, _ in edges[one] if other is not None]
    return roots


@dataclass(kw_only=True, slots=True)
class _Grower:
    """Grows trees; what has been shown with all below it is only named the second time."""

    graph: Graph
    edges: Mapping[str, Edges]
    reverse: bool
    seen: set[str] = field(default_factory=set)
    repeated: bool = False

    def grow(self, key: str, need: Need | None = None, above: tuple[str, ...] = ()) -> Branch:
        """The tree of one node; `above` are the keys from the root to it."""
        text = render_node(self.graph.nodes[key], need, is_root=not above, reverse=self.reverse)
        if key in above:
            return Branch(text=f"{text} (cycle)")
        if key in self.seen and self.edges[key]:
            self.repeated = True
            return Branch(text=f"{text} (*)")
        self.seen.add(key)
        return Branch(
            text=text,
            below=tuple(
                Branch(text=render_missing(one))
                if other is None
                else self.grow(other, one, (*above, key))
                for other, one in self.edges[key]
            ),
        )


def _edges_to_dict(
    graph: Graph, key: str, edges: Mapping[str, Edges], *, reverse: bool
) -> dict[str, object]:
    return {
        **node_to_dict(graph.nodes[key]),
        "needed_by" if reverse else "needs": [
            {
                "name": need.name if other is None else graph.nodes[other].name,
                "version": None if other is None else graph.nodes[other].version,
                **need_to_dict(need),
            }
            for other, need in edges[key]
        ],
    }


HELP = "Show dependencies across conda and pip"
EXAMPLES = (
    "conda pip tree -n web\nconda pip tree -n web flask\nconda pip tree -n web --reverse markupsafe"
)


def configure(parser: CommandParser) -> None:
    """Add the names and `--reverse`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a package (default: all)")
    parser.add_argument("--reverse", action="store_true", help="show what depends on it instead")


def execute(args: Namespace, host: Host) -> Output:
    """Show the tree of these packages, or of all."""
    from dataclasses import replace

    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot

    graph = read_graph(read_snapshot(host.target.prefix))
    shown = show_tree(
        graph, args.names, host.target, reverse=args.reverse, ascii_only=host.ascii_only
    )
    return replace(shown, requested=True)
