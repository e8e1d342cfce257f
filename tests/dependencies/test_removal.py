"""What nothing needs once something is gone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.dependencies.graph import Graph
from conda_pip_interop.dependencies.removal import find_broken, find_left_over, find_unneeded
from tests.support.graphs import graphs, make_graph


def unneeded(graph: Graph, *names: str, held: tuple[str, ...] = ()) -> list[str]:
    keys = [f"pip:{name}" for name in names]
    return [node.name for node in find_unneeded(graph, keys, held=held)]


def test_what_came_along_goes_along_at_any_depth() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": (), "d": ()}, asked=("a", "d"))
    assert unneeded(graph, "a") == ["b", "c"]


def test_what_something_else_needs_stays_with_all_that_it_needs() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": (), "d": ("b",)}, asked=("a", "d"))
    assert unneeded(graph, "a") == []


def test_what_was_asked_for_stays() -> None:
    assert unneeded(make_graph({"a": ("b",), "b": ()}, asked=("a", "b")), "a") == []


def test_condas_stays() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ()}, asked=("a",), conda=("b",))
    assert unneeded(graph, "a") == []


def test_what_an_extra_may_need_stays() -> None:
    graph = make_graph({"a": ("b",), "b": (), "c": ()}, asked=("a", "c"), options={"c": ("b",)})
    assert unneeded(graph, "a") == []


def test_a_cycle_that_nothing_leads_into_goes_as_a_whole() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ("b", "a")}, asked=("a",))
    assert unneeded(graph, "a") == ["b", "c"]


def test_what_is_held_stays_with_its_own_needs() -> None:
    graph = make_graph({"a": ("b",), "b": ("c",), "c": ()}, asked=("a",))
    assert unneeded(graph, "a", held=("pip:b",)) == []
    assert unneeded(graph, "a", held=("pip:c",)) == ["b"]


def test_condas_that_nothing_else_needs_are_told() -> None:
    graph = make_graph(
        {"a": ("b", "c"), "b": ("d",), "c": (), "d": (), "e": ("c",)},
        asked=("a", "b"),
        conda=("b", "c", "d"),
    )
    assert [node.name for node in find_left_over(graph, ["pip:a"])] == ["b"]


def test_what_will_lack_something_is_told() -> None:
    graph = make_graph({"a": (), "b": ("a",), "c": ("b",)}, conda=("b",))
    assert [(node.name, need.name) for node, need in find_broken(graph, ["pip:a"])] == [("b", "a")]


@settings(max_examples=300, deadline=None)
@given(graph=graphs(), data=st.data())
def test_nothing_that_stays_needs_what_goes_along_and_twice_is_once(
    graph: Graph, data: st.DataObject
) -> None:
    pips = sorted(key for key, node in graph.nodes.items() if node.owner == "pip")
    removed = data.draw(st.lists(st.sampled_from(pips), unique=True)) if pips else []
    going = {node.key for node in find_unneeded(graph, removed)}
    assert not going & set(removed)
    assert all(graph.nodes[key].owner == "pip" and not graph.nodes[key].asked for key in going)
    assert not [pair for pair in find_broken(graph, going) if pair[0].key not in removed]
    assert find_unneeded(graph, [*removed, *going]) == ()
    assert going <= graph.reach(removed, options=True)
