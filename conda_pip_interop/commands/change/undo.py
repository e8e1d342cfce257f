"""`conda pip undo`: take back what a command of ours changed, byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output, render_table

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from conda_pip_interop.changes.journal import CondaChange, Journal
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.environment.target import Target

HELP: Final = "Undo the last operation of conda pip, or another one"
EXAMPLES: Final = "conda pip undo -n web --list\nconda pip undo -n web"


def configure(parser: CommandParser) -> None:
    """Add the operation and the list of operations."""
    parser.add_argument(
        "operation", nargs="?", metavar="ID", help="an operation (default: the last one)"
    )
    parser.add_argument("--list", action="store_true", help="list the operations")


def execute(args: Namespace, host: Host) -> Output:
    """Undo an operation, and do not reconcile again what is back."""
    from conda_pip_interop.changes.execute import execute_undo
    from conda_pip_interop.changes.rollback import read_conda_change
    from conda_pip_interop.changes.undo import find_operation, refuse_changed
    from conda_pip_interop.commands.confirm import DRY_RUN, build_document, confirm

    target = host.target
    if args.list:
        return list_operations(target)
    operation = find_operation(target.prefix, args.operation)
    refuse_changed(target.prefix, operation)
    journal = operation[0]
    conda = list_conda(read_conda_change(target.prefix, journal))
    paths = [f"    {one['path']}" for one in conda]
    shown = "\n".join((render_undo(operation, target.label), *paths))
    document = build_document([*undo_to_list(operation), *conda], args, host)
    if not confirm(shown, args, host):
        return Output(text=f"{shown}\n\n{DRY_RUN}", document=document)
    execute_undo(target.prefix, journal.identifier, host)
    _leave_alone(target)
    host.after_change()
    text = f"Undid {journal.identifier} in {target.label}: {journal.title}"
    return Output(text=text, document=document)


def list_operations(target: Target) -> Output:
    """List the operations that can be undone, oldest first."""
    from conda_pip_interop.changes.rollback import read_journals

    journals = [one for one in read_journals(target.prefix) if one.closed]
    table = render_table(
        ("Operation", "Started", "Files", "What"),
        [(one.identifier, one.started, str(_count(one)), _describe(one)) for one in journals],
    )
    document = [
        {
            "id": one.identifier,
            "started": one.started,
            "files": _count(one),
            "title": one.title,
            "automatic": bool(one.automatic),
        }
        for one in journals
    ]
    return Output(
        text=table if journals else f"Nothing to undo in {target.label}.",
        document={"prefix": str(target.prefix), "operations": document},
        requested=True,
    )


def _describe(journal: Journal) -> str:
    return f"{journal.title} (automatic)" if journal.automatic else journal.title


def render_undo(operation: Sequence[Journal], label: str) -> str:
    """Render what undoing an operation changes."""
    first = operation[0]
    lines = [f"Undo in {label}: {first.identifier} ({first.title}, {first.started})"]
    lines += dict.fromkeys(
        f"    {step.path}"
        for journal in operation
        for step in journal.steps
        if step.kind in ("write", "remove")
    )
    return "\n".join(lines)


def undo_to_list(operation: Iterable[Journal]) -> list[dict[str, object]]:
    """Return the JSON-ready form of `render_undo`."""
    return [
        {"path": step.path, "action": "restore" if step.existed else "remove"}
        for journal in operation
        for step in journal.steps
        if step.kind in ("write", "remove")
    ]


def list_conda(change: CondaChange | None) -> list[dict[str, object]]:
    """Return the records that conda's reverse transaction removes and writes again."""
    if change is None:
        return []
    actions = {
        **dict.fromkeys(change.linked, "remove"),
        **dict.fromkeys(change.unlinked, "restore"),
    }
    return [{"path": f"conda-meta/{name}", "action": one} for name, one in actions.items()]


def _leave_alone(target: Target) -> None:
    """Remember what is back, so that it is not reconciled automatically again."""
    from dataclasses import replace

    from conda_pip_interop.changes.state import read_state, write_state
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.findings.fixes import plan_reconcile

    _, findings = plan_reconcile(read_snapshot(target.prefix))
    if findings:
        state = read_state(target.prefix)
        keys = {finding.leave_key for finding in findings}
        write_state(target.prefix, replace(state, left_alone=state.left_alone | keys))


def _count(journal: Journal) -> int:
    return sum(step.kind in ("write", "remove") for step in journal.steps)
