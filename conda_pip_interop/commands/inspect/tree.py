"""`conda pip tree`: the dependency tree across both managers."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from conda_pip_interop.commands.graph_text import (
    Branch,
    dependency_to_dict,
    draw_branches,
    find_packages,
    package_to_dict,
    render_missing,
    render_package,
)
from conda_pip_interop.commands.output import Output
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping, Sequence

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.dependencies.graph import Dependency, Graph
    from conda_pip_interop.environment.target import Target

#: What hangs below a node, each with the need that leads there; no key: nothing answers it.
Edges: TypeAlias = "tuple[tuple[str | None, Dependency], ...]"


def show_tree(
    graph: Graph,
    names: Sequence[str],
    target: Target,
    *,
    reverse: bool = False,
    ascii_only: bool = False,
) -> Output:
    """Show the dependencies of the named packages, or of all; the dependents if `reverse`.

    conda packages unrelated to Python are omitted unless one is named. Raises InteropError
    `not-installed`.
    """
    chosen = find_packages(graph, names, target)
    shown = find_pythonic(graph)
    if any(package.key not in shown for package in chosen):
        shown = frozenset(graph.packages)
    edges = _find_upward(graph, shown) if reverse else _find_downward(graph, shown)
    roots = [package.key for package in chosen] if names else find_roots(graph, shown, edges)
    builder = _TreeBuilder(graph=graph, edges=edges, reverse=reverse)
    text = draw_branches([builder.build(key) for key in roots], ascii_only=ascii_only)
    if builder.repeated:
        text += "\n\n(*) dependencies shown above"
    packages = sorted(builder.seen, key=lambda key: (graph.packages[key].name, key))
    return Output(
        text=text or f"{target.label} has no Python packages.",
        document={
            "prefix": str(target.prefix),
            "roots": [graph.packages[key].name for key in roots],
            "packages": [_edges_to_dict(graph, key, edges, reverse=reverse) for key in packages],
        },
        requested=True,
    )


def find_pythonic(graph: Graph) -> frozenset[str]:
    """Return the keys of packages with distributions, of their dependencies and their dependents.

    Python itself is omitted: everything depends on it.
    """
    waiting = [package.key for package in graph.packages.values() if package.distributions]
    waiting += [
        dependency.target
        for package in graph.packages.values()
        for dependency in package.dependencies
        if dependency.from_metadata and dependency.target is not None
    ]
    dependents = graph.find_dependents()
    found: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key not in found and key != "conda:python":
            found.add(key)
            waiting += [package.key for package, _ in dependents[key]]
    return frozenset(found)


def _find_downward(graph: Graph, shown: frozenset[str]) -> Mapping[str, Edges]:
    return {
        key: tuple(
            (dependency.target, dependency)
            for dependency in sorted(
                graph.packages[key].dependencies, key=lambda dependency: dependency.name
            )
            if dependency.target is None or dependency.target in shown
        )
        for key in shown
    }


def _find_upward(graph: Graph, shown: frozenset[str]) -> Mapping[str, Edges]:
    dependents = graph.find_dependents()
    return {
        key: tuple(
            (package.key, dependency)
            for package, dependency in sorted(dependents[key], key=lambda pair: pair[0].name)
            if package.key in shown
        )
        for key in shown
    }


def find_roots(graph: Graph, shown: frozenset[str], edges: Mapping[str, Edges]) -> list[str]:
    """Return the roots from which everything is reached.

    Packages without dependents come first, then one package of each remaining cycle.
    """
    below = {key for one in shown for key, _ in edges[one]}
    ordered = sorted(shown, key=lambda key: (graph.packages[key].name, key))
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
class _TreeBuilder:
    """Builds trees; a package that was shown with its branches is shown without them later."""

    graph: Graph
    edges: Mapping[str, Edges]
    reverse: bool
    seen: set[str] = field(default_factory=set)
    repeated: bool = False

    def build(self, key: str) -> Branch:
        """Build the tree of a package, without recursion: chains of packages may be long."""
        found: list[Branch] = []
        path: list[str] = []
        waiting: list[tuple[Iterator[tuple[str | None, Dependency | None]], list[Branch]]]
        waiting = [(iter(((key, None),)), found)]
        while waiting:
            edges, branches = waiting[-1]
            step = next(edges, None)
            if step is None:
                waiting.pop()
                del path[-1:]
                continue
            other, _ = step
            below: list[Branch] = []
            branches.append(Branch(text=self._render(*step, path), below=below))
            if other is not None and other not in self.seen:
                self.seen.add(other)
                path.append(other)
                waiting.append((iter(self.edges[other]), below))
        return found[0]

    def _render(self, key: str | None, dependency: Dependency | None, path: Sequence[str]) -> str:
        """Render a package; `path` are the keys from the root to it."""
        if key is None:
            return render_missing(dependency) if dependency is not None else ""
        text = render_package(
            self.graph.packages[key], dependency, is_root=not path, reverse=self.reverse
        )
        if key in path:
            return f"{text} (cycle)"
        if key in self.seen and self.edges[key]:
            self.repeated = True
            return f"{text} (*)"
        return text


def _edges_to_dict(
    graph: Graph, key: str, edges: Mapping[str, Edges], *, reverse: bool
) -> dict[str, object]:
    return {
        **package_to_dict(graph.packages[key]),
        "needed_by" if reverse else "needs": [
            {
                "name": dependency.name if other is None else graph.packages[other].name,
                "version": None if other is None else graph.packages[other].version,
                **dependency_to_dict(dependency),
            }
            for other, dependency in edges[key]
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
    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot

    graph = read_graph(read_snapshot(host.target.prefix, depth="names"))
    return show_tree(
        graph, args.names, host.target, reverse=args.reverse, ascii_only=host.ascii_only
    )
