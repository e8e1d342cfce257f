"""Which environments the policy protects."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.errors import NotAllowedError
from conda_pip_interop.protection.policy import (
    GUARD_MODES,
    INSTALLERS,
    PREFERENCES,
    RECONCILE_MODES,
    GuardMode,
    InstallerName,
    Policy,
    Preference,
    ReconcileMode,
    decide_preference,
    decide_protection,
)

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


def test_none_is_no_pattern_of_names() -> None:
    assert not protects("none", name="none")
    assert protects("all", "!none", name="none")


def test_by_default_what_conda_did_is_reconciled_and_harm_is_warned_of() -> None:
    policy = Policy()
    assert (policy.reconcile, policy.guard, policy.prefer, policy.installer) == (
        "auto",
        "warn",
        "conda",
        "pip",
    )


def test_the_choices_of_a_setting_are_those_of_its_type() -> None:
    assert get_args(ReconcileMode) == RECONCILE_MODES
    assert get_args(GuardMode) == GUARD_MODES
    assert get_args(Preference) == PREFERENCES
    assert get_args(InstallerName) == INSTALLERS


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


def test_the_command_line_or_file_decides_what_is_preferred_unless_it_is_locked() -> None:
    locked = Policy(prefer="pypi", prefer_source="/etc/conda/.condarc", prefer_locked=True)
    for policy in (Policy(prefer="pypi"), locked):
        assert decide_preference(policy, None) == "pypi"
        assert decide_preference(policy, "pypi") == "pypi"
    assert decide_preference(Policy(prefer="pypi"), "conda") == "conda"
    with pytest.raises(NotAllowedError, match=r"locked to pypi by /etc/conda/\.condarc") as refused:
        decide_preference(locked, "conda")
    assert refused.value.code == "locked-setting"
    assert "`--prefer conda`, or `prefer` in [tool.conda-pip-interop]" in refused.value.hints[0]
