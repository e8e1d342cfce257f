"""`conda pip undo`: what we changed in an environment, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.rollback import read_journals
from conda_pip_interop.commands.output import Output, render_table

if TYPE_CHECKING:
    from conda_pip_interop.changes.journal import Journal
    from conda_pip_interop.environment.target import Target


def list_operations(target: Target) -> Output:
    """The operations that can be undone, oldest first."""
    journals = [one for one in read_journals(target.prefix) if one.closed]
    table = render_table(
        ("Operation", "Started", "Files", "What"),
        [(one.identifier, one.started, str(_count(one)), one.title) for one in journals],
    )
    document = [
        {
            "id": one.identifier,
            "started": one.started,
            "files": _count(one),
            "title": one.title,
        }
        for one in journals
    ]
    return Output(
        text=table if journals else f"Nothing to undo in {target.label}.",
        document={"prefix": str(target.prefix), "operations": document},
    )


def render_undo(journal: Journal, label: str) -> str:
    """What undoing an operation would do in an environment, in words."""
    lines = [f"Undo in {label}: {journal.identifier} ({journal.title}, {journal.started})"]
    lines += [f"    {step.path}" for step in journal.steps if step.kind in ("write", "remove")]
    return "\n".join(lines)


def undo_to_list(journal: Journal) -> list[dict[str, object]]:
    """The JSON-ready form of `render_undo`."""
    return [
        {"path": step.path, "action": "restore" if step.existed else "remove"}
        for step in journal.steps
        if step.kind in ("write", "remove")
    ]


def _count(journal: Journal) -> int:
    return sum(step.kind in ("write", "remove") for step in journal.steps)
