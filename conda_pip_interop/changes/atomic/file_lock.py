"""Advisory locks on open files: who holds them, the system knows, whatever becomes of a process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


if sys.platform == "win32":
    import msvcrt

    def try_lock(descriptor: int) -> bool:
        """Lock an open file; return False if another process has."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(descriptor: int) -> bool:
        """Lock an open file; return False if another process has."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def choose_mode(folder: Path, *, execute: bool = False) -> int:
    """Return the mode of what only the owner uses, and those who may write to `folder`.

    A lock is held by whoever may open it, and a stash has the files of everybody.
    """
    writers = 0o200 | folder.stat().st_mode & 0o022
    return writers | writers << 1 | (writers >> 1 if execute else 0)
