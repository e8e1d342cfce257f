"""Markers of which a part is known: what is left of them means the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from conda_pip_interop.dependency_files.dynamic import (
    ALWAYS,
    NEVER,
    ProjectMetadata,
    choose_dependencies,
    simplify,
)

_PARTS = st.sampled_from(
    [ALWAYS, NEVER, "os_name == 'posix'", "'or and' in platform_version", "python_version < '3'"]
)
_MARKERS = st.recursive(
    _PARTS,
    lambda inner: st.builds(
        "({}) {} {}".format, inner, st.sampled_from(["and", "or"]), inner | inner.map("({})".format)
    ),
    max_leaves=8,
)


@given(marker=_MARKERS, system=st.sampled_from(["nt", "posix"]))
def test_what_is_left_of_a_marker_means_the_same(marker: str, system: str) -> None:
    environment = {"os_name": system, "platform_version": "x"}
    left = simplify(marker)
    assert left == NEVER or not (ALWAYS in left or NEVER in left)
    assert Marker(left or ALWAYS).evaluate(environment) is Marker(marker).evaluate(environment)


@pytest.mark.parametrize(
    ("line", "with_docs", "without"),
    [
        (
            "rich ; (python_version >= '3' and extra == 'docs')",
            "rich ; python_version >= '3'",
            None,
        ),
        ("rich ; extra == 'docs' or os_name == 'nt'", "rich", "rich ; os_name == 'nt'"),
        ("rich ; os_name == 'nt' and (extra == 'docs')", "rich ; os_name == 'nt'", None),
        ("rich ; (extra == 'docs')", "rich", None),
    ],
)
def test_the_extra_in_the_marker_of_a_requirement_is_known(
    line: str, with_docs: str, without: str | None
) -> None:
    metadata = ProjectMetadata(
        name=canonicalize_name("app"), requires_dist=(line,), provides_extra=("docs",)
    )
    assert choose_dependencies(metadata, ["docs"]) == (with_docs,)
    assert choose_dependencies(metadata, []) == (() if without is None else (without,))
