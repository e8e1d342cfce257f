"""`conda pip why`: the paths from requested packages to a package."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.commands.inspect.why import explain_presence, find_paths
from conda_pip_interop.dependencies.graph import Graph
from tests.support.graphs import TARGET, graphs, make_graph


def why(graph: Graph, *names: str) -> str:
    return explain_presence(graph, names, TARGET).text


def names_of(graph: Graph, key: str) -> list[list[str]]:
    return [[graph.packages[one].name for one, _ in path] for path in find_paths(graph, key)]


def test_the_path_from_each_requested_package_is_shown() -> None:
    graph = make_graph(
        {"app": ("flask",), "flask": ("click",), "click": (), "other": ("click",)},
        requested=("app", "other"),
        conda=("click",),
    )
    assert why(graph, "click") == (
        "click 1 [conda]: not requested by the user. Required by:\n"
        "\n"
        "other 1 [pip, requested]\n"
        "└── click 1 [conda] required: >=1\n"
        "app 1 [pip, requested]\n"
        "└── flask 1 [pip] required: >=1\n"
        "    └── click 1 [conda] required: >=1"
    )


def test_a_requested_package_without_dependents_says_so() -> None:
    graph = make_graph({"a": ()}, requested=("a",))
    assert why(graph, "a") == "a 1 [pip]: requested, and no installed package depends on it."


def test_a_package_neither_requested_nor_required_says_so() -> None:
    graph = make_graph({"a": ()})
    assert why(graph, "a") == (
        "a 1 [pip]: not requested by the user, and no installed package depends on it."
    )


def test_without_requested_packages_paths_begin_at_those_without_dependents() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ()})
    assert names_of(graph, "pip:c") == [["a", "b", "c"]]
    assert "a 1 [pip, not requested by the user]" in why(graph, "c")


def test_only_the_shortest_path_from_a_package_is_shown() -> None:
    graph = make_graph({"a": ("b", "c"), "b": ("c",), "c": ()}, requested=("a",))
    assert names_of(graph, "pip:c") == [["a", "c"]]


def test_each_name_has_its_own_entry_in_the_order_given() -> None:
    graph = make_graph({"a": ("b",), "b": ()}, requested=("a",))
    document: Any = explain_presence(graph, ["b", "a"], TARGET).document
    assert [one["name"] for one in document["packages"]] == ["b", "a"]
    (path,) = document["packages"][0]["paths"]
    assert [one["name"] for one in path] == ["a", "b"]
    assert path[0]["needed"] is None
    assert path[1]["needed"] == {"asked": ">=1", "extra": None, "met": True}


@settings(max_examples=200, deadline=None)
@given(graph=graphs(), data=st.data())
def test_every_path_follows_dependencies_and_each_requested_start_has_one(
    graph: Graph, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(graph.packages)))
    paths = find_paths(graph, key)
    for path in paths:
        assert path[0][1] is None
        assert path[-1][0] == key
        for (above, _), (below, need) in itertools.pairwise(path):
            assert need in graph.packages[above].dependencies
            assert need is not None
            assert need.target == below
    leading = {
        one
        for one, node in graph.packages.items()
        if node.requested and key in graph.find_closure([one])
    }
    if leading:
        assert {path[0][0] for path in paths} == leading
    assert [len(path) for path in paths] == sorted(len(path) for path in paths)
