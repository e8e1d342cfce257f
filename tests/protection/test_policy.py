"""Which environments the policy protects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.protection.policy import Policy, decide_protection

BASE = "/opt/conda"
WEB = "/opt/conda/envs/web"


def protects(*words: str, name: str | None = "web", path: str = WEB, is_base: bool = False) -> bool:
    return decide_protection(Policy(protect=words), name=name, path=path, is_base=is_base)


def protects_base(*words: str) -> bool:
    return protects(*words, name=None, path=BASE, is_base=True)


def test_by_default_only_base_is_protected() -> None:
    assert decide_protection(Policy(), name=None, path=BASE, is_base=True)
    assert decide_protection(Policy(), name="base", path=BASE, is_base=True)
    assert not decide_protection(Policy(), name="web", path=WEB, is_base=False)


@pytest.mark.parametrize(
    ("words", "base", "web"),
    [
        (("base",), True, False),
        (("none",), False, False),
        (("all",), True, True),
        ((), False, False),
        (("all", "!base"), False, True),
        (("all", "!web"), True, False),
        (("!web", "all"), True, True),
        (("web", "!web", "w*"), False, True),
        (("all", "!w*", "base"), True, False),
        (("!base",), False, False),
        (("base", "web"), True, True),
        (("w?b",), False, True),
        (("W*",), False, False),
        (("/opt/conda/envs/*",), False, True),
        (("/opt/conda",), True, False),
        (("/opt/conda*",), True, True),
        (("all", "!/opt/conda/*"), True, False),
        (("*",), True, True),
        (("prod-*", "!prod-test"), False, False),
    ],
)
def test_patterns_select_environments_and_the_last_match_wins(
    words: tuple[str, ...], base: bool, web: bool
) -> None:
    assert protects_base(*words) is base
    assert protects(*words) is web


def test_an_environment_named_base_is_not_the_base_environment() -> None:
    assert not protects("all", "!base", name="base", path=BASE, is_base=True)
    assert protects("all", "!base", name=None, path="/somewhere/base")


def test_an_environment_without_a_name_is_matched_only_by_path() -> None:
    assert not protects("web", name=None, path="/home/me/web")
    assert protects("/home/me/*", name=None, path="/home/me/web")


_WORDS = st.lists(
    st.sampled_from(["all", "none", "base", "web", "w*", "!all", "!web", "!base", "!none", "x"]),
    max_size=6,
)


@settings(max_examples=200, deadline=None)
@given(words=_WORDS, last=st.sampled_from(["all", "!all", "web", "!web"]))
def test_a_matching_last_pattern_decides_whatever_precedes_it(words: list[str], last: str) -> None:
    assert protects(*words, last) is not last.startswith("!")


@settings(max_examples=200, deadline=None)
@given(words=_WORDS)
def test_patterns_without_a_match_have_no_effect(words: list[str]) -> None:
    assert protects(*words) is protects(*words, "none", "elsewhere", "!nowhere")
