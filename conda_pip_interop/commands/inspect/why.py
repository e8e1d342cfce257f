"""`conda pip why`: the dependency paths from requested packages to a package."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeAlias

from conda_pip_interop.commands.graph_text import (
    Branch,
    dependency_to_dict,
    draw_branches,
    find_packages,
    package_to_dict,
    render_package,
)
from conda_pip_interop.commands.output import Output
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.dependencies.graph import Dependency, Graph, Package
    from conda_pip_interop.environment.target import Target

#: The shortest ones; in a long chain of packages, all of them have billions of characters.
_SHOWN_PATHS: Final = 50
#: Keys of nodes, each with the need that leads to it; none leads to the first.
Path: TypeAlias = "tuple[tuple[str, Dependency | None], ...]"


def explain_presence(
    graph: Graph, names: Sequence[str], target: Target, *, ascii_only: bool = False
) -> Output:
    """Show why packages are installed: the shortest path to each from each requested package.

    Raises InteropError `not-installed`.
    """
    found = [
        (package, find_paths(graph, package.key)) for package in find_packages(graph, names, target)
    ]
    return Output(
        text="\n\n".join(_render(graph, *one, ascii_only=ascii_only) for one in found),
        document={
            "prefix": str(target.prefix),
            "packages": [
                {
                    **package_to_dict(package),
                    "paths": [
                        [
                            {
                                **package_to_dict(graph.packages[key]),
                                "needed": None
                                if dependency is None
                                else dependency_to_dict(dependency),
                            }
                            for key, dependency in path
                        ]
                        for path in paths[:_SHOWN_PATHS]
                    ],
                    "more_paths": max(len(paths) - _SHOWN_PATHS, 0),
                }
                for package, paths in found
            ],
        },
        requested=True,
    )


def find_paths(graph: Graph, key: str) -> tuple[Path, ...]:
    """Return the shortest path to `key` from each requested package, shortest first.

    If no requested package depends on it, the paths begin at packages without dependents.
    """
    dependents = graph.find_dependents()
    onward: dict[str, tuple[str, Dependency] | None] = {key: None}
    waiting = deque([key])
    while waiting:
        current = waiting.popleft()
        for package, dependency in sorted(
            dependents.get(current, ()), key=lambda pair: pair[0].key
        ):
            if package.key not in onward:
                onward[package.key] = (current, dependency)
                waiting.append(package.key)
    starts = [one for one in onward if graph.packages[one].requested]
    starts = starts or [one for one in onward if not dependents[one]]
    return tuple(_follow(onward, start) for start in starts)


def _follow(onward: Mapping[str, tuple[str, Dependency] | None], start: str) -> Path:
    path: list[tuple[str, Dependency | None]] = [(start, None)]
    while (step := onward[path[-1][0]]) is not None:
        path.append(step)
    return tuple(path)


def _render(graph: Graph, package: Package, paths: tuple[Path, ...], *, ascii_only: bool) -> str:
    reason = "requested" if package.requested else "not requested by the user"
    head = f"{package.label} {package.version} [{package.owner}]: {reason}"
    paths = tuple(path for path in paths if len(path) > 1)
    if not paths:
        return f"{head}, and no installed package depends on it."
    chains = [_build_chain(graph, path) for path in paths[:_SHOWN_PATHS]]
    shown = draw_branches(chains, ascii_only=ascii_only)
    rest = len(paths) - _SHOWN_PATHS
    more = f"\n\nand by {count(rest, 'more package')}" if rest > 0 else ""
    return f"{head}. Required by:\n\n{shown}{more}"


def _build_chain(graph: Graph, path: Path) -> Branch:
    below: tuple[Branch, ...] = ()
    for number, (key, dependency) in reversed(list(enumerate(path))):
        text = render_package(graph.packages[key], dependency, is_root=number == 0)
        below = (Branch(text=text, below=below),)
    return below[0]


HELP = "Show why a package is installed"
EXAMPLES = "conda pip why -n web markupsafe"


def configure(parser: CommandParser) -> None:
    """Add the names."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a conda or Python package")


def execute(args: Namespace, host: Host) -> Output:
    """Explain the presence of these packages."""
    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot

    graph = read_graph(read_snapshot(host.target.prefix, depth="names"))
    return explain_presence(graph, args.names, host.target, ascii_only=host.ascii_only)
