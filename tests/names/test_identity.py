"""A package and a project of one name are the same if they have a version in common."""

from __future__ import annotations

import pytest
from packaging.version import Version

from conda_pip_interop.names.identity import explain_other_project


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
