"""`conda doctor`: our findings in its report, and what `--fix` can do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conda.plugins.types import CondaHealthCheck

from conda_pip_interop.commands.change.reconcile import carry_out, plan_reconcile, render_reconcile
from conda_pip_interop.commands.inspect.check import find_all
from conda_pip_interop.commands.inspect.health import render_health
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.stale_plans import plan_until_fresh, tell_waiting
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import refuse_frozen

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterator

_NAME: Final = "pip-interop"


def build_health_checks() -> Iterator[CondaHealthCheck]:
    """Ours; with a fixer where this conda knows of such (26.1)."""
    if not hasattr(CondaHealthCheck, "fixer"):
        yield CondaHealthCheck(name=_NAME, action=check_health)
        return
    yield CondaHealthCheck(
        name=_NAME,
        action=check_health,
        fixer=fix_health,
        summary="Look for faults between conda and pip",
        fix="Let conda's records tell what pip has done; remove what nobody answers for",
    )


def check_health(prefix: str, verbose: bool) -> None:
    """Print the findings; conda tells what goes wrong here, and goes on."""
    target = build_target(prefix)
    print(render_health(find_all(read_snapshot(target.prefix)), target, verbose=verbose))


def fix_health(prefix: str, args: Namespace, confirm: Callable[[str], Any]) -> int:
    """Reconcile, and say what else can be done; 1 where something is left.

    `confirm` raises where the answer is no, and under `--dry-run`. So does what cannot be done:
    conda tells it.
    """
    target = build_target(prefix)

    def reconcile() -> None:
        snapshot = read_snapshot(target.prefix)
        plan = plan_reconcile(snapshot)
        if plan.actions:
            if not getattr(args, "override_frozen", False):
                refuse_frozen(target)
            print(render_reconcile(plan) + "\n")
            confirm("Reconcile conda's records with what pip has done?")
            carry_out(plan, snapshot=snapshot, target=target, on_wait=lambda: tell_waiting(target))

    plan_until_fresh(reconcile)
    left = find_all(read_snapshot(target.prefix))
    print(render_health(left, target, verbose=True))
    return 1 if left else 0
