"""What an environment will be like once later operations are undone, before they are."""

from __future__ import annotations

import hashlib
import os
from dataclasses import field
from typing import TYPE_CHECKING, Literal

from conda_pip_interop.changes.atomic.files import hash_entry, hash_file
from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.changes.atomic.rollback import is_as_left, read_conda_change
from conda_pip_interop.environment.conda_meta.history import (
    HISTORY_FILE,
    parse_revisions,
    read_history_text,
)
from conda_pip_interop.environment.paths import PrefixPath, path_below
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import CondaChange, Journal, Step


@dataclass(kw_only=True)
class Undone:
    """An environment without what `later` journals (oldest first) changed."""

    prefix: Path
    later: Iterable[Journal] = ()
    _files: dict[PrefixPath, Place | str | None] = field(default_factory=dict, init=False)
    _records: dict[str, str | None] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Find the first change to each path: what was there before it comes back."""
        self._folders = HeldFolders(root=self.prefix)
        for journal in self.later:
            change = read_conda_change(self.prefix, journal)
            if change is not None:
                self._files.setdefault(HISTORY_FILE, change.history)
                self._records = {**dict.fromkeys(change.linked), **change.unlinked} | self._records
            for step in journal.steps:
                if step.kind in ("write", "remove"):
                    before = find_stashed(journal, step, self._folders)
                    self._files.setdefault(step.path, before)

    def is_as_left(self, step: Step) -> bool:
        """Return whether the step's path will be what the step made of it."""
        if step.path not in self._files:
            return is_as_left(step, self._folders)
        before = self._files[step.path]
        if step.kind == "remove" or before is None:
            return step.kind == "remove" and before is None
        return _hash(before) == step.sha256

    def comes_back(self, path: PrefixPath) -> bool:
        """Return whether what was at a path before the later operations will be there again."""
        return path in self._files

    def is_conda_as_left(self, change: CondaChange) -> bool:
        """Return whether conda's records and history will be what it made of them."""
        there = all(self._has_record(name) for name in change.linked)
        gone = not any(self._has_record(one) for one in change.unlinked.keys() - {*change.linked})
        return there and gone and self._has_history(change)

    def _has_history(self, change: CondaChange) -> bool:
        """Return whether no command of conda's follows in the history; see `CondaChange`."""
        before = self._files.get(HISTORY_FILE)
        try:
            if not change.history_sha256:
                made = len(parse_revisions(change.history))
                known, *later = parse_revisions(self._read(before))[made:] or (None,)
                return known is not None and not any(one.added or one.removed for one in later)
            if before is None:
                return hash_file(self.prefix / HISTORY_FILE) == change.history_sha256
        except OSError:
            return False
        return _hash(before) == change.history_sha256

    def _read(self, before: Place | str | None) -> str:
        """Read the history that will be there."""
        if isinstance(before, str):
            return before
        if before is None:
            return read_history_text(self.prefix)
        with os.fdopen(before.open(os.O_RDONLY), "rb") as file:
            return file.read().decode("utf-8", errors="replace")

    def _has_record(self, name: str) -> bool:
        if name in self._records:
            return self._records[name] is not None
        return os.path.lexists(self.prefix / "conda-meta" / name)

    def read_record(self, name: str) -> str | None:
        """Return the text of a record that comes back; None for one that is there."""
        return self._records.get(name)


def find_stashed(journal: Journal, step: Step, folders: HeldFolders) -> Place | Literal[""] | None:
    """Return where what was at the path of a step is kept; `""` if lost, None if nothing was."""
    if not step.existed:
        return None
    path = path_below(journal.stash, str(step.number))
    return "" if folders.read_status(path) is None else folders.find(path)


def _hash(before: Place | str) -> str | None:
    """Return the SHA-256 of a history, or `hash_entry` of what is stashed; None if unreadable."""
    if isinstance(before, str):
        return hashlib.sha256(before.encode("utf-8", errors="surrogateescape")).hexdigest()
    try:
        return hash_entry(before)
    except OSError:
        return None
