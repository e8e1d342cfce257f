"""The commands that only look: list, show, tree, why, freeze. None of them needs conda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.usecases.freeze import freeze
from conda_pip_interop.usecases.listing import list_distributions
from conda_pip_interop.usecases.show import show_distributions
from conda_pip_interop.usecases.survey import read_graph
from conda_pip_interop.usecases.tree import show_tree
from conda_pip_interop.usecases.why import explain_presence

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.options import Options
    from conda_pip_interop.render import Output
    from conda_pip_interop.usecases.target import Target

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
