"""Undo a committed operation, completely or not at all."""

from __future__ import annotations

import itertools
import os
import shlex
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.files import hash_file
from conda_pip_interop.changes.journal import (
    JOURNAL_FOLDER,
    CondaChange,
    Journal,
    Step,
    render_reopen,
)
from conda_pip_interop.changes.lock import hold_prefix
from conda_pip_interop.changes.rollback import (
    discard,
    read_conda_change,
    read_journals,
    recover,
)
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from conda_pip_interop.environment.paths import PrefixPath

#: How many committed operations are kept, and for how long.
KEPT_OPERATIONS: Final = 20
KEPT_DAYS: Final = 90


def find_journal(prefix: Path, identifier: str | None) -> Journal:
    """Return the committed operation `identifier`, the last one that a person asked for for None.

    Raises InteropError `no-such-operation`, and `conda-did-it` for what followed a transaction of
    conda's: without it, undoing would leave what the operation cleaned up.
    """
    journals = [one for one in read_journals(prefix) if one.closed]
    if identifier is None:
        chosen = [one for one in journals if not one.automatic]
    else:
        chosen = [one for one in journals if one.identifier == identifier]
    if not chosen:
        what = "nothing" if identifier is None else f"no operation {identifier}"
        hint = f"To list operations: `conda pip undo -p {shlex.quote(str(prefix))} --list`."
        raise InteropError(
            "no-such-operation",
            f"There is {what} to undo in {prefix}.",
            hints=(hint,) if journals else (),
        )
    if chosen[-1].automatic == "after":
        revisions = f"conda list -p {shlex.quote(str(prefix))} --revisions"
        raise InteropError(
            "conda-did-it",
            f"{chosen[-1].identifier} ({chosen[-1].title}) followed a command of conda's in "
            f"{prefix} and cannot be undone without it.",
            hints=(f"To find the revision to go back to: `{revisions}`.",),
        )
    return chosen[-1]


def find_operation(prefix: Path, identifier: str | None) -> tuple[Journal, ...]:
    """Return the journal of `find_journal`, and those that its command wrote automatically."""
    first = find_journal(prefix, identifier)
    journals = [one for one in read_journals(prefix) if one.closed]
    later = journals[[one.identifier for one in journals].index(first.identifier) + 1 :]
    own = itertools.takewhile(lambda one: one.automatic, later)
    return (first, *(one for one in own if one.automatic == "ours"))


def find_changed(prefix: Path, operation: Iterable[Journal]) -> tuple[PrefixPath, ...]:
    """Return the paths that were changed after the operation."""
    last: dict[PrefixPath, Step] = {
        step.path: step
        for journal in operation
        for step in journal.steps
        if step.kind in ("write", "remove")
    }
    return tuple(path for path, step in sorted(last.items()) if not _is_as_left(prefix, step))


def refuse_changed(prefix: Path, operation: Sequence[Journal]) -> None:
    """Raise InteropError `changed-since` if files of the operation were changed after it.

    Raises `newer-state` if it has steps that this version does not know.
    """
    if any(journal.unknown for journal in operation):
        raise InteropError(
            "newer-state",
            f"Nothing was undone in {prefix}: {operation[0].identifier} has steps that this "
            "version of conda-pip-interop does not know.",
            hints=("To fix: update conda-pip-interop, then run the command again.",),
        )
    change = read_conda_change(prefix, operation[0])
    if change is not None and not _is_conda_as_left(prefix, change):
        revisions = f"conda list -p {shlex.quote(str(prefix))} --revisions"
        raise InteropError(
            "changed-since",
            f"Nothing was undone in {prefix}: conda has changed the environment since "
            f"{operation[0].identifier} ({operation[0].title}).",
            hints=(f"To find the revision to go back to: `{revisions}`.",),
        )
    changed = find_changed(prefix, operation)
    if changed:
        journal = operation[0]
        verb = "has" if len(changed) == 1 else "have"
        files = f"{count(len(changed), 'file')} of {journal.identifier} ({journal.title})"
        raise InteropError(
            "changed-since",
            f"Nothing was undone in {prefix}: {files} {verb} changed since: "
            f"{', '.join(changed[:5])}{' …' if len(changed) > 5 else ''}.",  # noqa: PLR2004 - as many are named
            hints=("Undoing would overwrite these changes; move or restore the files first.",),
        )


def _is_conda_as_left(prefix: Path, change: CondaChange) -> bool:
    meta = prefix / "conda-meta"
    try:
        same = hash_file(meta / "history") == change.history_sha256
    except OSError:
        return False
    there = all(os.path.lexists(meta / name) for name in change.linked)
    return same and there and not any(os.path.lexists(meta / name) for name in change.unlinked)


def _is_as_left(prefix: Path, step: Step) -> bool:
    target = prefix / step.path
    if step.kind == "remove":
        return not os.path.lexists(target)
    try:
        return not target.is_symlink() and hash_file(target) == step.sha256
    except OSError:
        return False


def undo(prefix: Path, identifier: str, *, on_wait: Callable[[], None] | None = None) -> None:
    """Restore everything that the operation changed: contents, modes, links and times.

    Raises InteropError `changed-since` if files were changed after the operation; then nothing is
    undone. An interrupted undo is completed by the next operation.
    """
    with hold_prefix(prefix, on_wait=on_wait):
        operation = find_operation(prefix, identifier)
        refuse_changed(prefix, operation)
        for journal in reversed(operation):
            file = prefix / JOURNAL_FOLDER / journal.identifier / "journal.jsonl"
            with file.open("a", encoding="utf-8") as stream:
                stream.write(render_reopen())
                stream.flush()
                os.fsync(stream.fileno())
            recover(prefix)


def prune_journals(prefix: Path, *, now: datetime | None = None) -> None:
    """Discard operations beyond the last `KEPT_OPERATIONS` or older than `KEPT_DAYS` days."""
    oldest = (now or datetime.now(timezone.utc)) - timedelta(days=KEPT_DAYS)
    closed = [one for one in read_journals(prefix) if one.closed]
    for number, journal in enumerate(reversed(closed)):
        if number >= KEPT_OPERATIONS or _started(journal) < oldest:
            discard(prefix / JOURNAL_FOLDER / journal.identifier)


def _started(journal: Journal) -> datetime:
    try:
        return datetime.fromisoformat(journal.started)
    except ValueError:
        return datetime.now(timezone.utc)
