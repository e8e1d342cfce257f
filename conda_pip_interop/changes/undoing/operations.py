"""Operations: the journals of one command together, and the commands of conda's between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.rollback import (
    is_undoable,
    read_conda_change,
    read_journals,
)
from conda_pip_interop.changes.undoing.conda_commands import list_commands
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import Journal


def find_operation(
    prefix: Path, identifier: str | None, *, target: Target | None = None
) -> tuple[Journal, ...]:
    """Return the operation `identifier`, the last one that a person asked for for None.

    The identifier of each of its journals is that of the operation. Raises InteropError
    `no-such-operation`, and `conda-did-it` for what belongs to a command of conda's that is not
    known: without it, undoing would leave what the operation cleaned up. `target` names the
    environment in these errors.
    """
    target = target or Target.at(prefix)
    operations = list_operations(prefix)
    revisions = target.command("conda", "list", "--revisions")
    if identifier is None:
        chosen = [one for one in operations if not one[0].automatic]
    else:
        chosen = [one for one in operations if any(identifier == j.identifier for j in one)]
    if not chosen:
        what = "nothing" if identifier is None else f"no operation {identifier}"
        hints = []
        if operations and identifier is None:
            hints.append(f"To list what conda did, and can go back to: `{revisions}`.")
        elif operations:
            listing = target.command("conda", "pip", "undo", "--list")
            hints.append(f"To list operations: `{listing}`.")
        if any(one.closed and not is_undoable(one, prefix) for one in read_journals(prefix)):
            hints.append("What was done before the environment was moved here cannot be undone.")
        raise InteropError(
            "no-such-operation",
            f"There is {what} to undo in {target.label}.",
            hints=tuple(hints),
        )
    head = chosen[-1][0]
    if head.automatic not in ("after", "aside"):
        return chosen[-1]
    if head.revisions == 1:
        raise InteropError(
            "conda-did-it",
            f"{head.identifier} ({head.title}) belongs to the command that made the environment "
            f"{target.label}; undoing it would lose what it kept.",
        )
    raise InteropError(
        "conda-did-it",
        f"{head.identifier} ({head.title}) followed a command of conda's in "
        f"{target.label} and cannot be undone without it.",
        hints=(f"To find the revision to go back to: `{revisions}`.",),
    )


def list_operations(prefix: Path) -> tuple[tuple[Journal, ...], ...]:
    """Return what can be undone, oldest first: each journal with its command's automatic ones.

    The commands of conda's are among them, with what was moved aside for them, and what reconciled
    the records afterwards.
    """
    journals = read_journals(prefix)
    commands = [*list_commands(prefix, journals)]
    operations: list[list[Journal]] = []
    head: list[Journal] | None = None
    for journal in journals:
        if not is_undoable(journal, prefix):
            continue
        while commands and _precedes(commands[0], journal):
            operations.append([commands.pop(0)])
            head = None
        last = operations[-1] if operations else []
        if journal.automatic == "ours" and head is not None:
            head.append(journal)
        elif journal.automatic in ("after", "aside") and _belongs(journal, last):
            last.append(journal)
        else:
            operations.append([journal])
            head = head if journal.automatic else operations[-1]
    return tuple(map(tuple, [*operations, *([one] for one in commands)]))


def _precedes(command: Journal, journal: Journal) -> bool:
    """Return whether a command of conda's was done once a journal was closed."""
    if journal.automatic not in ("after", "aside") and command.started > journal.started:
        return False  # what was counted then has been undone since
    if journal.revisions is None:  # of an earlier version
        return command.started <= journal.started
    return command.revisions is not None and command.revisions <= journal.revisions


def _belongs(journal: Journal, operation: Sequence[Journal]) -> bool:
    """Return whether an operation is the command of conda's that a journal belongs to."""
    return any(one.conda and one.revisions == journal.revisions for one in operation)


def split_at_conda(
    prefix: Path, operation: Sequence[Journal]
) -> tuple[tuple[Journal, ...], tuple[Journal, ...]]:
    """Split an operation into what preceded conda's part, and the rest."""
    aside = tuple(one for one in operation if one.automatic == "aside")
    rest = tuple(one for one in operation if one not in aside)
    parts = [read_conda_change(prefix, one) is not None for one in rest]
    at = parts.index(True) if any(parts) else 0
    return (*aside, *rest[:at]), rest[at:]


def find_later_operations(
    prefix: Path, identifier: str, *, target: Target | None = None
) -> tuple[tuple[Journal, ...], ...]:
    """Return the operations after `identifier`, newest first.

    Raises what `find_operation` raises, also for one of them, and `no-such-operation` if there is
    none.
    """
    target = target or Target.at(prefix)
    operation = find_operation(prefix, identifier, target=target)
    operations = list_operations(prefix)
    later = operations[operations.index(operation) + 1 :][::-1]
    for one in later:
        find_operation(prefix, one[0].identifier, target=target)
    if not later:
        raise InteropError(
            "no-such-operation",
            f"{identifier} ({operation[0].title}) is the last operation in {target.label}.",
            hints=(f"To undo it: `{target.command('conda', 'pip', 'undo', identifier)}`.",),
        )
    return later
