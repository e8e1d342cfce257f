"""The command that removes distributions of pip, and works: with all that requires them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.dependencies.graph import find_broken_dependents
from conda_pip_interop.dependencies.read_graph import read_graph

if TYPE_CHECKING:
    from collections.abc import Collection

    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot

UNINSTALL: Final = ("conda", "pip", "uninstall")


def find_uninstall(snapshot: Snapshot, ones: Collection[Distribution]) -> tuple[str, ...] | None:
    """Return the command that removes pip's distributions with what requires them.

    None where one cannot be removed or conda's packages require it.
    """
    graph = read_graph(snapshot)
    going = {f"pip:{one.name}" for one in ones}
    while more := {node.key for node, _ in find_broken_dependents(graph, sorted(going))} - going:
        going |= more
    packages = [graph.packages[key] for key in sorted(going) if key in graph.packages]
    found = [*ones, *(each for package in packages for each in package.distributions)]
    is_pips = all(package.owner == "pip" for package in packages)
    if not is_pips or not all(map(is_removable, found)):
        return None
    return (*UNINSTALL, *dict.fromkeys(each.name for each in found))


def build_uninstall(snapshot: Snapshot, ones: Collection[Distribution]) -> tuple[str, ...]:
    """Build the command that removes pip's distributions, whatever requires them.

    That goes, too, unless it is conda's or cannot be removed; no other command would do it then.
    """
    return find_uninstall(snapshot, ones) or (*UNINSTALL, "--force", *(one.name for one in ones))


def is_removable(one: Distribution) -> bool:
    """Return whether the files of a distribution are known, and inside the environment."""
    return one.files is not None and one.layout != "egg-link" and not one.outside
