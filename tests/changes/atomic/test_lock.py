"""Only one process at a time writes to a prefix."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.lock import hold_lock, report_waiting
from tests.support.trees import NOBODY, run_in_child


def start_holder(lock: Path) -> tuple[int, int]:
    """Start a process that holds `lock`; return its number and the pipe that ends it."""
    ready_out, ready_in = os.pipe()
    go_out, go_in = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with hold_lock(lock):
                os.write(ready_in, b"!")
                os.read(go_out, 1)
        finally:
            os._exit(0)
    os.read(ready_out, 1)
    return child, go_in


def test_a_free_lock_is_held_without_waiting(tmp_path: Path) -> None:
    with hold_lock(tmp_path / "lock", on_wait=lambda: pytest.fail("waited")):
        assert (tmp_path / "lock").exists()


def test_a_lock_can_be_held_again_after_the_block_and_after_an_exception(tmp_path: Path) -> None:
    def raise_inside() -> None:
        with hold_lock(tmp_path / "lock"):
            raise EOFError

    with pytest.raises(EOFError):
        raise_inside()
    with hold_lock(tmp_path / "lock", on_wait=lambda: pytest.fail("waited")):
        pass


def test_a_second_process_waits_and_reports_it_once(tmp_path: Path) -> None:
    child, go = start_holder(tmp_path / "lock")
    waits: list[int] = []

    def on_wait() -> None:
        waits.append(1)
        os.write(go, b"!")

    with hold_lock(tmp_path / "lock", on_wait=on_wait):
        pass
    assert waits == [1]
    assert os.waitpid(child, 0)[1] == 0


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    child, _ = start_holder(tmp_path / "lock")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with hold_lock(tmp_path / "lock", on_wait=lambda: pytest.fail("waited")):
        pass


def test_an_interrupt_ends_waiting_for_the_lock(tmp_path: Path) -> None:
    child, go = start_holder(tmp_path / "lock")

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), hold_lock(tmp_path / "lock", on_wait=interrupt):
        raise AssertionError
    os.write(go, b"!")
    os.waitpid(child, 0)


def test_a_lock_without_write_permission_raises_permission_error(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)  # others may not come here by its name
    tmp_path.chmod(0o755)
    (tmp_path / "lock").touch()
    (tmp_path / "lock").chmod(0o400)

    def work() -> None:
        os.fchdir(folder)
        with pytest.raises(PermissionError), hold_lock(Path("lock")):
            raise AssertionError

    assert run_in_child(work, user=NOBODY) == 0
    os.close(folder)


def test_waiting_goes_on_until_the_lock_is_free(tmp_path: Path) -> None:
    child, go = start_holder(tmp_path / "lock")
    release = threading.Timer(0.5, lambda: os.write(go, b"!"))
    release.start()
    with hold_lock(tmp_path / "lock"):
        assert os.waitpid(child, 0)[1] == 0
    release.join()


def test_who_waits_is_told_for_which_environment() -> None:
    told: list[str] = []
    report_waiting("web", told.append)
    assert told == ["Waiting for another process that changes web \N{HORIZONTAL ELLIPSIS}"]
