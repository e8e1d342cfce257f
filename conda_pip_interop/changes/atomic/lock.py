"""One writer for each prefix: an advisory lock, taken before anything changes."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import field
from functools import cache
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.file_lock import choose_mode, try_lock
from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.changes.atomic.journal import STATE_FOLDER, refuse_foreign_state
from conda_pip_interop.changes.atomic.rollback import recover
from conda_pip_interop.changes.atomic.staging_folders import remove_abandoned
from conda_pip_interop.changes.atomic.write_errors import explain_write_errors
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.quick_check import read_fingerprint
from conda_pip_interop.errors import InteropError, StalePlanError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


_POLL_SECONDS = 0.2


@dataclass(kw_only=True)
class _HeldLocks:
    """What this process holds: real paths of lock files, and prefixes with an open operation.

    A lock belongs to the process, so there is one of these (`_held_locks`).
    """

    files: set[str] = field(default_factory=set)
    prefixes: set[Path] = field(default_factory=set)


@cache
def _held_locks() -> _HeldLocks:
    return _HeldLocks()


@contextmanager
def hold_lock(
    path: Path, *, place: Place | None = None, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Hold the lock file `path` exclusively; waits for another holder, calling `on_wait` once.

    `place`: the file in a folder that is held.

    A process that holds it already goes on with it: conda's transactions, which we start, call us
    back. The system releases it when the process ends, however it ends. Raises OSError where the
    file cannot be opened for writing.
    """
    name = os.path.realpath(path)
    if name in _held_locks().files:
        yield
        return
    place = place or Place(path=path)
    descriptor = place.open(os.O_RDWR | os.O_CREAT, choose_mode(path.parent))
    try:
        if not try_lock(descriptor):
            if on_wait is not None:
                on_wait()
            while not try_lock(descriptor):
                time.sleep(_POLL_SECONDS)
        _held_locks().files.add(name)
        yield
    finally:
        _held_locks().files.discard(name)
        os.close(descriptor)


def report_waiting(label: str, print_stderr: Callable[[str], None]) -> None:
    """Report that another process holds the lock of the environment `label`."""
    print_stderr(f"Waiting for another process that changes {label} …")


def is_operating(prefix: Path) -> bool:
    """Whether this process has an operation open on `prefix`: hooks that it triggers stand back."""
    return prefix.resolve() in _held_locks().prefixes


@contextmanager
def mark_operating(prefix: Path) -> Iterator[None]:
    """Let `is_operating` say so while the block runs."""
    _held_locks().prefixes.add(prefix.resolve())
    try:
        yield
    finally:
        _held_locks().prefixes.discard(prefix.resolve())


@contextmanager
def hold_prefix(
    prefix: Path, *, fingerprint: str | None = None, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Keep other processes of ours out of `prefix`; what an interrupted one left is put back first.

    `fingerprint` is that of the snapshot the plan was made from; a prefix that has changed since
    raises InteropError `stale-plan`, one that cannot be written to `not-writable` or `disk-full`,
    one that is no conda environment `not-conda`, and `busy` inside an operation of this process.
    `on_wait` is called once if another process holds the lock, and may raise.
    """
    if not (prefix / "conda-meta").is_dir():
        raise InteropError("not-conda", f"{prefix} is not a conda environment.")
    if is_operating(prefix):
        raise InteropError("busy", f"An operation on {prefix} is under way in this process.")
    refuse_foreign_state(prefix)
    with explain_write_errors(prefix):
        folders = HeldFolders(root=prefix)
        folders.make_folders(STATE_FOLDER)
        place = folders.find(PrefixPath(f"{STATE_FOLDER}/lock"))
        with hold_lock(place.path, place=place, on_wait=on_wait):
            recover(prefix)
            remove_abandoned(prefix)
            if fingerprint is not None:
                refuse_stale(prefix, fingerprint)
            yield


def refuse_stale(prefix: Path, fingerprint: str) -> None:
    """Raise InteropError `stale-plan` if `prefix` has changed since `fingerprint` was read."""
    if fingerprint != read_fingerprint(prefix).digest:
        raise StalePlanError(
            f"The environment {prefix} has changed since the plan was made.",
            hints=("Run the command again.",),
        )


def recover_interrupted(prefix: Path, *, on_wait: Callable[[], None] | None = None) -> None:
    """Put back what an interrupted operation left in `prefix`, or close it where it was done."""
    with hold_prefix(prefix, on_wait=on_wait):
        pass
