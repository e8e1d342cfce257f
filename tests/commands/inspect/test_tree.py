"""`conda pip tree`, as text and as a document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from conda_pip_interop.commands.graph_text import Branch, can_draw, draw_branches
from conda_pip_interop.commands.inspect.tree import show_tree
from conda_pip_interop.dependencies.graph import Graph
from conda_pip_interop.errors import InteropError
from tests.support.builders import PrefixBuilder
from tests.support.graphs import TARGET, graph_of, graphs, make_graph


def show(graph: Graph, *names: str, reverse: bool = False) -> str:
    return show_tree(graph, names, TARGET, reverse=reverse).text


def test_a_tree_shows_owners_and_required_versions() -> None:
    graph = make_graph(
        {"app": ("flask", "gone"), "flask": ("click",), "click": ()},
        requested=("app",),
        conda=("flask", "click"),
    )
    assert show(graph) == (
        "app 1 [pip, requested]\n"
        "├── flask 1 [conda] required: >=1\n"
        "│   └── click 1 [conda] required: >=1\n"
        "└── gone required: >=1, NOT INSTALLED"
    )


def test_a_reverse_tree_shows_dependents_and_what_they_require() -> None:
    graph = make_graph({"app": ("flask",), "flask": ("click",), "click": ()}, requested=("app",))
    assert show(graph, "click", reverse=True) == (
        "click 1 [pip]\n"
        "└── flask 1 [pip] requires: >=1\n"
        "    └── app 1 [pip, requested] requires: >=1"
    )


def test_a_root_that_was_not_requested_is_marked() -> None:
    assert show(make_graph({"a": ()})) == "a 1 [pip, not requested by the user]"


def test_a_cycle_is_cut_where_it_closes() -> None:
    graph = make_graph({"a": ("b",), "b": ("a",)})
    assert show(graph) == (
        "a 1 [pip, not requested by the user]\n"
        "└── b 1 [pip] required: >=1\n"
        "    └── a 1 [pip] required: >=1 (cycle)"
    )


def test_the_dependencies_of_a_package_are_shown_once() -> None:
    graph = make_graph({"a": ("c",), "b": ("c",), "c": ("d",), "d": ()}, requested=("a", "b"))
    assert show(graph) == (
        "a 1 [pip, requested]\n"
        "└── c 1 [pip] required: >=1\n"
        "    └── d 1 [pip] required: >=1\n"
        "b 1 [pip, requested]\n"
        "└── c 1 [pip] required: >=1 (*)\n"
        "\n"
        "(*) dependencies shown above"
    )


def test_an_unsatisfied_requirement_is_marked(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "7.0")
    built.pip_package("flask", "3", requires=("click>=8",))
    assert "└── click 7.0 [conda] required: >=8, NOT SATISFIED" in show(graph_of(built), "flask")


def test_packages_unrelated_to_python_are_omitted_unless_named(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("openssl", "3", {"/lib/libssl.so": "x"}, dist_info=False)
    built.conda_package("crypto", "1", depends=["openssl >=3", "python"])
    built.conda_package("suite", "1", {"/etc/x": "x"}, dist_info=False, depends=["crypto"])
    graph = graph_of(built)
    assert show(graph) == "suite 1 [conda, not requested by the user]\n└── crypto 1 [conda]"
    lines = show(graph, "openssl", reverse=True).splitlines()
    assert lines[1] == "└── crypto 1 [conda] requires: >=3"


def test_an_environment_without_python_packages_says_so(tmp_path: Path) -> None:
    assert show(graph_of(PrefixBuilder(root=tmp_path / "env"))) == "web has no Python packages."


def test_names_that_are_not_installed_are_an_error_naming_them() -> None:
    with pytest.raises(InteropError, match="x, y are not installed in web") as caught:
        show(make_graph({"a": ()}), "x", "a", "y")
    assert caught.value.code == "not-installed"
    assert "conda pip list -n web" in caught.value.hints[0]


def test_the_document_lists_each_package_once_with_its_edges() -> None:
    graph = make_graph({"a": ("b", "gone"), "b": ()}, conda=("b",), requested=("a",))
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
def test_every_package_and_every_dependency_has_one_line(graph: Graph) -> None:
    for reverse in (False, True):
        output = show_tree(graph, (), TARGET, reverse=reverse)
        document: Any = output.document
        packages = document["packages"]
        assert {one["name"] for one in packages} == {one.name for one in graph.packages.values()}
        edges = sum(len(one["needed_by" if reverse else "needs"]) for one in packages)
        lines = output.text.partition("\n\n")[0].splitlines()
        assert len(lines) == len(document["roots"]) + edges


def test_trees_are_drawn_in_ascii_if_the_encoding_lacks_lines() -> None:
    tree = Branch(text="a", below=(Branch(text="b", below=(Branch(text="c"),)), Branch(text="d")))
    assert draw_branches([tree], ascii_only=True) == "a\n|-- b\n|   `-- c\n`-- d"
    assert can_draw("utf-8")
    assert not can_draw("ascii")
    assert not can_draw("cp1252")
    assert not can_draw(None)
    assert not can_draw("no-such-encoding")
