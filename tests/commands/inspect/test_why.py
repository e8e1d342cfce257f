"""`conda pip why`: who asked for a package, or for what needs it."""

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
    return [[graph.nodes[one].name for one, _ in path] for path in find_paths(graph, key)]


def test_the_way_from_what_was_asked_for() -> None:
    graph = make_graph(
        {"app": ("flask",), "flask": ("click",), "click": (), "other": ("click",)},
        asked=("app", "other"),
        conda=("click",),
    )
    assert why(graph, "click") == (
        "click 1 [conda] was not asked for. It is needed:\n"
        "\n"
        "other 1 [pip, asked for]\n"
        "└── click 1 [conda] needed >=1\n"
        "app 1 [pip, asked for]\n"
        "└── flask 1 [pip] needed >=1\n"
        "    └── click 1 [conda] needed >=1"
    )


def test_what_was_asked_for_itself_says_so() -> None:
    graph = make_graph({"a": ()}, asked=("a",))
    assert why(graph, "a") == "a 1 [pip] was asked for, and nothing that is installed needs it."


def test_what_nobody_asked_for_nor_needs_says_so() -> None:
    graph = make_graph({"a": ()})
    assert why(graph, "a") == "a 1 [pip] was not asked for, and nothing that is installed needs it."


def test_where_nobody_asked_the_way_begins_at_what_nothing_needs() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ()})
    assert names_of(graph, "pip:c") == [["a", "b", "c"]]
    assert "a 1 [pip, nobody asked for it]" in why(graph, "c")


def test_of_several_ways_the_shortest_is_told() -> None:
    graph = make_graph({"a": ("b", "c"), "b": ("c",), "c": ()}, asked=("a",))
    assert names_of(graph, "pip:c") == [["a", "c"]]


def test_several_names_are_several_blocks() -> None:
    graph = make_graph({"a": ("b",), "b": ()}, asked=("a",))
    document: Any = explain_presence(graph, ["b", "a"], TARGET).document
    assert [one["name"] for one in document["packages"]] == ["b", "a"]
    (path,) = document["packages"][0]["paths"]
    assert [one["name"] for one in path] == ["a", "b"]
    assert path[0]["needed"] is None
    assert path[1]["needed"] == {"asked": ">=1", "extra": None, "met": True}


@settings(max_examples=200, deadline=None)
@given(graph=graphs(), data=st.data())
def test_every_way_is_one_of_needs_and_none_from_what_was_asked_for_is_missing(
    graph: Graph, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(sorted(graph.nodes)))
    paths = find_paths(graph, key)
    for path in paths:
        assert path[0][1] is None
        assert path[-1][0] == key
        for (above, _), (below, need) in itertools.pairwise(path):
            assert need in graph.nodes[above].needs
            assert need is not None
            assert need.target == below
    leading = {one for one, node in graph.nodes.items() if node.asked and key in graph.reach([one])}
    if leading:
        assert {path[0][0] for path in paths} == leading
    assert [len(path) for path in paths] == sorted(len(path) for path in paths)
