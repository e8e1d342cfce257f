"""Remove what conda's rollback leaves: the file it was linking, and the folders it created."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.environment.conda_records import read_conda_records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: The groups of actions in a conda transaction that create files.
_CREATING: Final = (
    "link_action_groups",
    "compile_action_groups",
    "entry_point_action_groups",
    "prefix_record_groups",
)


@contextlib.contextmanager
def remove_leftovers_on_failure(transaction: Any, prefix: Path) -> Iterator[None]:
    """Execute a transaction inside; if it fails or is interrupted, none of its files is left."""
    with _remove_trials_on_failure(prefix):
        transaction.prepare()
    groups = transaction.prefix_action_groups[str(prefix)]
    fresh = [path for path in _list_targets(groups) if not os.path.lexists(path)]
    folders = {
        parent
        for path in fresh
        for parent in path.parents
        if prefix in parent.parents and not parent.exists()
    }
    replaced = {one.name for one in transaction.prefix_setups[str(prefix)].unlink_precs}
    try:
        with _remove_trials_on_failure(prefix):
            yield
    except BaseException:  # an interruption too leaves nothing half-linked
        _remove(fresh, folders, prefix, replaced)
        raise


@contextlib.contextmanager
def _remove_trials_on_failure(prefix: Path) -> Iterator[None]:
    """Remove the `.tmp.NAME.NUMBER` with which conda tries whether it can link into the prefix."""
    before = {*prefix.glob(".tmp.*")}
    try:
        yield
    except BaseException:  # an interruption too leaves none
        for file in {*prefix.glob(".tmp.*")} - before:
            with contextlib.suppress(OSError):
                file.unlink()
        raise


def _list_targets(groups: Any) -> Iterator[Path]:
    for name in _CREATING:
        for group in getattr(groups, name, ()):
            for action in group.actions:
                yield from map(Path, _find_targets(action))


def _find_targets(action: Any) -> Iterable[str]:
    """Return the paths that an action creates: a compile action has several, some have none."""
    several = getattr(action, "target_full_paths", None)
    if several is not None:
        return tuple(several)
    one = getattr(action, "target_full_path", None)
    return () if one is None else (one,)


def _remove(
    files: Iterable[Path], folders: Iterable[Path], prefix: Path, replaced: Iterable[str]
) -> None:
    """Remove files and folders, but no record of conda's nor any file that it lists.

    A record of this transaction is removed with its files, unless the record that it `replaced`
    was not restored.
    """
    fresh = set(files)
    found, _ = read_conda_records(prefix)
    old = [one for one in found if prefix / one.path not in fresh]
    gone = set(replaced) - {one.name for one in old}
    records = [*old, *(one for one in found if one.name in gone)]
    kept = {prefix / file.path for record in records for file in record.files}
    kept |= {prefix / record.path for record in records}
    for file in fresh - kept:
        if file.is_symlink() or file.is_file():
            with contextlib.suppress(OSError):
                file.unlink()
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):  # missing, or not empty
            folder.rmdir()
