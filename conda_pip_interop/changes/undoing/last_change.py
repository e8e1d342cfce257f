"""Refuse to undo what the person did not do last, or what only conda can take back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from conda_pip_interop.changes.undoing.changed_since import refuse_changed
from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.environment.conda_meta.history import parse_revisions, read_history_text
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.environment.target import Target


def refuse_after_conda(target: Target, operation: Sequence[Journal]) -> None:
    """Raise InteropError `conda-was-last` if a command of conda's followed that is no operation.

    The person means that command by "the last one". A revision without packages has linked some
    again (`--force-reinstall`): which, the history does not tell.
    """
    revisions = parse_revisions(read_history_text(target.prefix))
    counted = [one.revisions for one in operation if one.revisions is not None]
    later = revisions[max(counted, default=0) :]
    if not counted or not later:
        return
    last = later[-1]
    back = _find_revision(target, last.number) if last.added or last.removed else ()
    raise InteropError(
        "conda-was-last",
        f"Nothing was undone in {target.label}: the last change is conda's, revision "
        f"{last.number} (`{hide_password(last.command or 'conda')}`).",
        hints=(*back, *_find_earlier(target, operation)),
    )


def explain_command(
    target: Target, operation: Sequence[Journal], error: InteropError
) -> InteropError:
    """Build the refusal to undo a command of conda's, with the reason and other ways."""
    head = operation[0]
    number = (head.revisions or 0) - 1
    back = () if error.code == "not-available" else tuple(_find_revision(target, number))
    operations = list_operations(target.prefix)
    at = next((at for at, one in enumerate(operations) if one[0].identifier == head.identifier), 0)
    earlier = [one for one in operations[:at] if not one[0].automatic][-1:]
    before = (hint for one in earlier for hint in _find_earlier(target, one))
    return InteropError(
        "conda-was-last",
        f"The last change in {target.label} is conda's, revision {number} (`{head.title}`). "
        f"{error.message}",
        hints=(*error.hints, *back, *before),
        exit_code=error.exit_code,
    )


def _find_revision(target: Target, number: int) -> Iterator[str]:
    if number > 0:
        back = target.command("conda", "install", "--revision", str(number - 1))
        yield f"To go back to before it: `{back}`."


def _find_earlier(target: Target, operation: Sequence[Journal]) -> Iterator[str]:
    """Name the undo of an operation before it, if that can be undone."""
    one = operation[0]
    try:
        refuse_changed(target.prefix, operation, target=target)
    except InteropError:
        return
    undo = target.command("conda", "pip", "undo", one.identifier)
    yield f"To undo {one.identifier} ({one.title}), before it: `{undo}`."
