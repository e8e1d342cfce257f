"""The graph of an environment: what is installed, by whom, and what needs what. Values only.

A package of conda's is one node, with the distributions that it carries; a distribution of pip's is
one node. conda's own `depends` and the `Requires-Dist` of both managers' distributions are edges.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.ownership import Manager


@dataclass(frozen=True, kw_only=True, slots=True)
class Need:
    """One requirement: what is asked of the package `name`, in the words of who asks.

    `target` is the key of the node that answers it, None where nothing does; `extra` is the extra
    that asks, where nobody is known to want that extra; `met` is False where it is not there or of
    another version. `by_distribution` tells `Requires-Dist` from conda's `depends`.
    """

    name: str
    asked: str
    target: str | None
    extra: str | None = None
    met: bool = True
    by_distribution: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """A package of conda's, or a distribution of pip's.

    `projects` are the distributions that it carries; `asked` tells whether somebody named it.
    `needs` explain why something is there; `options` are what extras would need besides, of what
    is there for another reason.
    """

    key: str
    name: str
    version: str
    owner: Manager
    projects: tuple[Distribution, ...]
    asked: bool
    needs: tuple[Need, ...] = ()
    options: tuple[Need, ...] = ()

    @property
    def label(self) -> str:
        """Its name, and the projects that it carries where they are called otherwise."""
        projects = [one.name for one in self.projects]
        if not projects or projects == [canonicalize_name(self.name)]:
            return self.name
        return f"{self.name} ({', '.join(projects)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """All nodes, by key."""

    nodes: Mapping[str, Node]

    def find(self, name: str) -> tuple[Node, ...]:
        """The nodes of that name: those that carry the project, else conda's package."""
        wanted = canonicalize_name(name)
        carrying = [
            node for node in self.nodes.values() if any(one.name == wanted for one in node.projects)
        ]
        named = [node for node in self.nodes.values() if canonicalize_name(node.name) == wanted]
        return tuple(carrying or named)

    def dependents(self, *, options: bool = False) -> Mapping[str, list[tuple[Node, Need]]]:
        """Who needs a node, by its key; with `options`, what extras would need counts too."""
        found: dict[str, list[tuple[Node, Need]]] = defaultdict(list)
        for node in self.nodes.values():
            for need in (*node.needs, *(node.options if options else ())):
                if need.target is not None:
                    found[need.target].append((node, need))
        return found

    def reach(
        self, keys: Iterable[str], *, without: Collection[str] = (), options: bool = False
    ) -> frozenset[str]:
        """The keys of `keys` and of all that they need, at any depth, not going through `without`.

        With `options`, what extras would need counts too.
        """
        waiting = [key for key in keys if key not in without]
        seen = set(waiting)
        while waiting:
            node = self.nodes[waiting.pop()]
            for need in (*node.needs, *(node.options if options else ())):
                if (
                    need.target is not None
                    and need.target not in seen
                    and need.target not in without
                ):
                    seen.add(need.target)
                    waiting.append(need.target)
        return frozenset(seen)
