"""Power is lost at any write: what was not synced is gone, in any combination.

`POWER_SEED` chooses other combinations.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timezone
from functools import partial
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.conda_changes import read_conda_before
from conda_pip_interop.changes.atomic.journal import PENDING_FILE, STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.rollback import needs_recovery, prune_journals
from conda_pip_interop.changes.pending import note_pending
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.changes.staging import read_staged
from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.faults.scenarios import (
    SCENARIOS,
    STAGED,
    Record,
    Scenario,
    Trial,
    build_installed,
    settle_in,
    stage_upgrade,
    without_times,
)
from tests.support.power_loss import Instant, list_crashes, record
from tests.support.trees import link_cases, read_tree

#: Combinations at each instant, beside the extremes.
_SUBSETS = 6
#: Instants at which power is lost for the first time, where it is lost twice.
_SAMPLES = 12
_SEED = int(os.environ.get("POWER_SEED", "1"))

scenarios = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)


def do(scenario: Scenario, prefix: Path) -> None:
    scenario.prepare(prefix)
    scenario.work(prefix)


def find_faults(prefix: Path) -> set[str]:
    return {f"{one.kind}: {one.summary}" for one in find_all(read_snapshot(prefix))}


class Crashes:
    """The crashes of one scenario, each tried once."""

    def __init__(self, scenario: Scenario, scratch: Path, *, links: Collection[int] = (0,)) -> None:
        self._links = links
        self.trial = Trial(scenario, scratch)
        self.tried: set[object] = set()
        self._scratch = scratch
        self._choose = random.Random(_SEED)  # noqa: S311 - a seed is wanted
        begun = self.trial.make("begun")
        self._known = find_faults(begun)
        self.instants = self.record(partial(do, scenario, begun), begun)
        self._known |= find_faults(begun)

    def record(self, work: Callable[[], object], prefix: Path) -> list[Instant]:
        """Do the work, and return when power may be lost."""
        return record(work, prefix, self._scratch, links=self._links)

    def list(self, instant: Instant) -> Iterator[Path]:
        """Make what each crash leaves that was not tried yet."""
        for crash in list_crashes(instant, self._choose.randrange, _SUBSETS):
            if crash.key not in self.tried:
                self.tried.add(crash.key)
                prefix = self._scratch / str(len(self.tried))
                crash.write(prefix)
                settle_in(prefix)
                yield prefix

    def sample(self, number: int) -> Iterator[Path]:
        """Make what some of the crashes leave, one of an instant."""
        for instant in self._choose.sample(self.instants, number):
            crash = self._choose.choice([*list_crashes(instant, self._choose.randrange, _SUBSETS)])
            prefix = self._scratch / "crashed"
            crash.write(prefix)
            settle_in(prefix)
            yield prefix
            shutil.rmtree(prefix)

    def settle(self, prefix: Path, where: str) -> None:
        """Find all or nothing after the next run, and undo it or do it again."""
        trial, where = self.trial, f"{where}, seed {_SEED}"
        recover(prefix)
        assert trial.is_whole(prefix), f"{where}: {trial.compare(prefix)}"
        assert find_faults(prefix) <= self._known, where
        operations = list_operations(prefix)
        if operations and without_times(read_tree(prefix)) == trial.finished:
            undone = prefix.with_name(f"{prefix.name}-undone")
            shutil.copytree(prefix, undone, symlinks=True)
            settle_in(undone)
            undo(undone, operations[-1][0].identifier)
            assert read_tree(undone) == trial.old, where
            shutil.rmtree(undone)
        do(trial.scenario, prefix)
        assert without_times(read_tree(prefix)) == trial.finished, where
        shutil.rmtree(prefix)


def recover(prefix: Path) -> None:
    if (prefix / STATE_FOLDER).is_dir():
        recover_interrupted(prefix)
    assert not needs_recovery(prefix)


@scenarios
@link_cases
def test_power_is_lost_at_any_instant(
    scenario: Scenario, links: Collection[int], scratch: Path, record_property: Record
) -> None:
    crashes = Crashes(scenario, scratch, links=links)
    for number, instant in enumerate(crashes.instants):
        for prefix in crashes.list(instant):
            crashes.settle(prefix, f"instant {number} of {len(crashes.instants)}")
    record_property("points", len(crashes.tried))
    assert len(crashes.tried) > 100


@scenarios
@link_cases
def test_power_is_lost_again_while_that_is_put_right(
    scenario: Scenario, links: Collection[int], scratch: Path, record_property: Record
) -> None:
    crashes = Crashes(scenario, scratch, links=links)
    for crashed in crashes.sample(_SAMPLES):
        for number, instant in enumerate(crashes.record(partial(recover, crashed), crashed)):
            for prefix in crashes.list(instant):
                crashes.settle(prefix, f"instant {number} of recovery")
    record_property("points", len(crashes.tried))
    assert len(crashes.tried) > 100


def test_what_can_be_undone_is_forgotten_whole(scratch: Path, record_property: Record) -> None:
    (scenario,) = (one for one in SCENARIOS if one.name == "placing")
    crashes = Crashes(scenario, scratch)
    done = crashes.trial.make("done")
    do(scenario, done)
    forget = partial(prune_journals, done, now=datetime.max.replace(tzinfo=timezone.utc))
    for number, instant in enumerate(crashes.record(forget, done)):
        for prefix in crashes.list(instant):
            crashes.settle(prefix, f"instant {number}")
    assert list_operations(done) == ()
    record_property("points", len(crashes.tried))


def test_what_an_interrupted_installation_has_staged_is_whole(
    scratch: Path, record_property: Record
) -> None:
    """Where the note about it is there."""
    begun = scratch / "begun"
    build_installed(begun)

    def work() -> None:
        stage_upgrade(begun)
        before = read_conda_before(begun, frozenset())
        staged = read_staged(begun / STAGED, read_snapshot(begun).prefix)
        note_pending(begun, Plan(title="install"), staged, before, ())

    tried = set()
    noted = 0
    instants = record(work, begun, scratch)
    staged = [path for path in (begun / STAGED).rglob("*") if path.is_file()]
    whole = {path.relative_to(begun).as_posix(): path.read_bytes() for path in staged}
    for instant in instants:
        for crash in list_crashes(instant, random.Random(_SEED).randrange, _SUBSETS):  # noqa: S311 - a seed is wanted
            found = {path: node.content for path, (_, node) in crash.nodes.items()}
            tried.add(crash.key)
            if found.get(PENDING_FILE):
                noted += 1
                assert {path: found.get(path) for path in whole} == whole
    assert noted
    record_property("points", len(tried))


@scenarios
@link_cases
def test_what_is_done_is_durable(scenario: Scenario, links: Collection[int], scratch: Path) -> None:
    crashes = Crashes(scenario, scratch, links=links)
    for prefix in crashes.list(crashes.instants[-1]):
        recover(prefix)
        assert without_times(read_tree(prefix)) == crashes.trial.finished
