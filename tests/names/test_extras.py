"""The expansion of extras into what they require."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
    assert expand("app[all]", "unknown[x]", requires=requires) == [
        *('bad>=2.7.* ; extra == "a"', "unknown[x]", "app", "one", "lib>=2", "speed"),
    ]


def test_any_spelling_finds_an_extra() -> None:
    assert expand("x[Fast_Mode]", requires={"x": ['y ; extra == "fast-mode"']}) == ["x", "y"]


def test_extras_that_require_each_other_are_expanded_once() -> None:
    requires = {"a": ['b[x] ; extra == "x"'], "b": ['a[x] ; extra == "x"']}
    assert expand("a[x]", requires=requires) == ["a", "b"]


@given(texts=st.lists(st.sampled_from(["a", "b>=1", "c[x]", "d; os_name=='nt'", "e[y]==2"])))
def test_extras_of_projects_with_unknown_requirements_stay(texts: list[str]) -> None:
    plain = list(dict.fromkeys(str(Requirement(text)) for text in texts))
    assert expand(*texts, requires={}) == plain
