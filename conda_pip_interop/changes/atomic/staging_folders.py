"""Staging folders in a prefix: where pip installs before anything changes, gone with its process.

Beside `staging-X` lies `staging-X.lock`, which its process holds: a folder whose lock is free was
left by a killed one, and goes at the next run.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
import time
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.file_lock import try_lock
from conda_pip_interop.changes.atomic.files import is_half_written
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import (
    ORIGINALS_FOLDER,
    PENDING_FILE,
    STATE_FOLDER,
    is_trusted,
    read_own_text,
    refuse_foreign_state,
)
from conda_pip_interop.changes.atomic.write_errors import explain_write_errors
from conda_pip_interop.environment.paths import PrefixPath

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_STAGING: Final = "staging-"
_LOCK: Final = ".lock"
_SECONDS_A_DAY: Final = 86_400


@contextlib.contextmanager
def open_staging(prefix: Path) -> Iterator[Path]:
    """Make a folder on the file system of the prefix; it is removed with what is left in it.

    Raises InteropError `not-writable` or `disk-full`.
    """
    refuse_foreign_state(prefix)
    folders = HeldFolders(root=prefix)
    path = PrefixPath(f"{STATE_FOLDER}/{_STAGING}{secrets.token_hex(8)}")
    with contextlib.ExitStack() as stack:
        with explain_write_errors(prefix):
            folders.make_folders(STATE_FOLDER)
            lock = folders.find(PrefixPath(f"{path}{_LOCK}"))
            descriptor = lock.open(os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            stack.callback(_remove_state_folder, folders)
            stack.callback(lock.remove)
            stack.callback(os.close, descriptor)
            try_lock(descriptor)
            place = folders.find(path)
            place.make_folder()
            stack.callback(folders.remove_tree, path)
            place.set_folder_mode(0o700)
        yield place.path


def _remove_state_folder(folders: HeldFolders) -> None:
    with contextlib.suppress(OSError):  # it has something else in it
        folders.remove_folder(PrefixPath(STATE_FOLDER))


def find_abandoned(prefix: Path) -> tuple[PrefixPath, ...]:
    """Find the staging folders of killed processes, and their locks."""
    folders = HeldFolders(root=prefix)
    if not is_trusted(prefix) or not folders.is_folder(STATE_FOLDER):
        return ()
    names = {*folders.list_names(STATE_FOLDER)}
    staged = {name.removesuffix(_LOCK) for name in names if name.startswith(_STAGING)}
    staged -= {_read_pending(prefix)}
    return tuple(
        PrefixPath(f"{STATE_FOLDER}/{name}")
        for name in sorted(staged)
        if _is_abandoned(folders, PrefixPath(f"{STATE_FOLDER}/{name}"))
    )


def _read_pending(prefix: Path) -> str:
    """Return the name of the staging folder that `pending` still needs; `""` if there is none."""
    try:
        return str(json.loads(read_own_text(prefix / PENDING_FILE))["staging"]).split("/")[2]
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        return ""


def _is_abandoned(folders: HeldFolders, path: PrefixPath) -> bool:
    """Return whether nobody holds its lock; without one (until 0.2), whether it is a day old."""
    try:
        descriptor = folders.find(PrefixPath(f"{path}{_LOCK}")).open(os.O_RDWR)
    except FileNotFoundError:
        status = folders.read_status(path)
        return status is not None and status.st_mtime < time.time() - _SECONDS_A_DAY
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(descriptor).st_mode) and try_lock(descriptor)
    finally:
        os.close(descriptor)


def remove_abandoned(prefix: Path) -> None:
    """Remove what `find_abandoned` finds, and files that killed processes have written by half.

    Some are written without the lock of the environment: what is not a day old may be under way.
    """
    for path in find_abandoned(prefix):
        folders = HeldFolders(root=prefix)
        folders.remove_tree(path)
        with contextlib.suppress(OSError):
            folders.find(PrefixPath(f"{path}{_LOCK}")).remove()
    if is_trusted(prefix):
        for folder in ("conda-meta", STATE_FOLDER, ORIGINALS_FOLDER):
            _remove_half_written(HeldFolders(root=prefix), folder)


def _remove_half_written(folders: HeldFolders, folder: str) -> None:
    if not folders.is_folder(folder):
        return
    oldest = time.time() - _SECONDS_A_DAY
    for name in folders.list_names(folder):
        path = PrefixPath(f"{folder}/{name}")
        status = folders.read_status(path) if is_half_written(name) else None
        if status is not None and stat.S_ISREG(status.st_mode) and status.st_mtime < oldest:
            with contextlib.suppress(OSError):
                folders.find(path).remove()
