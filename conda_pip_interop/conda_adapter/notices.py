"""What takes a closer look at an environment after a command: set right, and tell."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NoReturn

from conda_pip_interop.changes.lock import is_operating, recover_interrupted
from conda_pip_interop.changes.originals import prune_originals
from conda_pip_interop.changes.rollback import needs_recovery
from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.commands.change.reconcile import carry_out, plan_reconcile
from conda_pip_interop.conda_adapter.boundary import notify, verbose
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.conda_adapter.stale_plans import plan_until_fresh, tell_waiting
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.notices import build_notice, build_report
from conda_pip_interop.findings.registry import find_findings

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.commands.change.reconcile import ReconcilePlan
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target


def look_and_tell(root: Path) -> None:
    """Compare the books of conda and pip; set right what the policy says; tell what is new."""
    if read_policy().reconcile == "off" or is_operating(root):
        return
    done = _reconcile_and_tell(root)
    target = build_target(root)
    state = read_state(root)
    snapshot = read_snapshot(root) if done is None or done[0].actions else done[1]
    findings = find_findings(snapshot)
    prune_originals(snapshot, findings)
    told, remembered = build_notice(findings, state, target)
    if remembered != state:
        write_state(root, remembered)
    notify(*told)


def reconcile_and_tell(root: Path) -> bool:
    """Set right what one manager did to the other, where the policy says `auto`.

    What cannot be is left to be told as a finding. Returns whether anything was changed.
    """
    done = _reconcile_and_tell(root)
    return done is not None and bool(done[0].actions)


def _reconcile_and_tell(root: Path) -> tuple[ReconcilePlan, Snapshot] | None:
    """What was done, and the snapshot before it; None where nothing is to be done, or failed."""
    if read_policy().reconcile != "auto" or is_operating(root):
        return None
    if needs_recovery(root):
        _recover(root)
    target = build_target(root)
    try:
        plan, snapshot = plan_until_fresh(functools.partial(_reconcile, target), tell=verbose)
    except (InteropError, OSError) as error:
        verbose(f"conda-pip-interop: {target.label} is not reconciled ({error})")
        return None
    if plan.actions:
        notify(*build_report(plan, target))
    return plan, snapshot


def _reconcile(target: Target) -> tuple[ReconcilePlan, Snapshot]:
    snapshot = read_snapshot(target.prefix)
    plan = plan_reconcile(snapshot, left_alone=read_state(target.prefix).told)
    if plan.actions:
        carry_out(plan, snapshot=snapshot, target=target, on_wait=lambda: tell_waiting(target))
    return plan, snapshot


def _recover(root: Path) -> None:
    """Put back what an interrupted operation left; one under way elsewhere is not waited for."""

    def go_on() -> NoReturn:
        raise InteropError("busy", f"another process works in {root}")

    try:
        recover_interrupted(root, on_wait=go_on)
    except (InteropError, OSError) as error:
        verbose(f"conda-pip-interop: {root} is not recovered ({error})")
