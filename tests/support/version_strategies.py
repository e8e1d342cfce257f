"""Hypothesis strategies for versions and specifiers that meet each other."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st
from packaging.specifiers import InvalidSpecifier, SpecifierSet

SUFFIXES: Final = ("", "a1", "b2", "rc1", ".post1", ".dev1", ".post2")
_RARE_SUFFIXES: Final = ("+cu118", "+cu121", "+local.2", "a1.dev2", ".post1.dev3", "rc1.post1")
_OPERATORS: Final = ("==", "!=", "<", "<=", ">", ">=", "~=", "==*", "!=*")


def releases(shortest: int, longest: int) -> st.SearchStrategy[str]:
    """Releases of so many segments, each from a few small numbers and often zero."""
    segments = st.sampled_from([0, 0, 1, 1, 2, 3, 10])
    return st.lists(segments, min_size=shortest, max_size=longest).map(
        lambda parts: ".".join(map(str, parts))
    )


def any_versions() -> st.SearchStrategy[str]:
    """Versions of every kind: epochs, pre-, post-, development and local versions."""
    return st.builds(
        lambda epoch, release, suffix: f"{epoch}{release}{suffix}",
        st.sampled_from(["", "", "", "", "1!"]),
        releases(1, 4),
        st.sampled_from([*SUFFIXES, *SUFFIXES, *_RARE_SUFFIXES, "rc1+x"]),
    )


def specifier_sets(bounds: st.SearchStrategy[str]) -> st.SearchStrategy[SpecifierSet]:
    """Sets of up to three valid specifiers with these bounds."""
    clauses = st.builds(_write_clause, st.sampled_from(_OPERATORS), bounds).filter(_is_valid)
    return st.lists(clauses, max_size=3).map(lambda found: SpecifierSet(",".join(found)))


def _write_clause(operator: str, version: str) -> str:
    return f"{operator[:2]}{version}.*" if operator.endswith("*") else f"{operator}{version}"


def _is_valid(text: str) -> bool:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return False
    return True


@st.composite
def common_projects(draw: st.DrawFn) -> tuple[list[SpecifierSet], list[str]]:
    """Ten specifier sets for a project, and its versions.

    Releases have any length. Pre-, post- and development releases have one length, as in a real
    project, and the bounds are not longer.
    """
    length = draw(st.integers(2, 3))
    wanted = draw(st.lists(specifier_sets(releases(1, length)), min_size=10, max_size=10))
    finals = draw(st.lists(releases(1, 4), min_size=5, max_size=5))
    others = draw(st.lists(releases(length, length), min_size=5, max_size=5))
    return wanted, [*finals, *(one + suffix for one in others for suffix in SUFFIXES)]
