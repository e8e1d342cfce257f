"""Wait until files and folders are on the disk, so that what follows cannot get there before them.

A system writes to the disk when it likes, and in the order that it likes; power may be lost at any
time. `fsync` of a file waits for its content and mode alone: its name is in a folder, which is
waited for by itself. An operation therefore waits

- for the files that it puts into place, the journal's lines about them and the files in the stash,
  before it changes a name in the environment (`Operation.apply`),
- for all names that it changed, before it writes the closing line (`Operation.commit`) or removes
  the journal (`roll_back_steps`),
- for the removal of a journal, before it removes the stash that the journal needs (`discard`).

Many are waited for at once: the disk then writes them together. Windows knows only files here.
"""

from __future__ import annotations

import errno
import itertools
import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conda_pip_interop.changes.atomic.held_folders import Folder, HeldFolders, Place

#: Threads, fewest files that are worth them, and most files that are held open.
_THREADS: Final = 8
_FEW: Final = 4
_AT_ONCE: Final = 256
#: What file systems say that cannot do this.
_UNABLE: Final = {errno.EINVAL, errno.ENOTSUP, errno.EBADF}


def sync_files(places: Iterable[Place]) -> None:
    """Wait for the content of files; symbolic links have none."""
    _for_each(_sync_file, places)


def sync_folders(folders: HeldFolders, paths: Iterable[str]) -> None:
    """Wait for the names in folders of a prefix; what is no folder any more is left out."""
    if folders.held:  # Windows cannot open a folder as a file
        _for_each(_sync_held, (_hold(folders, path) for path in sorted({*paths})))


def list_folders(paths: Iterable[str], *more: str) -> set[str]:
    """Return the folders in which paths are names, and `more` folders."""
    return {*(path.rpartition("/")[0] for path in paths), *more}


def _sync_file(place: Place) -> None:
    flags = os.O_RDWR if os.name == "nt" else os.O_RDONLY
    try:
        descriptor = place.open(flags)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.EMLINK}:  # a symbolic link
            return
        raise
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _hold(folders: HeldFolders, path: str) -> Folder | None:
    try:
        return folders.hold(path)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _sync_held(folder: Folder | None) -> None:
    if folder is not None:
        _sync(folder.descriptor)


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise


def _for_each(function: Callable[[Any], None], items: Iterable[Any]) -> None:
    waiting = iter(items)
    while some := list(itertools.islice(waiting, _AT_ONCE)):
        if len(some) < _FEW:
            for one in some:
                function(one)
            continue
        from concurrent.futures import ThreadPoolExecutor  # a change of one file needs none

        with ThreadPoolExecutor(_THREADS) as threads:
            try:
                begun = [threads.submit(function, one) for one in some]
            except RuntimeError:  # at exit Python starts no thread any more: a stash is put back
                for one in some:
                    function(one)
                continue
            for each in begun:
                each.result()
