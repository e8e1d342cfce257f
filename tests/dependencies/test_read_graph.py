"""The graph of an environment, across both managers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.dependencies.graph import Need, Node
from tests.support.builders import PrefixBuilder
from tests.support.graphs import graph_of


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env", python="3.11.7")


def node_of(built: PrefixBuilder, name: str) -> Node:
    (node,) = graph_of(built).find(name)
    return node


def needs_of(built: PrefixBuilder, name: str) -> dict[str, Need]:
    return {need.name: need for need in node_of(built, name).needs}


def test_pip_and_conda_need_each_other(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1.7")
    built.conda_package("flask", "3.0", requires=("click>=8",), depends=["click >=8", "python"])
    built.pip_package("Flask-Testing", "0.8", requires=("Flask",))
    graph = graph_of(built)
    assert [n.target for n in node_of(built, "flask-testing").needs] == ["conda:flask"]
    needs = needs_of(built, "flask")
    assert needs["click"] == Need(name="click", asked=">=8", target="conda:click")
    assert needs["python"].target == "conda:python"
    assert not needs["python"].by_distribution
    assert {key for key, node in graph.nodes.items() if node.owner == "pip"} == {
        "pip:flask-testing"
    }


def test_what_is_lacking_or_too_old_is_told_of_pips(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    built.pip_package(
        "flask", "3", requires=("click>=8.1", "werkzeug>=3", "six; sys_platform=='x'")
    )
    needs = needs_of(built, "flask")
    assert needs.keys() == {"click", "werkzeug"}
    assert (needs["click"].met, needs["click"].target) == (False, "conda:click")
    assert (needs["werkzeug"].met, needs["werkzeug"].target) == (False, None)


def test_what_conda_leaves_out_on_purpose_is_not_told(built: PrefixBuilder) -> None:
    built.conda_package("flask", "3", requires=("werkzeug>=3",))
    assert needs_of(built, "flask") == {}


def test_a_package_of_condas_is_one_node_with_all_that_it_carries(built: PrefixBuilder) -> None:
    built.conda_package("py-opencv", "4", distribution="opencv-python")
    built.pip_package("app", "1", requires=("opencv-python",))
    node = node_of(built, "opencv-python")
    assert node == node_of(built, "py-opencv")
    assert node.label == "py-opencv (opencv-python)"
    assert needs_of(built, "app")["opencv-python"].target == node.key


def test_a_program_answers_in_a_version_that_nobody_states(built: PrefixBuilder) -> None:
    built.conda_package("ninja", "1.11", {"/bin/ninja": "x"}, dist_info=False)
    built.pip_package("meson", "1", requires=("ninja>=99",))
    need = needs_of(built, "meson")["ninja"]
    assert (need.target, need.met) == ("conda:ninja", True)


def test_in_the_place_of_condas_stands_pips(built: PrefixBuilder) -> None:
    built.conda_package("numpy", "1.0", requested_spec="numpy")
    built.conda_package("scipy", "1.0", depends=["numpy >=1"])
    built.pip_upgrade("numpy", "1.0", "2.0", requested=False)
    node = node_of(built, "numpy")
    assert (node.key, node.version, node.asked) == ("pip:numpy", "2.0", True)
    assert needs_of(built, "scipy")["numpy"].target == "pip:numpy"


def test_of_a_name_that_both_have_condas_counts(built: PrefixBuilder) -> None:
    built.pip_package("idna", "3.11")
    built.conda_package("idna", "3.10")
    assert node_of(built, "idna").owner == "conda"


@pytest.mark.parametrize(
    ("requested", "installer", "asked"),
    [
        (True, "pip", True),
        (False, "pip", False),
        (True, "uv", True),
        (False, "uv", False),  # uv writes it for everything; what lacks it, we have installed
        (False, "poetry 1.8", True),
    ],
)
def test_what_does_not_say_that_it_was_a_dependency_was_asked_for(
    built: PrefixBuilder, requested: bool, installer: str, asked: bool
) -> None:
    built.pip_package("six", "1", requested=requested)
    built.write(f"{built.dist_info('six', '1')}/INSTALLER", f"{installer}\n")
    assert node_of(built, "six").asked is asked


@pytest.mark.parametrize(
    ("more", "history", "asked"),
    [
        ({"requested_spec": "six>=1"}, "", True),
        ({"requested_spec": "None"}, "", False),
        ({}, "", False),
        ({"requested_specs": ["six"]}, "", True),
        ({"requested_spec": "None"}, "# update specs: ['six']", True),
    ],
)
def test_condas_records_and_history_tell_what_it_was_asked_for(
    built: PrefixBuilder, more: dict[str, Any], history: str, asked: bool
) -> None:
    built.conda_package("six", "1", **more)
    built.write("conda-meta/history", history)
    assert node_of(built, "six").asked is asked


def metadata_with_extra(built: PrefixBuilder, name: str, extra: str, requires: str) -> None:
    built.pip_package(name, "1", requires=(f"{requires}; extra == '{extra}'",))
    path = built.root / built.dist_info(name, "1") / "METADATA"
    path.write_text(path.read_text().replace("\n\n", f"\nProvides-Extra: {extra}\n\n", 1))


def test_an_extra_that_somebody_asks_for_is_needed(built: PrefixBuilder) -> None:
    metadata_with_extra(built, "requests", "socks", "pysocks>=1")
    built.pip_package("pysocks", "1.7", requested=False)
    built.pip_package("app", "1", requires=("requests[Socks]>=1",))
    need = needs_of(built, "requests")["pysocks"]
    assert (need.extra, need.asked) == (None, ">=1")
    assert needs_of(built, "app")["requests"].asked == "[Socks]>=1"


def test_an_extra_asks_in_turn_for_extras_of_its_own(built: PrefixBuilder) -> None:
    metadata_with_extra(built, "a", "all", "a[one]")
    path = built.root / built.dist_info("a", "1") / "METADATA"
    path.write_text(
        path.read_text().replace(
            "\n\n", "\nProvides-Extra: one\nRequires-Dist: b; extra == 'one'\n\n", 1
        )
    )
    built.pip_package("b", "1", requested=False)
    built.pip_package("app", "1", requires=("a[all]",))
    assert needs_of(built, "a")["b"].extra is None


def test_an_extra_that_nobody_asks_for_explains_only_what_nothing_else_does(
    built: PrefixBuilder,
) -> None:
    metadata_with_extra(built, "requests", "socks", "pysocks>=1")
    metadata_with_extra(built, "attrs", "tests", "pytest")
    built.pip_package("pysocks", "1.7", requested=False)
    built.pip_package("pytest", "8")
    assert needs_of(built, "requests")["pysocks"].extra == "socks"
    node = node_of(built, "attrs")
    assert node.needs == ()
    assert [(one.name, one.extra) for one in node.options] == [("pytest", "tests")]


def test_odd_metadata_and_odd_depends_are_no_reason_to_stop(built: PrefixBuilder) -> None:
    built.pip_package("a", "1", requires=("not a requirement !", "b>=1; python_version > 'x'"))
    built.pip_package("b", "not-a-version")
    built.pip_package("c", "1", requires=("b>=3", "c>=1"))
    built.conda_package("d", "1", depends=["", "[x]", "e[version='>=1']", "__glibc >=2"])
    built.conda_package("e", "1")
    assert [need.name for need in node_of(built, "c").needs] == ["b"]
    assert needs_of(built, "c")["b"].met
    assert needs_of(built, "d")["e"].asked == "[version='>=1']"
