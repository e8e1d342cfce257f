"""Queries on the graph: what a removal leaves unneeded, and what it breaks."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.dependencies.graph import (
    Graph,
    find_broken_dependents,
    find_unneeded,
    find_unneeded_conda,
)
from tests.support.graphs import graphs, make_graph


def unneeded(graph: Graph, *names: str, keep: tuple[str, ...] = ()) -> list[str]:
    keys = [f"pip:{name}" for name in names]
    return [node.name for node in find_unneeded(graph, keys, keep=keep)]


def test_dependencies_of_a_removed_package_are_unneeded_at_any_depth() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": (), "d": ()}, requested=("a", "d"))
    assert unneeded(graph, "a") == ["b", "c"]


def test_dependencies_of_a_remaining_package_stay() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": (), "d": ("b",)}, requested=("a", "d"))
    assert unneeded(graph, "a") == []


def test_requested_packages_stay() -> None:
    assert unneeded(make_graph({"a": ("b",), "b": ()}, requested=("a", "b")), "a") == []


def test_conda_packages_stay() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ()}, requested=("a",), conda=("b",))
    assert unneeded(graph, "a") == []


def test_packages_that_an_extra_may_need_stay() -> None:
    graph = make_graph(
        {"a": ("b",), "b": (), "c": ()}, requested=("a", "c"), optional={"c": ("b",)}
    )
    assert unneeded(graph, "a") == []


def test_a_cycle_without_other_dependents_is_unneeded_as_a_whole() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ("b", "a")}, requested=("a",))
    assert unneeded(graph, "a") == ["b", "c"]


def test_held_packages_stay_with_their_dependencies() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ()}, requested=("a",))
    assert unneeded(graph, "a", keep=("pip:b",)) == []
    assert unneeded(graph, "a", keep=("pip:c",)) == ["b"]


def test_conda_packages_that_only_removed_packages_require_are_found() -> None:
    graph = make_graph(
        {"a": ("b", "c"), "b": ("d",), "c": (), "d": (), "e": ("c",)},
        requested=("a", "b"),
        conda=("b", "c", "d"),
    )
    assert [node.name for node in find_unneeded_conda(graph, ["pip:a"])] == ["b"]


def test_remaining_packages_that_lose_a_dependency_are_found() -> None:
    graph = make_graph({"a": (), "b": ("a",), "c": ("b",)}, conda=("b",))
    assert [(node.name, need.name) for node, need in find_broken_dependents(graph, ["pip:a"])] == [
        ("b", "a")
    ]


@settings(max_examples=300, deadline=None)
@given(graph=graphs(), data=st.data())
def test_unneeded_packages_are_required_by_nothing_that_stays(
    graph: Graph, data: st.DataObject
) -> None:
    pips = sorted(key for key, node in graph.packages.items() if node.owner == "pip")
    removed = data.draw(st.lists(st.sampled_from(pips), unique=True)) if pips else []
    going = {node.key for node in find_unneeded(graph, removed)}
    assert not going & set(removed)
    assert all(
        graph.packages[key].owner == "pip" and not graph.packages[key].requested for key in going
    )
    assert not [pair for pair in find_broken_dependents(graph, going) if pair[0].key not in removed]
    assert find_unneeded(graph, [*removed, *going]) == ()
    assert going <= graph.find_closure(removed, optional=True)
