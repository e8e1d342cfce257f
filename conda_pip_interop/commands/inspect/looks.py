"""The commands that only look: list, show, tree, why, freeze. None of them needs conda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.inspect.freeze import freeze
from conda_pip_interop.commands.inspect.list import list_distributions
from conda_pip_interop.commands.inspect.show import show_distributions
from conda_pip_interop.commands.inspect.tree import show_tree
from conda_pip_interop.commands.inspect.why import explain_presence
from conda_pip_interop.dependencies.read_graph import read_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

LOOKS: Final = ("list", "show", "tree", "why", "freeze")


def look(
    options: Options,
    snapshot: Snapshot,
    target: Target,
    *,
    ascii_only: bool,
    editables: Mapping[NormalizedName, str] | None = None,
) -> Output:
    """The answer of one of `LOOKS`; `ascii_only` for a terminal that knows no other lines."""
    family = options.family
    match options.command:
        case "list":
            return list_distributions(snapshot)
        case "freeze":
            return freeze(snapshot, every=family.every, editables=editables)
    graph = read_graph(snapshot)
    match options.command:
        case "show":
            return show_distributions(snapshot, graph, options.words, target, files=family.files)
        case "tree":
            return show_tree(
                graph, options.words, target, reverse=family.reverse, ascii_only=ascii_only
            )
        case "why":
            return explain_presence(graph, options.words, target, ascii_only=ascii_only)
    raise AssertionError(options.command)
