"""Plans: steps, and plans merged."""

from __future__ import annotations

from conda_pip_interop.changes.plan import (
    Keep,
    LinkConda,
    Plan,
    RemoveFile,
    RemovePip,
    WriteFile,
    merge_plans,
)
from conda_pip_interop.environment.paths import PrefixPath

KEEP = Keep(manager="conda", name="six", version="1", reason="satisfied")
REMOVE = RemoveFile(path=PrefixPath("a"), reason="x")
WRITE = WriteFile(path=PrefixPath("a"), content=b"new", reason="y")


def test_a_plan_that_only_keeps_is_empty() -> None:
    assert Plan(title="install", steps=(KEEP,)).is_empty
    assert not Plan(title="install", steps=(KEEP, REMOVE)).is_empty


def test_packages_and_files_are_told_apart() -> None:
    plan = Plan(title="x", steps=(REMOVE, KEEP, WRITE))
    assert plan.packages == (KEEP,)
    assert plan.files == (REMOVE, WRITE)


def test_of_two_actions_on_one_path_the_last_counts_in_a_merged_plan() -> None:
    plans = [Plan(title="a", steps=(REMOVE,)), Plan(title="b", steps=(WRITE,))]
    merged = merge_plans("c", plans, fingerprint="f")
    assert merged == Plan(title="c", steps=(WRITE,), fingerprint="f")


def test_a_package_that_two_plans_name_has_one_step_for_each_thing_done_to_it() -> None:
    removed = RemovePip(name="six", version="1", reason="x")
    linked = LinkConda(name="six", version="2", reason="y")
    plans = [Plan(title="a", steps=(removed, linked)), Plan(title="b", steps=(removed,))]
    assert merge_plans("c", plans, fingerprint="f").packages == (removed, linked)
