"""`conda pip reconcile`: conda's and pip's records match the files again."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import Snapshot

HELP: Final = "Update conda's and pip's records to match the files"
EXAMPLES: Final = "conda pip reconcile -n web --dry-run"


def configure(parser: CommandParser) -> None:
    """Add nothing, but say when it runs by itself."""
    parser.description = f"{HELP}.\n\nRuns automatically after conda commands."


def execute(args: Namespace, host: Host) -> Output:
    """Rewrite records and remove orphaned files; the plan shows the findings that this ends."""
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.findings.reconciliation import plan_reconcile

    snapshot = read_snapshot(host.target.prefix)
    plan, findings = plan_reconcile(snapshot)
    told = (f"{one.kind}: {one.summary}" for one in findings)
    return confirm_and_run(
        replace(plan, notes=(*told, *plan.notes)),
        args,
        host,
        nothing_to_do=f"The records of {host.target.label} match its files.",
        around=_remembering(snapshot),
    )


@contextmanager
def _remembering(snapshot: Snapshot) -> Iterator[None]:
    from conda_pip_interop.findings.reconciliation import remember_overwritten

    remember_overwritten(snapshot)
    yield
