"""A disk that fails at any read: nothing is lost, and the next run comes to the end.

What a person may not read is another case: it is really closed in `test_refused`.
"""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import sys
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.rollback import needs_recovery
from conda_pip_interop.errors import InteropError
from tests.faults.scenarios import SCENARIOS, Record, Scenario, Trial, without_times
from tests.support.trees import is_write, read_tree, run_in_child

#: Exit codes of the child: it never came that far, or the error came out of the work.
_UNDISTURBED, _TOLD = 3, 7
_CODE = Path(__file__).parents[2]


def is_read(event: str, arguments: tuple[object, ...]) -> bool:
    """Return whether an audited event reads a file or a folder, of an environment if it is named.

    By descriptor alone a name says nothing: what is not of Python or of ours counts.
    """
    if event not in ("open", "os.listdir", "os.scandir") or is_write(event, arguments):
        return False
    name = arguments[0]
    if not isinstance(name, str | bytes | os.PathLike):
        return event != "open"
    path = os.fsdecode(name)
    return not path.startswith((str(_CODE), sys.prefix, sys.base_prefix, "/proc", "/etc"))


def work_unread(scenario: Scenario, prefix: Path, first: int, *, once: bool) -> int:
    """Do the work in a child whose reads fail, the `first` one alone or all from there on."""

    def work() -> None:
        numbers = itertools.count(1)
        watching, failed = True, False

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal failed
            if not watching or not is_read(event, arguments):
                return
            at = next(numbers)
            if at == first or (at > first and not once):
                failed = True
                raise OSError(errno.EIO, os.strerror(errno.EIO), arguments[0])

        sys.addaudithook(watch)
        try:
            scenario.work(prefix)
        except (InteropError, OSError):
            os._exit(_TOLD)
        watching = False
        os._exit(0 if failed else _UNDISTURBED)

    return run_in_child(work)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
@pytest.mark.parametrize("once", [True, False], ids=["once", "from then on"])
def test_any_read_fails(
    scenario: Scenario, once: bool, scratch: Path, record_property: Record
) -> None:
    """What could not be read may be left as it was; it is never taken for something else."""
    trial = Trial(scenario, scratch)
    for first in itertools.count(1):
        prefix = trial.make(str(first))
        status = work_unread(scenario, prefix, first, once=once)
        assert status in (0, _TOLD, _UNDISTURBED), f"read {first}"
        if status == _UNDISTURBED:
            break
        if (prefix / STATE_FOLDER).is_dir():
            recover_interrupted(prefix)
        assert not needs_recovery(prefix), f"read {first}"
        if not trial.is_whole(prefix):
            assert status == 0, f"read {first}: half of it, and no error"
        scenario.prepare(prefix)
        scenario.work(prefix)
        assert without_times(read_tree(prefix)) == trial.finished, f"read {first}"
        shutil.rmtree(prefix)
    record_property("points", first - 1)
    assert first > 20
