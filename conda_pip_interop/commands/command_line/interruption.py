"""Ctrl-C: say what a command has changed by then, or that nothing was."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from conda_pip_interop.environment.target import Target

#: The exit code of what Ctrl-C ended: 128 and the number of SIGINT, as in shells.
INTERRUPTED: Final = 130


@contextlib.contextmanager
def explain_interrupt(target: Target) -> Iterator[None]:
    """Raise InteropError `interrupted` for Ctrl-C, with what has changed in the environment.

    A change is all or nothing, and has a journal: a new one is a change, and a missing one undone.
    """
    from conda_pip_interop.changes.atomic.journal import list_journal_folders

    before = {folder.name for folder in list_journal_folders(target.prefix)}
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise _explain(target, before) from interrupt


def _explain(target: Target, before: Collection[str]) -> InteropError:
    from conda_pip_interop.changes.atomic.rollback import needs_recovery, read_journals

    there = {one.identifier: one for one in read_journals(target.prefix)}
    new = [one.title for name, one in there.items() if name not in before and one.closed]
    undone = sorted(set(before) - there.keys())
    hints: tuple[str, ...] = ()
    if needs_recovery(target.prefix):
        message = f"Interrupted: the changes in {target.label} were not undone completely."
        hints = ("The next `conda pip` command that changes the environment undoes the rest.",)
    elif new:
        message = f"Interrupted. Changed in {target.label}: {'; '.join(new)}."
        hints = (f"To undo: `{target.command('conda', 'pip', 'undo')}`.",)
    elif undone:
        message = f"Interrupted. Undone in {target.label}: {', '.join(undone)}."
    else:
        message = f"Interrupted: nothing was changed in {target.label}."
    return InteropError("interrupted", message, hints=hints, exit_code=INTERRUPTED)
