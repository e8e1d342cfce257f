"""The version that counts of a distribution in a conda package."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from conda_pip_interop.environment.versions import (
    choose_version,
    is_newer,
    is_same,
    parse_file_version,
    parse_version,
)
from tests.support.version_strategies import any_versions

IMPLAUSIBLE = st.sampled_from(["0.0.0", "0", "0.0.0.dev0", "0+unknown", "0.0.0+g1a2b", "unknown"])
NOT_PEP_440 = st.sampled_from(["", "2024_x", "9e", "1.0_x_2", "latest"])
PLAUSIBLE = any_versions().filter(lambda text: any(Version(text).release))
STATED = st.one_of(any_versions(), IMPLAUSIBLE, NOT_PEP_440)
SPELLINGS = st.sampled_from(["diffpy.kit", "diffpy-kit", "Diffpy_Kit"])
KIT = canonicalize_name("diffpy-kit")


def choose(stated: str, package_version: str, package: str = "diffpy.kit") -> str:
    return choose_version(KIT, stated, package=package, package_version=package_version)


@pytest.mark.parametrize(
    ("project", "stated", "package", "package_version", "expected"),
    [
        ("formulae", "0.0.0", "formulae", "0.5.3", "0.5.3"),
        ("pg8000", "0+unknown", "pg8000", "1.31.2", "1.31.2"),
        ("jaxlib", "0.4.23.dev20240101", "jaxlib", "0.4.23", "0.4.23"),
        ("torch", "0.0.0", "pytorch", "2.3.0", "2.3.0"),
        ("torch", "2.3.0.post100", "pytorch", "2.3.0", "2.3.0.post100"),
        ("opencv-python", "4.9.0.80", "py-opencv", "4.9.0", "4.9.0.80"),
        ("certifi", "2025.01.31", "certifi", "2025.1.31", "2025.01.31"),
        ("torch", "2.3.0+cu118", "torch", "2.3.0", "2.3.0+cu118"),
        ("kit", "1.2", "kit", "9e", "1.2"),
        ("kit", "", "kit", "1.2", "1.2"),
    ],
)
def test_known_packages_have_the_version_that_is_true(
    project: str, stated: str, package: str, package_version: str, expected: str
) -> None:
    name = NormalizedName(project)
    found = choose_version(name, stated, package=package, package_version=package_version)
    assert found == expected


@given(stated=STATED, recorded=any_versions(), package=SPELLINGS)
def test_a_namesake_has_the_version_of_the_package(
    stated: str, recorded: str, package: str
) -> None:
    chosen = parse_version(choose(stated, recorded, package))
    assert chosen is not None
    assert is_same(chosen, Version(recorded))


@given(stated=PLAUSIBLE, recorded=any_versions())
def test_a_project_of_another_name_keeps_a_plausible_version(stated: str, recorded: str) -> None:
    assert choose(stated, recorded, "py-kit") == stated


@given(stated=st.one_of(IMPLAUSIBLE, NOT_PEP_440), recorded=any_versions())
def test_a_version_that_says_nothing_never_counts(stated: str, recorded: str) -> None:
    for package in ("diffpy.kit", "py-kit"):
        assert choose(stated, recorded, package) in {recorded, stated}
        assert parse_version(choose(stated, recorded, package)) is not None


@given(stated=STATED, recorded=NOT_PEP_440, package=st.sampled_from(["diffpy-kit", "py-kit"]))
def test_a_version_that_only_conda_understands_never_counts(
    stated: str, recorded: str, package: str
) -> None:
    assert choose(stated, recorded, package) == stated


@given(any_versions(), any_versions())
def test_of_two_versions_one_is_newer_unless_they_are_equal(one: str, other: str) -> None:
    first, second = Version(one), Version(other)
    assert is_newer(one, other) is (first > second)
    assert is_newer(one, other) + is_newer(other, one) == (first != second)


@given(any_versions(), NOT_PEP_440)
def test_what_is_no_version_is_neither_newer_nor_older(version: str, odd: str) -> None:
    assert not is_newer(version, odd)
    assert not is_newer(odd, version)


@pytest.mark.parametrize(
    ("file", "version"),
    [
        ("six-1.16.0-py2.py3-none-any.whl", "1.16.0"),
        ("kit-1.0+cu118-cp311-cp311-linux_x86_64.whl", "1.0+cu118"),
        ("six-1.16.0.tar.gz", "1.16.0"),
        ("six-1.16.0.zip", "1.16.0"),
        *((odd, "") for odd in ("", "six.whl", "six-1.16.0.tar.bz2", "main.zip", "six-x.tar.gz")),
    ],
)
def test_the_version_in_a_file_name_is_read(file: str, version: str) -> None:
    assert parse_file_version(file) == version
