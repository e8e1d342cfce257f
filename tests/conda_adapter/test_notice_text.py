"""What is said once after a transaction, and remembered."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.state import State
from conda_pip_interop.conda_adapter.hooks.notice_text import build_notice
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.base import Finding
from tests.support.findings import SampleFinding, VanishedSample

TARGET = Target(prefix=Path("/e"), name="web", is_base=False)


def finding(
    name: str = "click",
    *,
    pip_version: str | None = "2",
    remedy: tuple[tuple[str, ...], ...] = (("conda", "pip", "restore", "click"),),
) -> SampleFinding:
    return SampleFinding(name=name, version=pip_version, commands=remedy, evidence=())


def test_nothing_found_is_nothing_said() -> None:
    assert build_notice([], State(), TARGET) == ((), State())


def test_one_finding_is_told_in_full_with_the_command_that_settles_it() -> None:
    lines, _ = build_notice([finding()], State(), TARGET)
    assert lines == (
        "conda-pip-interop: web: something about click",
        "  To fix: conda pip restore -n web click",
    )


def test_one_finding_that_nothing_settles_is_one_line() -> None:
    lines, _ = build_notice([finding(remedy=())], State(), TARGET)
    assert lines == ("conda-pip-interop: web: something about click",)


def test_several_are_counted_by_kind_and_the_command_that_tells_all_is_named() -> None:
    names = ["a", "b", "c", "d", "e"]
    several = [*map(finding, names), VanishedSample(name="x", evidence=())]
    lines, _ = build_notice(several, State(), TARGET)
    assert lines == (
        "conda-pip-interop: web: 6 findings (overridden: a, b, c and 2 more; vanished: x)",
        "  To list them: conda pip check -n web",
    )


def test_what_was_told_is_not_told_again_while_it_lasts() -> None:
    _, state = build_notice([finding()], State(), TARGET)
    assert build_notice([finding()], state, TARGET) == ((), state)


def test_only_what_is_new_is_told() -> None:
    _, state = build_notice([finding("a")], State(), TARGET)
    lines, _ = build_notice([finding("a"), finding("b")], state, TARGET)
    assert lines[0] == "conda-pip-interop: web: something about b"


def test_what_was_settled_is_told_again_when_it_comes_back() -> None:
    first, state = build_notice([finding()], State(), TARGET)
    nothing, state = build_notice([], state, TARGET)
    again, _ = build_notice([finding()], state, TARGET)
    assert nothing == ()
    assert again == first


def test_another_version_of_pips_is_another_finding() -> None:
    _, state = build_notice([finding(pip_version="2")], State(), TARGET)
    lines, _ = build_notice([finding(pip_version="3")], state, TARGET)
    assert lines


def test_other_memories_stay_and_gone_findings_are_forgotten() -> None:
    state = State(unprotected=True, left_alone=frozenset({"leave:x"}), told=frozenset({"gone"}))
    _, remembered = build_notice([], state, TARGET)
    assert remembered == State(unprotected=True, left_alone=frozenset({"leave:x"}))


_FINDINGS = st.lists(
    st.builds(
        lambda sample, name, version: sample(name=name, version=version, evidence=()),
        st.sampled_from([SampleFinding, VanishedSample]),
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from([None, "1", "2"]),
    ),
    max_size=6,
)


@settings(max_examples=80, deadline=None)
@given(findings=_FINDINGS)
def test_every_finding_is_told_exactly_once(findings: list[Finding]) -> None:
    lines, state = build_notice(findings, State(), TARGET)
    assert bool(lines) is bool(findings)
    assert len(lines) <= 2
    assert build_notice(findings, state, TARGET) == ((), state)
