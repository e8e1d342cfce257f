"""No room or no permission from any write on: told in words, and put right afterwards."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from conda_pip_interop.errors import InteropError
from tests.faults.scenarios import SCENARIOS, Record, Scenario, Trial
from tests.support.trees import NOBODY, can_mount, is_write, run_in_child

_PAGE = 4096

scenarios = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)


def run_refused(
    work: Callable[[], object], *, code: str, refuse: Callable[[int, str], None], user: int | None
) -> bool:
    """Run `work` in a child whose n-th write `refuse` is called for; whether it was refused.

    Nothing but an InteropError with that `code` may come of it.
    """

    def work_under_watch() -> None:
        numbers = itertools.count(1)
        watching = True

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            if watching and is_write(event, arguments):
                refuse(next(numbers), event)

        def work_and_leave() -> None:
            work()
            os._exit(0)

        sys.addaudithook(watch)
        with pytest.raises(InteropError) as caught:
            work_and_leave()
        watching = False
        assert caught.value.code == code, caught.value.message
        os._exit(7)

    status = run_in_child(work_under_watch, user=user)
    assert status in (0, 7)
    return status == 7


@scenarios
@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk-full"), (errno.EDQUOT, "disk-full"), (errno.EROFS, "not-writable")],
    ids=["no room", "no quota", "read-only"],
)
def test_every_write_is_refused_from_any_on(
    scenario: Scenario,
    number: int,
    code: str,
    scratch: Path,
    record_property: Record,
) -> None:
    """Those that put it back too: it is left to the next run."""
    trial = Trial(scenario, scratch)
    for first in itertools.count(1):
        prefix = trial.make(str(first))

        def refuse(at: int, _: str, first: int = first, prefix: Path = prefix) -> None:
            if at >= first:
                raise OSError(number, os.strerror(number), str(prefix / "conda-meta/some"))

        work = partial(scenario.work, prefix)
        if not run_refused(work, code=code, refuse=refuse, user=None):
            break
        trial.settle(prefix, f"refused from write {first} on")
    record_property("points", first - 1)
    assert first > 20


@scenarios
def test_permission_is_lost_at_any_write(
    scenario: Scenario, scratch: Path, record_property: Record
) -> None:
    """Really lost: all folders of the environment are closed to their owner, who is not root."""
    trial = Trial(scenario, scratch)
    scratch.chmod(0o755)
    for first in itertools.count(1):
        prefix = trial.make(str(first))
        give_away(prefix)
        modes = read_modes(prefix)

        def refuse(at: int, _: str, first: int = first, prefix: Path = prefix) -> None:
            if at == first:
                for folder, mode in read_modes(prefix).items():
                    folder.chmod(mode & ~0o222)

        work = partial(scenario.work, prefix)
        refused = run_refused(work, code="not-writable", refuse=refuse, user=NOBODY)
        for folder, mode in read_modes(prefix).items():  # and those that were made meanwhile
            folder.chmod(modes.get(folder, mode | 0o200))
        if not refused:
            break
        trial.settle(prefix, f"lost at write {first}", modes)
    record_property("points", first - 1)
    assert first > 10


def give_away(prefix: Path) -> None:
    """Make it the environment of somebody who is not root."""
    if os.geteuid() == 0:
        for path in (prefix, *prefix.rglob("*")):
            os.chown(path, NOBODY, NOBODY, follow_symlinks=False)


def read_modes(prefix: Path) -> dict[Path, int]:
    """The permissions of all folders, the deepest first."""
    folders = (*sorted(prefix.rglob("*"), reverse=True), prefix)
    return {path: stat.S_IMODE(path.stat().st_mode) for path in folders if path.is_dir()}


#: What there is no more room for: on a real disk, where one can be mounted; elsewhere what needs
#: room is refused, and what removes or renames is not.
SCARCE = ("bytes", "files") if can_mount() else ("whatever is made",)
_NEED_ROOM = {"open", "os.mkdir", "os.link", "os.symlink", "shutil.copyfile"}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte, or a folder in its stead."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if not can_mount():
        yield disk
        return
    options = "size=1m,nr_inodes=400"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", disk], check=True)
    yield disk
    subprocess.run(["umount", disk], check=True)


@scenarios
@pytest.mark.parametrize("what", SCARCE)
def test_a_disk_has_room_for_any_number_of_further(
    scenario: Scenario,
    what: str,
    disk: Path,
    scratch: Path,
    record_property: Record,
) -> None:
    trial = Trial(scenario, scratch)
    for room in itertools.count():
        prefix = trial.make("env", below=disk)
        refuse = fill(disk, what, room)
        work = partial(scenario.work, prefix)
        refused = run_refused(work, code="disk-full", refuse=refuse, user=None)
        shutil.rmtree(disk / "filling")
        if not refused:
            break
        trial.settle(prefix, f"room for {room}")
    record_property("points", room)
    assert room > 0 or scenario.name == "undo"  # which needs none: what comes back is there


def fill(disk: Path, what: str, room: int) -> Callable[[int, str], None]:
    """Leave room for so many files, or pages of bytes; or what refuses all that comes after."""
    filling = disk / "filling"
    filling.mkdir()
    free = os.statvfs(disk)
    if what == "files":
        for number in range(free.f_ffree - room):
            (filling / str(number)).touch()
    elif what == "bytes":
        pages = free.f_bfree * free.f_frsize // _PAGE - room
        (filling / "bytes").write_bytes(b"x" * pages * _PAGE)
    made = itertools.count()

    def refuse(_: int, event: str) -> None:
        if what not in ("bytes", "files") and event in _NEED_ROOM and next(made) >= room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(disk / "env/some"))

    return refuse
