"""`conda pip why`: the ways from what somebody asked for to a package. Pure."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeAlias

from conda_pip_interop.commands.inspect.graph_text import (
    Branch,
    draw_branches,
    find_nodes,
    need_to_dict,
    node_to_dict,
    render_node,
)
from conda_pip_interop.commands.output import Output

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.dependencies.graph import Graph, Need, Node
    from conda_pip_interop.environment.target import Target

#: Keys of nodes, each with the need that leads to it; none leads to the first.
Path: TypeAlias = "tuple[tuple[str, Need | None], ...]"


def explain_presence(
    graph: Graph, names: Sequence[str], target: Target, *, ascii_only: bool = False
) -> Output:
    """Why they are there: the shortest way to each from each package that was asked for.

    Raises InteropError `not-installed`.
    """
    found = [(node, find_paths(graph, node.key)) for node in find_nodes(graph, names, target)]
    return Output(
        text="\n\n".join(_render(graph, *one, ascii_only=ascii_only) for one in found),
        document={
            "prefix": str(target.prefix),
            "packages": [
                {
                    **node_to_dict(node),
                    "paths": [
                        [
                            {
                                **node_to_dict(graph.nodes[key]),
                                "needed": None if need is None else need_to_dict(need),
                            }
                            for key, need in path
                        ]
                        for path in paths
                    ],
                }
                for node, paths in found
            ],
        },
    )


def find_paths(graph: Graph, key: str) -> tuple[Path, ...]:
    """The shortest way to the node `key` from each that was asked for, the shortest one first.

    Where none that leads there was asked for, the ways begin at what nothing needs.
    """
    dependents = graph.dependents()
    onward: dict[str, tuple[str, Need] | None] = {key: None}
    waiting = deque([key])
    while waiting:
        current = waiting.popleft()
        for node, need in sorted(dependents.get(current, ()), key=lambda pair: pair[0].key):
            if node.key not in onward:
                onward[node.key] = (current, need)
                waiting.append(node.key)
    starts = [one for one in onward if graph.nodes[one].asked]
    starts = starts or [one for one in onward if not dependents.get(one)]
    return tuple(_follow(onward, start) for start in starts)


def _follow(onward: Mapping[str, tuple[str, Need] | None], start: str) -> Path:
    path: list[tuple[str, Need | None]] = [(start, None)]
    while (step := onward[path[-1][0]]) is not None:
        path.append(step)
    return tuple(path)


def _render(graph: Graph, node: Node, paths: tuple[Path, ...], *, ascii_only: bool) -> str:
    reason = "was asked for" if node.asked else "was not asked for"
    head = f"{node.label} {node.version} [{node.owner}] {reason}"
    chains = [_build_chain(graph, path) for path in paths if len(path) > 1]
    if not chains:
        return f"{head}, and nothing that is installed needs it."
    return f"{head}. It is needed:\n\n{draw_branches(chains, ascii_only=ascii_only)}"


def _build_chain(graph: Graph, path: Path) -> Branch:
    below: tuple[Branch, ...] = ()
    for number, (key, need) in reversed(list(enumerate(path))):
        text = render_node(graph.nodes[key], need, is_root=number == 0)
        below = (Branch(text=text, below=below),)
    return below[0]


HELP = "Show why a package is installed"
EXAMPLES = "conda pip why -n web markupsafe"


def configure(parser: CommandParser) -> None:
    """Add the names."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a conda or Python package")


def execute(args: Namespace, host: Host) -> Output:
    """Explain the presence of these packages."""
    from dataclasses import replace

    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot

    graph = read_graph(read_snapshot(host.target.prefix))
    found = explain_presence(graph, args.names, host.target, ascii_only=host.ascii_only)
    return replace(found, requested=True)
