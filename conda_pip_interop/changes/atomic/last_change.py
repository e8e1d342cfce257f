"""Refuse to undo an operation of ours unasked, if conda has changed the environment after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.undo import refuse_changed
from conda_pip_interop.environment.conda_meta.history import parse_revisions, read_history_text
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.environment.target import Target


def refuse_after_conda(target: Target, operation: Sequence[Journal]) -> None:
    """Raise InteropError `conda-was-last` if a command of conda's followed the last operation.

    The person means that command by "the last one". What conda did, only conda takes back.
    """
    revisions = parse_revisions(read_history_text(target.prefix))
    counted = [one.revisions for one in operation if one.revisions is not None]
    later = [one for one in revisions[max(counted, default=0) :] if one.added or one.removed]
    if not counted or not later:
        return
    last = later[-1]
    back = target.command("conda", "install", "--revision", str(last.number - 1))
    hints = [f"To go back to before it: `{back}`."]
    try:
        refuse_changed(target.prefix, operation, target=target)
    except InteropError:
        pass  # this operation cannot be undone any more
    else:
        one = operation[0]
        undo = target.command("conda", "pip", "undo", one.identifier)
        hints.append(f"To undo {one.identifier} ({one.title}), before it: `{undo}`.")
    raise InteropError(
        "conda-was-last",
        f"Nothing was undone in {target.label}: the last change is conda's, revision "
        f"{last.number} (`{hide_password(last.command or 'conda')}`).",
        hints=tuple(hints),
    )
