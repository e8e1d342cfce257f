"""The expansion of extras into what they require."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conda_pip_interop.names.extras import expand_extras
from conda_pip_interop.names.requirement import Invalid
from tests.support.requirements import LINUX


def expand(*texts: str, requires: Mapping[str, Sequence[str]]) -> list[str]:
    known = {canonicalize_name(key): value for key, value in requires.items()}
    found = expand_extras(map(Requirement, texts), known.get, LINUX)
    return [one.text if isinstance(one, Invalid) else str(one) for one in found]


def test_extras_are_expanded_recursively() -> None:
    requires = {
        "app": [
            "core>=1",
            'app[a,b] ; extra == "all"',
            'one ; extra == "a"',
            'lib[fast]>=2 ; extra == "b" and sys_platform == "linux"',
            'never ; extra == "b" and sys_platform == "win32"',
            'bad>=2.7.* ; extra == "a"',
        ],
        "lib": ['speed ; extra == "fast"', 'slow ; extra == "slow"'],
    }
    on_linux = '; sys_platform == "linux"'
    assert expand("app[all]", "unknown[x]", requires=requires) == [
        *('bad>=2.7.* ; extra == "a"', "unknown[x]", "app", "one"),
        *(f"lib>=2{on_linux}", f"speed{on_linux}"),
    ]


@pytest.mark.parametrize(
    ("of_extra", "kept"),
    [
        *(('extra == "x"', ""), ('extra == "x" or extra == "y"', "")),
        ('os_name == "posix" and extra == "x"', ' and os_name == "posix"'),
        ('extra == "x" and os_name == "posix"', ' and os_name == "posix"'),
        ('os_name == "nt" or os_name == "posix" and extra == "x"', ""),
        (
            '(os_name == "nt" or os_name == "posix") and extra == "x"',
            ' and (os_name == "nt" or os_name == "posix")',
        ),
    ],
)
def test_what_an_extra_requires_keeps_the_markers(of_extra: str, kept: str) -> None:
    requires = {"a": [f"b ; {of_extra}"]}
    marker = '; python_version > "3"'
    assert expand(f"a[x]{marker}", requires=requires) == [f"a{marker}", f"b{marker}{kept}"]


def test_markers_of_extras_that_require_each_other_come_to_an_end() -> None:
    requires = {
        "a": ['b[x] ; extra == "x" and os_name == "posix"'],
        "b": ['a[x] ; extra == "x" and sys_platform == "linux"'],
    }
    assert expand("a[x]", requires=requires)[:2] == ["a", 'b; os_name == "posix"']


def test_any_spelling_finds_an_extra() -> None:
    assert expand("x[Fast_Mode]", requires={"x": ['y ; extra == "fast-mode"']}) == ["x", "y"]


def test_extras_that_require_each_other_are_expanded_once() -> None:
    requires = {"a": ['b[x] ; extra == "x"'], "b": ['a[x] ; extra == "x"']}
    assert expand("a[x]", requires=requires) == ["a", "b"]


@given(texts=st.lists(st.sampled_from(["a", "b>=1", "c[x]", "d; os_name=='nt'", "e[y]==2"])))
def test_extras_of_projects_with_unknown_requirements_stay(texts: list[str]) -> None:
    plain = list(dict.fromkeys(str(Requirement(text)) for text in texts))
    assert expand(*texts, requires={}) == plain
