"""Reconcile a prefix as `conda pip reconcile` does, without conda."""

from __future__ import annotations

from pathlib import Path

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.reconciliation import plan_reconcile
from tests.support.hosts import NoConda


def reconcile(root: Path) -> Plan:
    """Fix what is fixed automatically; return the plan, which may be empty."""
    plan, _ = plan_reconcile(read_snapshot(root))
    if plan.steps:
        execute(plan, Target(prefix=root, name="web", is_base=False), NoConda())
    return plan
