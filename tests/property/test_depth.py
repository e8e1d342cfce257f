"""What list, show, tree, why and freeze print does not depend on the depth of the snapshot."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.commands.inspect.freeze import freeze
from conda_pip_interop.commands.inspect.list import list_distributions
from conda_pip_interop.commands.inspect.show import show_distributions
from conda_pip_interop.commands.inspect.tree import show_tree
from conda_pip_interop.commands.inspect.why import explain_presence
from conda_pip_interop.commands.output import Output
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import Depth, read_snapshot
from tests.support.builders import PrefixBuilder
from tests.support.graphs import TARGET
from tests.support.trees import MEMORY

Name: TypeAlias = Literal["alpha", "beta", "gamma"]
Verb: TypeAlias = Literal["conda", "pip", "editable", "replace", "no record"]

steps = st.tuples(
    st.sampled_from(get_args(Verb)),
    st.sampled_from(get_args(Name)),
    st.sampled_from(["1.0", "2.0"]),
    st.lists(st.sampled_from([*get_args(Name), "gone>=1"]), max_size=2).map(tuple),
)


def install(
    built: PrefixBuilder, verb: Verb, name: Name, version: str, requires: tuple[str, ...]
) -> None:
    """Install one package in one of the ways that leave different claims behind."""
    files = {f"{name}/__init__.py": f"{verb} {version}"}
    match verb:
        case "conda":
            for old in (built.root / "conda-meta").glob(f"{name}-*.json"):
                built.conda_remove(old.name.partition("-")[0])
            built.conda_package(name, version, files, requires=requires)
        case "pip" | "editable":
            if verb == "editable":
                files[f"__editable__.{name}-{version}.pth"] = f"/src/{name}\n"
            built.pip_package(name, version, files, requires=requires)
        case "replace":
            for old in (built.root / built.site_packages).glob(f"{name}-*.dist-info"):
                if (old / "RECORD").exists():
                    built.pip_uninstall(name, old.name.split("-")[1].removesuffix(".dist"))
            built.pip_package(name, version, files, requires=requires)
        case "no record":
            built.pip_package(name, version, files, requires=requires)
            (built.root / built.dist_info(name, version) / "RECORD").unlink()


def read_outputs(root: Path, depth: Depth) -> list[Output]:
    """Return what all five commands answer, for all packages of the environment."""
    snapshot = read_snapshot(root, depth=depth)
    graph = read_graph(snapshot)
    distributions = sorted({one.name for one in snapshot.distributions})
    packages = sorted({one.name for one in graph.packages.values()})
    return [
        list_distributions(snapshot),
        freeze(snapshot),
        freeze(snapshot, every=True),
        show_tree(graph, (), TARGET),
        show_tree(graph, (), TARGET, reverse=True),
        explain_presence(graph, packages, TARGET),
        Output(
            text=show_distributions(snapshot, graph, distributions, TARGET, files=False).text,
            document={},
        ),
    ]


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=6))
def test_commands_answer_the_same_at_both_depths(
    given_steps: list[tuple[Verb, Name, str, tuple[str, ...]]],
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        built = PrefixBuilder(root=Path(folder) / "env")
        for verb, name, version, requires in given_steps:
            install(built, verb, name, version, requires)
        assert read_outputs(built.root, "names") == read_outputs(built.root, "files")
