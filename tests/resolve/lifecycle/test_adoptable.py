"""Which versions of a channel may take the place of pip's."""

from __future__ import annotations

import pytest
from packaging.specifiers import SpecifierSet

from conda_pip_interop.resolve.lifecycle.adoptable import choose_versions

BOTH = {"newer": True, "older": True}


@pytest.mark.parametrize(
    ("installed", "available", "limits", "allowed", "chosen"),
    [
        ("1.0", ["1.0.0", "2.0"], "", BOTH, "==1.0"),
        ("1.0", ["2.0"], "", {}, None),
        ("1.0", ["2.0"], "", {"newer": True}, ">1.0"),
        ("1.0", ["2.0"], "", {"older": True}, None),
        ("1.0", ["2.0"], "<2", {"newer": True}, None),
        ("1.0", ["0.9", "2.0"], "<2", BOTH, "<1.0,<2"),
        ("1.0", ["0.9", "2.0"], "", BOTH, ">1.0"),
        ("1.0", ["1.0"], "<1", {}, "==1.0"),  # what is installed may break a requirement as before
        ("1.0+cpu", ["1.0"], "", {}, None),
        ("1.0+cpu", ["1.1"], "", {"newer": True}, ">1.0"),
        ("2004-unknown", ["1.0"], "", BOTH, None),
    ],
)
def test_the_same_version_then_a_newer_then_an_older_one_if_allowed(
    installed: str, available: list[str], limits: str, allowed: dict[str, bool], chosen: str | None
) -> None:
    allow = {"newer": False, "older": False} | allowed
    found = choose_versions(installed, available, limits=SpecifierSet(limits), **allow)
    assert found == (None if chosen is None else SpecifierSet(chosen))
