"""The dependency graph of an environment across both managers: values and queries.

A conda package is one `Package`, with the distributions that it contains; a distribution that pip
owns is one `Package`. conda's `depends` and the `Requires-Dist` of all distributions are the edges.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.site_packages.distributions import Distribution


@dataclass(frozen=True, kw_only=True, slots=True)
class Dependency:
    """One requirement on the package `name`; `specifier` is the rest of it.

    `target` is the key of the package that provides `name`, None if nothing does. `satisfied` is
    False if the package is missing or has another version. `extra` is the extra that the
    requirement belongs to, if no installed package is known to want that extra. `from_metadata` is
    True for `Requires-Dist` and False for conda's `depends`.
    """

    name: str
    specifier: str
    target: str | None
    extra: str | None = None
    satisfied: bool = True
    from_metadata: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A conda package, or a distribution that pip owns; `key` is `conda:NAME` or `pip:NAME`.

    `requested`: the user named it on a command line. `optional` are dependencies of extras that
    nothing is known to want, on packages that are installed for another reason.
    """

    key: str
    name: str
    version: str
    owner: Manager
    distributions: tuple[Distribution, ...]
    requested: bool
    dependencies: tuple[Dependency, ...] = ()
    optional: tuple[Dependency, ...] = ()

    @property
    def label(self) -> str:
        """The name, followed by the distributions in parentheses if their names differ."""
        names = [one.name for one in self.distributions]
        if not names or names == [canonicalize_name(self.name)]:
            return self.name
        return f"{self.name} ({', '.join(names)})"

    def list_dependencies(self, *, optional: bool = False) -> tuple[Dependency, ...]:
        """Return the dependencies, with those of unused extras if `optional`."""
        return (*self.dependencies, *self.optional) if optional else self.dependencies


@dataclass(frozen=True, kw_only=True, slots=True)
class Graph:
    """All packages of an environment, by key."""

    packages: Mapping[str, Package]

    @property
    def names(self) -> frozenset[str]:
        """The names of all packages, and of the distributions in them."""
        packages = self.packages.values()
        inside = (one.name for package in packages for one in package.distributions)
        return frozenset((*(one.name for one in packages), *inside))

    def find(self, name: str) -> tuple[Package, ...]:
        """Return the packages that contain a distribution `name`, else conda's package `name`."""
        wanted = canonicalize_name(name)
        containing = [
            package
            for package in self.packages.values()
            if any(one.name == wanted for one in package.distributions)
        ]
        named = [one for one in self.packages.values() if canonicalize_name(one.name) == wanted]
        return tuple(containing or named)

    def find_dependents(
        self, *, optional: bool = False
    ) -> Mapping[str, list[tuple[Package, Dependency]]]:
        """Return the dependents of each package, by its key."""
        found: dict[str, list[tuple[Package, Dependency]]] = defaultdict(list)
        for package in self.packages.values():
            for dependency in package.list_dependencies(optional=optional):
                if dependency.target is not None:
                    found[dependency.target].append((package, dependency))
        return found

    def find_closure(
        self, keys: Iterable[str], *, without: Collection[str] = (), optional: bool = False
    ) -> frozenset[str]:
        """Return `keys` and their dependencies at any depth, not following those in `without`."""
        waiting = [key for key in keys if key not in without]
        seen = set(waiting)
        while waiting:
            package = self.packages[waiting.pop()]
            for dependency in package.list_dependencies(optional=optional):
                target = dependency.target
                if target is not None and target not in seen and target not in without:
                    seen.add(target)
                    waiting.append(target)
        return frozenset(seen)


def find_unneeded(
    graph: Graph, removed: Iterable[str], *, keep: Collection[str] = ()
) -> tuple[Package, ...]:
    """Find pip's packages that were dependencies of `removed` (keys) and that nothing else needs.

    Requested packages stay, and so do those that an extra of a remaining package may need: no
    installer records which extras were requested. Packages in `keep` (keys) stay, with their
    dependencies.
    """
    removed = frozenset(removed)
    candidates = {
        key
        for key in graph.find_closure(removed, optional=True) - removed
        if graph.packages[key].owner == "pip"
        and not graph.packages[key].requested
        and key not in keep
    }
    staying = graph.packages.keys() - removed - candidates
    needed = graph.find_closure(staying, without=removed, optional=True)
    return tuple(graph.packages[key] for key in sorted(candidates - needed))


def find_unneeded_conda(graph: Graph, removed: Iterable[str]) -> tuple[Package, ...]:
    """Find conda packages that only `removed` (keys) depend on, directly, requested or not.

    conda records a dependency that we asked it to install for pip's sake as requested.
    """
    removed = frozenset(removed)
    dependents = graph.find_dependents(optional=True)
    direct = {one.target for key in removed for one in graph.packages[key].dependencies}
    return tuple(
        package
        for key, package in sorted(graph.packages.items())
        if key in direct - removed
        and package.owner == "conda"
        and all(other.key in removed for other, _ in dependents[key])
    )


def find_broken_dependents(
    graph: Graph, removed: Iterable[str]
) -> tuple[tuple[Package, Dependency], ...]:
    """Find the packages that stay and depend on one of `removed` (keys)."""
    removed = frozenset(removed)
    return tuple(
        (package, dependency)
        for key, package in sorted(graph.packages.items())
        if key not in removed
        for dependency in package.dependencies
        if dependency.target in removed
    )
