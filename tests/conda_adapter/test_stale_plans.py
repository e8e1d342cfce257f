"""A plan that another process has overtaken is made anew, but not for ever."""

from __future__ import annotations

import pytest
from conda_pip_interop.conda_adapter.stale_plans import plan_until_fresh

from conda_pip_interop.errors import InteropError


class Work:
    """What is stale so many times, and then done."""

    def __init__(self, *, stale: int, code: str = "stale-plan") -> None:
        self.stale, self.code, self.calls = stale, code, 0

    def __call__(self) -> str:
        """Try once."""
        self.calls += 1
        if self.calls <= self.stale:
            raise InteropError(self.code, "It has changed.")
        return "done"


def test_it_is_planned_again_and_said_each_time() -> None:
    work, told = Work(stale=2), list[str]()
    assert plan_until_fresh(work, tell=told.append) == "done"
    assert told == ["It has changed. Planning again."] * 2


def test_what_changes_all_the_time_is_refused_in_the_end() -> None:
    work = Work(stale=100)
    with pytest.raises(InteropError, match="It has changed") as refused:
        plan_until_fresh(work, tell=lambda _: None)
    assert refused.value.code == "stale-plan"
    assert work.calls == 5


def test_any_other_refusal_is_final() -> None:
    work = Work(stale=1, code="busy")
    with pytest.raises(InteropError):
        plan_until_fresh(work, tell=lambda _: None)
    assert work.calls == 1
