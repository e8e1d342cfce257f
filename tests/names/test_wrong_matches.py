"""Packages that do not contain the project looked up: by their versions, or remembered."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from packaging.utils import NormalizedName
from packaging.version import Version

from conda_pip_interop.names.wrong_matches import (
    WrongMatch,
    explain_other_project,
    read_wrong_matches,
    remember_wrong_matches,
)


def build_match(build: str) -> WrongMatch:
    return WrongMatch(
        channel="conda-forge",
        name="ninja",
        version="1.12",
        build=build,
        project=NormalizedName("ninja"),
    )


def test_wrong_matches_are_added_by_channel_and_build(tmp_path: Path) -> None:
    file = tmp_path / "new" / "matches.json"
    assert read_wrong_matches(file) == frozenset()
    assert remember_wrong_matches(file, [build_match("h0_0")])
    assert remember_wrong_matches(file, [build_match("h0_1"), build_match("h0_0")])
    assert read_wrong_matches(file) == {build_match("h0_0"), build_match("h0_1")}


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")  # nothing can be created below a file, not even by root
    assert not remember_wrong_matches(blocked / "matches.json", [build_match("h0_0")])
    assert read_wrong_matches(blocked / "matches.json") == frozenset()


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "[" * 100_000, '{"version": 2, "wrong": []}'),
        '{"version": 1, "wrong": [3, ["a"], []]}',
    ],
)
def test_an_invalid_cache_is_replaced(tmp_path: Path, text: str) -> None:
    file = tmp_path / "matches.json"
    file.write_text(text)
    assert read_wrong_matches(file) == frozenset()
    assert remember_wrong_matches(file, [build_match("h0_0")])
    assert read_wrong_matches(file) == {build_match("h0_0")}
    assert [one.name for one in os.scandir(tmp_path)] == ["matches.json"]


@pytest.mark.parametrize(
    ("offered", "released"),
    [
        (["1.0", "7.0"], ["1.0.0"]),
        (["2.0+cpu"], ["2.0"]),
        (["7.0"], []),
        ([], ["1.0"]),
        (["7.0", "snapshot"], ["1.0"]),
    ],
)
def test_a_common_version_or_none_to_compare_says_nothing(
    offered: list[str], released: list[str]
) -> None:
    assert explain_other_project("x", offered, frozenset(map(Version, released))) is None


def test_no_version_in_common_means_another_project() -> None:
    found = explain_other_project("x", ["7.0", "7.1"], frozenset({Version("0.1"), Version("0.2")}))
    assert found == (
        "conda's x is another project: the index has 0.2, and none of conda's versions such as 7.1"
    )
