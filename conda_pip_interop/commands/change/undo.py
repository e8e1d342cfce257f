"""`conda pip undo`: take back what a command of ours changed, byte for byte."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output, find_columns, render_table, shorten
from conda_pip_interop.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Sequence

    from conda_pip_interop.changes.atomic.journal import CondaChange, Journal
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.target import Target

HELP: Final = "Undo the last command of conda or conda pip, or another"
EXAMPLES: Final = (
    "conda pip undo -n web --list\n"
    "conda pip undo -n web\n"
    "conda pip undo -n web --to 20261129T162459Z"
)


def configure(parser: CommandParser) -> None:
    """Add the operation and the list of operations."""
    parser.add_argument(
        "operation", nargs="?", metavar="ID", help="an operation (default: the last one)"
    )
    parser.add_argument(
        "--to", metavar="ID", help="undo every operation after this one, newest first"
    )
    parser.add_argument("--list", action="store_true", help="list the operations")


def execute(args: Namespace, host: Host) -> Output:
    """Undo an operation, or several, and do not reconcile again what is back."""
    from conda_pip_interop.changes.atomic.rollback import find_conda_change
    from conda_pip_interop.changes.execute import execute_undo_several
    from conda_pip_interop.changes.undoing.operations import find_later_operations, find_operation
    from conda_pip_interop.commands.confirm import DRY_RUN, build_document, confirm
    from conda_pip_interop.commands.package_changes import describe_difference, find_installed
    from conda_pip_interop.commands.undo_checks import check_undo
    from conda_pip_interop.environment.snapshot import read_snapshot

    target = host.target
    if args.list:
        return render_operations(target)
    if args.to and args.operation:
        raise UsageError(
            "usage",
            "ID and --to are mutually exclusive.",
            hints=("See `conda pip undo --help`.",),
        )
    operations = (
        find_later_operations(target.prefix, args.to, target=target)
        if args.to
        else (find_operation(target.prefix, args.operation, target=target),)
    )
    is_last = not (args.operation or args.to)
    operations = check_undo(operations, target, host, is_last=is_last)
    blocks: list[str] = []
    plan: list[dict[str, object]] = []
    for operation in operations:
        change = find_conda_change(target.prefix, operation)
        blocks.append(render_undo(operation, change, target.label))
        plan += [*undo_to_list(operation), *list_conda(change)]
    shown = "\n\n".join(blocks)
    document = build_document(plan, args, host)
    if not confirm(shown, args, host):
        return Output(text=f"{shown}\n\n{DRY_RUN}", document=document)
    before = find_installed(read_snapshot(target.prefix, depth="names"))
    execute_undo_several(target.prefix, operations, host)
    with contextlib.suppress(KeyboardInterrupt):  # all is done
        _leave_alone(target)
        host.after_change()
    after = find_installed(read_snapshot(target.prefix, depth="names"))
    text = "\n".join(
        f"Undid {one[0].identifier} in {target.label}: {one[0].title}" for one in operations
    )
    changed = describe_difference(target.label, before, after)
    return Output(text=f"{text}\n{changed}".strip(), document=document)


def render_operations(target: Target) -> Output:
    """List the operations that can be undone, oldest first."""
    from conda_pip_interop.changes.undoing.operations import list_operations

    operations = list_operations(target.prefix)
    table = render_table(
        ("Operation", "Started", "Files", "What"),
        [
            (one[0].identifier, one[0].started, str(_count(one)), _describe(one[0]))
            for one in operations
        ],
        columns=find_columns(),
    )
    document = [
        {
            "id": one[0].identifier,
            "started": one[0].started,
            "files": _count(one),
            "title": one[0].title,
            "automatic": bool(one[0].automatic),
        }
        for one in operations
    ]
    return Output(
        text=table if operations else f"Nothing to undo in {target.label}.",
        document={"prefix": str(target.prefix), "operations": document},
        requested=True,
    )


def _describe(journal: Journal) -> str:
    return f"{journal.title} (automatic)" if journal.automatic else journal.title


def render_undo(operation: Sequence[Journal], change: CondaChange | None, label: str) -> str:
    """Render what undoing an operation changes: conda's packages, and some of our paths."""
    first = operation[0]
    lines = [f"Undo in {label}: {first.identifier} ({first.title}, {first.started})"]
    for one in list_conda(change):
        name, version, _ = Path(str(one["path"])).stem.rsplit("-", 2)
        verb = "removes" if one["action"] == "remove" else "installs"
        lines.append(f"    conda {verb} {name} {version}")
    paths = [f"    {one['path']}" for one in undo_to_list(operation)]
    return "\n".join([*lines, *shorten(paths)])


def undo_to_list(operation: Iterable[Journal]) -> list[dict[str, object]]:
    """Return the JSON-ready form of `render_undo`; what was before the first step counts."""
    existed: dict[str, bool] = {}
    for journal in operation:
        for step in journal.steps:
            if step.kind in ("write", "remove"):
                existed.setdefault(step.path, step.existed)
    return [
        {"path": path, "action": "restore" if there else "remove"}
        for path, there in existed.items()
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
    from conda_pip_interop.findings.reconciliation import plan_reconcile

    _, findings = plan_reconcile(read_snapshot(target.prefix))
    state = read_state(target.prefix)
    keys = frozenset(finding.build_leave_key(target.prefix) for finding in findings)
    if keys != state.left_alone:
        write_state(target.prefix, replace(state, left_alone=keys))


def _count(operation: Sequence[Journal]) -> int:
    return len(undo_to_list(operation))
