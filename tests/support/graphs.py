"""Build dependency graphs, by hand and from prefixes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.graph import Dependency, Graph, Package
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from tests.support.builders import PrefixBuilder

TARGET = Target(prefix=Path("/e"), name="web", is_base=False)


def make_distribution(name: str) -> Distribution:
    """Make a distribution with this name and arbitrary other values."""
    return Distribution(
        name=canonicalize_name(name),
        version="1",
        metadata=PrefixPath(f"lib/{name}-1.dist-info"),
        layout="dist-info",
        site_packages=PrefixPath("lib"),
        installer="pip",
        requested=False,
        direct_url=None,
        editable=None,
        files=(),
        outside=(),
        problems=(),
    )


def make_graph(
    edges: Mapping[str, tuple[str, ...]],
    *,
    requested: tuple[str, ...] = (),
    conda: tuple[str, ...] = (),
    optional: Mapping[str, tuple[str, ...]] | None = None,
) -> Graph:
    """Make a graph of `edges`, name → dependencies; all are pip's except those in `conda`."""

    def key(name: str) -> str:
        return f"{'conda' if name in conda else 'pip'}:{name}"

    def build(names: tuple[str, ...], extra: str | None = None) -> tuple[Dependency, ...]:
        return tuple(
            Dependency(
                name=name,
                specifier=">=1",
                target=key(name) if name in edges else None,
                satisfied=name in edges,
                extra=extra,
            )
            for name in names
        )

    return Graph(
        packages={
            key(name): Package(
                key=key(name),
                name=name,
                version="1",
                owner="conda" if name in conda else "pip",
                distributions=(make_distribution(name),),
                requested=name in requested,
                dependencies=build(below),
                optional=build((optional or {}).get(name, ()), "x"),
            )
            for name, below in edges.items()
        }
    )


def graph_of(built: PrefixBuilder) -> Graph:
    """Read the graph of a prefix."""
    return read_graph(read_snapshot(built.root))


NAMES = tuple("abcdefg")


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Draw a graph of up to seven packages, with cycles and missing dependencies."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    subsets = st.lists(st.sampled_from(NAMES), max_size=4, unique=True).map(tuple)
    return make_graph(
        {name: tuple(one for one in draw(subsets) if one != name) for name in names},
        requested=draw(subsets),
        conda=draw(subsets),
        optional={
            name: tuple(one for one in draw(subsets) if one != name and one in names)
            for name in names
        },
    )
