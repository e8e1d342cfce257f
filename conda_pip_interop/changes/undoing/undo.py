"""Undo a committed operation, completely or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.files import append_lines
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import render_reopen
from conda_pip_interop.changes.atomic.lock import hold_prefix
from conda_pip_interop.changes.atomic.rollback import recover
from conda_pip_interop.changes.undoing.changed_since import refuse_changed
from conda_pip_interop.changes.undoing.operations import find_operation
from conda_pip_interop.environment.paths import path_below

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def undo(prefix: Path, identifier: str, *, on_wait: Callable[[], None] | None = None) -> None:
    """Restore everything that the operation changed: contents, modes, links and times.

    Raises InteropError `changed-since` if files were changed after the operation; then nothing is
    undone. An interrupted undo is completed by the next operation.
    """
    with hold_prefix(prefix, on_wait=on_wait):
        operation = find_operation(prefix, identifier)
        refuse_changed(prefix, operation)
        folders = HeldFolders(root=prefix)
        for journal in reversed(operation):
            file = path_below(journal.folder, "journal.jsonl")
            append_lines(folders.find(file), render_reopen())
        recover(prefix)
