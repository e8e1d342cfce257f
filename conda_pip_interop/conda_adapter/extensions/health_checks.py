"""`conda doctor`: our findings in its report, and the fix."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from conda.plugins.types import CondaHealthCheck

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.commands.command_line.run import repeat_while_stale
from conda_pip_interop.commands.output import render_health
from conda_pip_interop.commands.plan_text import render_plan
from conda_pip_interop.conda_adapter.console import print_stderr
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.host import CondaHost
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import refuse_frozen
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_asked
from conda_pip_interop.text import write_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

_NAME: Final = "pip-interop"


def build_health_checks() -> Iterator[CondaHealthCheck]:
    """Build ours; with a fixer if this conda has fixers (26.1)."""
    if not hasattr(CondaHealthCheck, "fixer"):
        yield CondaHealthCheck(name=_NAME, action=check_health)
        return
    yield CondaHealthCheck(
        name=_NAME,
        action=check_health,
        fixer=fix_health,
        summary="Check that conda and pip agree",
        fix="Update conda's records to what pip has changed; remove orphaned files",
    )


def check_health(prefix: str, verbose: bool) -> None:
    """Print the findings; conda reports what goes wrong here, and goes on."""
    target = build_target(prefix)
    found = find_asked(read_snapshot(target.prefix))
    write_text(f"{render_health(found, target, verbose=verbose)}\n", sys.stdout)


def fix_health(prefix: str, args: Namespace, confirm: Callable[[str], Any]) -> int:
    """Reconcile, and print what else can be done; return 1 if findings are left.

    `confirm` raises if the answer is no, and under `--dry-run`; conda reports what cannot be done.
    """
    target = build_target(prefix)

    def reconcile() -> None:
        plan, _ = plan_reconcile(read_snapshot(target.prefix))
        if plan.steps:
            if not getattr(args, "override_frozen", False):
                refuse_frozen(target)
            write_text(render_plan(target.label, plan) + "\n\n", sys.stdout)
            confirm("Reconcile conda's records with what pip has changed?")
            execute(plan, target, CondaHost(target=target))

    repeat_while_stale(reconcile, report=print_stderr)
    left = find_asked(read_snapshot(target.prefix))
    write_text(f"{render_health(left, target, verbose=True)}\n", sys.stdout)
    return 1 if left else 0
