"""One writer a prefix: an advisory lock on `conda-meta/pip-interop/lock`.

conda takes no lock on a prefix, so this one orders only our own operations.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_POLL_SECONDS = 0.2
_held: set[str] = set()


@contextmanager
def hold_lock(path: Path, *, on_wait: Callable[[], None] | None = None) -> Iterator[None]:
    """Hold the lock file `path` exclusively; waits for another holder, calling `on_wait` once.

    A process that holds it already goes on with it: conda's transactions, which we start, call us
    back. The system releases it when the process ends, however it ends. Raises OSError where the
    file cannot be opened for writing.
    """
    name = os.path.realpath(path)
    if name in _held:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if not _try_lock(descriptor):
            if on_wait is not None:
                on_wait()
            while not _try_lock(descriptor):
                time.sleep(_POLL_SECONDS)
        _held.add(name)
        yield
    finally:
        _held.discard(name)
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
