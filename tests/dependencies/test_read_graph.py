"""Building the dependency graph of an environment across both managers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.dependencies.graph import Dependency, Package
from tests.support.builders import PrefixBuilder
from tests.support.graphs import graph_of


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env", python="3.11.7")


def package_of(built: PrefixBuilder, name: str) -> Package:
    (node,) = graph_of(built).find(name)
    return node


def dependencies_of(built: PrefixBuilder, name: str) -> dict[str, Dependency]:
    return {need.name: need for need in package_of(built, name).dependencies}


def test_packages_of_both_managers_depend_on_each_other(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.1.7")
    built.conda_package("flask", "3.0", requires=("click>=8",), depends=["click >=8", "python"])
    built.pip_package("Flask-Testing", "0.8", requires=("Flask",))
    graph = graph_of(built)
    assert [n.target for n in package_of(built, "flask-testing").dependencies] == ["conda:flask"]
    needs = dependencies_of(built, "flask")
    assert needs["click"] == Dependency(name="click", specifier=">=8", target="conda:click")
    assert needs["python"].target == "conda:python"
    assert not needs["python"].from_metadata
    assert {key for key, node in graph.packages.items() if node.owner == "pip"} == {
        "pip:flask-testing"
    }


def test_missing_or_too_old_dependencies_of_pip_are_unsatisfied(
    built: PrefixBuilder,
) -> None:
    built.conda_package("click", "8.0")
    built.pip_package(
        "flask", "3", requires=("click>=8.1", "werkzeug>=3", "six; sys_platform=='x'")
    )
    needs = dependencies_of(built, "flask")
    assert needs.keys() == {"click", "werkzeug"}
    assert (needs["click"].satisfied, needs["click"].target) == (False, "conda:click")
    assert (needs["werkzeug"].satisfied, needs["werkzeug"].target) == (False, None)


def test_a_requirement_that_conda_omits_on_purpose_is_no_dependency(built: PrefixBuilder) -> None:
    built.conda_package("flask", "3", requires=("werkzeug>=3",))
    assert dependencies_of(built, "flask") == {}


def test_a_conda_package_provides_the_distributions_it_contains(built: PrefixBuilder) -> None:
    built.conda_package("py-opencv", "4", distribution="opencv-python")
    built.pip_package("app", "1", requires=("opencv-python",))
    graph = graph_of(built)
    (node,) = graph.find("opencv-python")
    assert graph.find("py-opencv") == (node,)
    assert node.label == "py-opencv (opencv-python)"
    assert dependencies_of(built, "app")["opencv-python"].target == node.key


def test_a_conda_package_without_metadata_satisfies_any_version(built: PrefixBuilder) -> None:
    built.conda_package("ninja", "1.11", {"/bin/ninja": "x"}, dist_info=False)
    built.pip_package("meson", "1", requires=("ninja>=99",))
    need = dependencies_of(built, "meson")["ninja"]
    assert (need.target, need.satisfied) == ("conda:ninja", True)


def test_pips_distribution_provides_what_it_replaced(
    built: PrefixBuilder,
) -> None:
    built.conda_package("numpy", "1.0", requested_spec="numpy")
    built.conda_package("scipy", "1.0", depends=["numpy >=1"])
    built.pip_upgrade("numpy", "1.0", "2.0", requested=False)
    node = package_of(built, "numpy")
    assert (node.key, node.version, node.requested) == ("pip:numpy", "2.0", True)
    assert dependencies_of(built, "scipy")["numpy"].target == "pip:numpy"


def test_condas_distribution_wins_over_stale_metadata_of_pip(built: PrefixBuilder) -> None:
    built.pip_package("idna", "3.11")
    built.conda_package("idna", "3.10")
    assert package_of(built, "idna").owner == "conda"


@pytest.mark.parametrize(
    ("requested", "installer", "expected"),
    [
        (True, "pip", True),
        (False, "pip", False),
        (True, "uv", True),
        (False, "uv", False),  # uv writes it for everything; what lacks it, we have installed
        (False, "poetry 1.8", True),
    ],
)
def test_a_distribution_is_requested_unless_its_installer_says_otherwise(
    built: PrefixBuilder, requested: bool, installer: str, expected: bool
) -> None:
    built.pip_package("six", "1", requested=requested)
    built.write(f"{built.dist_info('six', '1')}/INSTALLER", f"{installer}\n")
    assert package_of(built, "six").requested is expected


@pytest.mark.parametrize(
    ("more", "history", "expected"),
    [
        ({"requested_spec": "six>=1"}, "", True),
        ({"requested_spec": "None"}, "", False),
        ({}, "", False),
        ({"requested_specs": ["six"]}, "", True),
        ({"requested_spec": "None"}, "# update specs: ['six']", True),
    ],
)
def test_condas_records_and_history_say_what_was_requested(
    built: PrefixBuilder, more: dict[str, Any], history: str, expected: bool
) -> None:
    built.conda_package("six", "1", **more)
    built.write("conda-meta/history", history)
    assert package_of(built, "six").requested is expected


def metadata_with_extra(built: PrefixBuilder, name: str, extra: str, requires: str) -> None:
    built.pip_package(name, "1", requires=(f"{requires}; extra == '{extra}'",))
    path = built.root / built.dist_info(name, "1") / "METADATA"
    path.write_text(path.read_text().replace("\n\n", f"\nProvides-Extra: {extra}\n\n", 1))


def test_the_dependencies_of_a_wanted_extra_are_dependencies(built: PrefixBuilder) -> None:
    metadata_with_extra(built, "requests", "socks", "pysocks>=1")
    built.pip_package("pysocks", "1.7", requested=False)
    built.pip_package("app", "1", requires=("requests[Socks]>=1",))
    need = dependencies_of(built, "requests")["pysocks"]
    assert (need.extra, need.specifier) == (None, ">=1")
    assert dependencies_of(built, "app")["requests"].specifier == "[Socks]>=1"


def test_an_extra_may_want_extras_of_its_own_package(built: PrefixBuilder) -> None:
    metadata_with_extra(built, "a", "all", "a[one]")
    path = built.root / built.dist_info("a", "1") / "METADATA"
    path.write_text(
        path.read_text().replace(
            "\n\n", "\nProvides-Extra: one\nRequires-Dist: b; extra == 'one'\n\n", 1
        )
    )
    built.pip_package("b", "1", requested=False)
    built.pip_package("app", "1", requires=("a[all]",))
    assert dependencies_of(built, "a")["b"].extra is None


def test_an_unwanted_extra_explains_only_packages_without_other_reason(
    built: PrefixBuilder,
) -> None:
    metadata_with_extra(built, "requests", "socks", "pysocks>=1")
    metadata_with_extra(built, "attrs", "tests", "pytest")
    built.pip_package("pysocks", "1.7", requested=False)
    built.pip_package("pytest", "8")
    assert dependencies_of(built, "requests")["pysocks"].extra == "socks"
    node = package_of(built, "attrs")
    assert node.dependencies == ()
    assert [(one.name, one.extra) for one in node.optional] == [("pytest", "tests")]


def test_invalid_metadata_and_depends_are_skipped(built: PrefixBuilder) -> None:
    built.pip_package("a", "1", requires=("not a requirement !", "b>=1; python_version > 'x'"))
    built.pip_package("b", "not-a-version")
    built.pip_package("c", "1", requires=("b>=3", "c>=1"))
    built.conda_package("d", "1", depends=["", "[x]", "e[version='>=1']", "__glibc >=2"])
    built.conda_package("e", "1")
    assert [need.name for need in package_of(built, "c").dependencies] == ["b"]
    assert dependencies_of(built, "c")["b"].satisfied
    assert dependencies_of(built, "d")["e"].specifier == "[version='>=1']"
