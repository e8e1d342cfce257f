"""Remove what conda leaves: files and folders of its rollback, and empty history sections."""

from __future__ import annotations

import contextlib
import os
import stat
from typing import TYPE_CHECKING, Any

from conda_pip_interop.changes.atomic.durable import list_folders
from conda_pip_interop.changes.atomic.files import write_file
from conda_pip_interop.conda_adapter.transactions.link_targets import list_targets
from conda_pip_interop.environment.conda_meta.history import (
    HISTORY_FILE,
    list_changes,
    parse_revisions,
)
from conda_pip_interop.environment.conda_meta.records import read_conda_records
from conda_pip_interop.environment.paths import PrefixPath, read_regular, to_disk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def list_created(transaction: Any, prefix: Path) -> tuple[PrefixPath, ...]:
    """Return the files that a transaction will create; raises what `list_targets` raises."""
    with _remove_temporary_files_on_failure(prefix):
        transaction.prepare()
        return list_targets(transaction, prefix)


@contextlib.contextmanager
def remove_leftovers_on_failure(transaction: Any, prefix: Path) -> Iterator[None]:
    """Execute a transaction inside; if it fails or is interrupted, none of its files is left.

    Raises what `list_targets` raises.
    """
    created = list_created(transaction, prefix)
    fresh = {one for one in created if not os.path.lexists(f"{prefix}/{one}")}
    folders = {one for one in _list_above(fresh) if not (prefix / one).exists()}
    replaced = {one.name for one in transaction.prefix_setups[str(prefix)].unlink_precs}
    try:
        with _remove_temporary_files_on_failure(prefix):
            yield
    except BaseException:  # an interruption too leaves nothing half-linked
        _remove(fresh, folders, prefix, replaced)
        raise


def _list_above(paths: Iterable[str]) -> set[str]:
    """Return all folders above paths of the prefix, which itself is none of them."""
    above: set[str] = set()
    waiting = list_folders(paths)
    while waiting:
        above |= waiting
        waiting = list_folders(waiting) - above
    return above - {""}


@contextlib.contextmanager
def _remove_temporary_files_on_failure(prefix: Path) -> Iterator[None]:
    """Remove what conda leaves if it fails or is interrupted.

    That is the `.tmp…` by which it tries to link, its scripts that compile modules, and the copy of
    its history, which is empty if the disk is full.
    """
    before = _list_temporary_files(prefix)
    try:
        yield
    except BaseException:  # an interruption too leaves none
        for file in _list_temporary_files(prefix) - before:
            with contextlib.suppress(OSError):
                file.unlink()
        raise


def _list_temporary_files(prefix: Path) -> set[Path]:
    return {*prefix.glob(".tmp*"), *prefix.glob("conda-meta/history.c~")}


def _remove(
    fresh: set[PrefixPath], folders: Iterable[str], prefix: Path, replaced: Iterable[str]
) -> None:
    """Remove files and folders, but no record of conda's nor any file that it lists.

    A record of this transaction is removed with its files, unless the record that it `replaced`
    was not restored.
    """
    found, _ = read_conda_records(prefix)
    old = [one for one in found if one.path not in fresh]
    gone = set(replaced) - {one.name for one in old}
    records = [*old, *(one for one in found if one.name in gone)]
    kept = {file.path for record in records for file in record.files}
    kept |= {record.path for record in records}
    for file in (to_disk(prefix, one) for one in fresh - kept):
        if file.is_symlink() or file.is_file():
            with contextlib.suppress(OSError):
                file.unlink()
    for folder in sorted(folders, reverse=True):  # those below first
        with contextlib.suppress(OSError):  # missing, or not empty
            (prefix / folder).rmdir()


@contextlib.contextmanager
def keep_history(prefix: Path) -> Iterator[None]:
    """Leave the history as it is if the packages are the same: that is no revision.

    conda would add a section without packages, to which `conda install --revision` removes
    everything; after such a section, one with all packages.
    """
    before = read_regular(prefix / HISTORY_FILE)
    known = _count_changes(before)
    yield
    if _count_changes(read_regular(prefix / HISTORY_FILE)) == known:
        write_history(prefix, before)


def _count_changes(history: bytes) -> int:
    return len([*list_changes(parse_revisions(history.decode(errors="replace")))])


def write_history(prefix: Path, content: bytes) -> None:
    """Replace conda's history; its mode stays."""
    path = HISTORY_FILE
    write_file(prefix, path, content, mode=stat.S_IMODE((prefix / path).stat().st_mode))
