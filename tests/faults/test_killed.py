"""Killed before any write: what was begun is undone or finished at the next run."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Collection
from functools import partial
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from tests.faults.scenarios import SCENARIOS, Record, Scenario, Trial
from tests.support.trees import link_cases, run_and_kill

scenarios = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)

#: Without hard links, every so many of the first writes are tried.
_EVERY = 5


@scenarios
@link_cases
def test_killed_before_any_write(
    scenario: Scenario, links: Collection[int], scratch: Path, record_property: Record
) -> None:
    trial = Trial(scenario, scratch)
    for number in itertools.count(1):
        prefix = trial.make(str(number))
        killed = run_and_kill(partial(scenario.work, prefix), before=number, links=links)
        if not killed:
            break
        trial.settle(prefix, f"killed before write {number}")
    record_property("points", number - 1)
    assert number > 20
    assert trial.is_whole(prefix)


@scenarios
@link_cases
def test_killed_before_any_write_and_again_while_that_is_put_right(
    scenario: Scenario, links: Collection[int], scratch: Path, record_property: Record
) -> None:
    trial = Trial(scenario, scratch)
    points = 0
    for first in itertools.count(1, 1 if links == (0,) else _EVERY):
        begun = trial.make(f"{first}")
        if not run_and_kill(partial(scenario.work, begun), before=first, links=links):
            break
        if not (begun / STATE_FOLDER).is_dir():
            continue
        for second in itertools.count(1):
            prefix = scratch / f"{first}-{second}"
            shutil.copytree(begun, prefix, symlinks=True)
            killed = run_and_kill(partial(recover_interrupted, prefix), before=second, links=links)
            recover_interrupted(prefix)
            assert trial.is_whole(prefix), f"killed before writes {first} and {second}"
            shutil.rmtree(prefix)
            if not killed:
                break
            points += 1
        shutil.rmtree(begun)
    record_property("points", points)
    assert points > 50
