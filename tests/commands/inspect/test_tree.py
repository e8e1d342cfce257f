"""`conda pip tree`: who needs whom, as text and as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from conda_pip_interop.commands.inspect.graph_text import Branch, can_draw, draw_branches
from conda_pip_interop.commands.inspect.tree import show_tree
from conda_pip_interop.dependencies.graph import Graph
from conda_pip_interop.errors import InteropError
from tests.support.builders import PrefixBuilder
from tests.support.graphs import TARGET, graph_of, graphs, make_graph


def show(graph: Graph, *names: str, reverse: bool = False) -> str:
    return show_tree(graph, names, TARGET, reverse=reverse).text


def test_a_tree_says_who_owns_what_and_what_is_asked_of_it() -> None:
    graph = make_graph(
        {"app": ("flask", "gone"), "flask": ("click",), "click": ()},
        asked=("app",),
        conda=("flask", "click"),
    )
    assert show(graph) == (
        "app 1 [pip, asked for]\n"
        "├── flask 1 [conda] needed >=1\n"
        "│   └── click 1 [conda] needed >=1\n"
        "└── gone needed >=1, NOT INSTALLED"
    )


def test_the_other_way_up_it_says_who_asks_for_what() -> None:
    graph = make_graph({"app": ("flask",), "flask": ("click",), "click": ()}, asked=("app",))
    assert show(graph, "click", reverse=True) == (
        "click 1 [pip]\n└── flask 1 [pip] needs >=1\n    └── app 1 [pip, asked for] needs >=1"
    )


def test_what_nobody_asked_for_nor_needs_is_told() -> None:
    assert show(make_graph({"a": ()})) == "a 1 [pip, nobody asked for it]"


def test_a_cycle_ends_where_it_closes() -> None:
    graph = make_graph({"a": ("b",), "b": ("a",)})
    assert show(graph) == (
        "a 1 [pip, nobody asked for it]\n"
        "└── b 1 [pip] needed >=1\n"
        "    └── a 1 [pip] needed >=1 (cycle)"
    )


def test_what_was_shown_with_all_below_it_is_only_named_again() -> None:
    graph = make_graph({"a": ("c",), "b": ("c",), "c": ("d",), "d": ()}, asked=("a", "b"))
    assert show(graph) == (
        "a 1 [pip, asked for]\n"
        "└── c 1 [pip] needed >=1\n"
        "    └── d 1 [pip] needed >=1\n"
        "b 1 [pip, asked for]\n"
        "└── c 1 [pip] needed >=1 (*)\n"
        "\n"
        "(*) what is below it is shown above"
    )


def test_a_requirement_that_is_not_met_stands_out(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "7.0")
    built.pip_package("flask", "3", requires=("click>=8",))
    assert "└── click 7.0 [conda] needed >=8, NOT MET" in show(graph_of(built), "flask")


def test_packages_that_are_not_pythons_are_left_out_unless_named(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("openssl", "3", {"/lib/libssl.so": "x"}, dist_info=False)
    built.conda_package("crypto", "1", depends=["openssl >=3", "python"])
    built.conda_package("suite", "1", {"/etc/x": "x"}, dist_info=False, depends=["crypto"])
    graph = graph_of(built)
    assert show(graph) == ("suite 1 [conda, nobody asked for it]\n└── crypto 1 [conda]")
    assert show(graph, "openssl", reverse=True).splitlines()[1] == "└── crypto 1 [conda] needs >=3"


def test_an_environment_without_python_packages_is_told(tmp_path: Path) -> None:
    assert show(graph_of(PrefixBuilder(root=tmp_path / "env"))) == "web has no Python packages."


def test_a_name_that_is_not_there_is_an_error_that_names_it() -> None:
    with pytest.raises(InteropError, match="x, y are not installed in web") as caught:
        show(make_graph({"a": ()}), "x", "a", "y")
    assert caught.value.code == "not-installed"
    assert "conda pip list -n web" in caught.value.hints[0]


def test_the_document_is_flat() -> None:
    graph = make_graph({"a": ("b", "gone"), "b": ()}, conda=("b",), asked=("a",))
    document: Any = show_tree(graph, (), TARGET).document
    assert document["roots"] == ["a"]
    assert document["packages"][0] == {
        "name": "a",
        "version": "1",
        "owner": "pip",
        "distributions": ["a"],
        "asked": True,
        "needs": [
            {"name": "b", "version": "1", "asked": ">=1", "extra": None, "met": True},
            {"name": "gone", "version": None, "asked": ">=1", "extra": None, "met": False},
        ],
    }
    back: Any = show_tree(graph, ("b",), TARGET, reverse=True).document
    assert [one["name"] for one in back["packages"][1]["needed_by"]] == ["a"]


@settings(max_examples=200, deadline=None)
@given(graph=graphs())
def test_every_package_and_every_need_is_shown_and_none_is_shown_twice(graph: Graph) -> None:
    for reverse in (False, True):
        output = show_tree(graph, (), TARGET, reverse=reverse)
        document: Any = output.document
        packages = document["packages"]
        assert {one["name"] for one in packages} == {one.name for one in graph.nodes.values()}
        edges = sum(len(one["needed_by" if reverse else "needs"]) for one in packages)
        lines = output.text.partition("\n\n")[0].splitlines()
        assert len(lines) == len(document["roots"]) + edges


def test_lines_are_drawn_by_what_the_terminal_can_write() -> None:
    tree = Branch(text="a", below=(Branch(text="b", below=(Branch(text="c"),)), Branch(text="d")))
    assert draw_branches([tree], ascii_only=True) == "a\n|-- b\n|   `-- c\n`-- d"
    assert can_draw("utf-8")
    assert not can_draw("ascii")
    assert not can_draw("cp1252")
    assert not can_draw(None)
    assert not can_draw("no-such-encoding")
