"""Reconcile an environment after a command, and report new findings once."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NoReturn

from conda_pip_interop.changes.atomic.lock import (
    is_operating,
)
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.originals import prune_originals, remember_lost
from conda_pip_interop.changes.pending import settle_interrupted
from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.commands.command_line.run import repeat_while_stale
from conda_pip_interop.conda_adapter.console import is_silent, notify, verbose
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.hooks.last_check import read_check
from conda_pip_interop.conda_adapter.hooks.notice_text import build_notice, build_report
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError, RecoveryError
from conda_pip_interop.findings.kinds.duplicate_record import find_names
from conda_pip_interop.findings.kinds.lost_record import LostRecordFinding
from conda_pip_interop.findings.overwritten import note_overwritten
from conda_pip_interop.findings.reconciliation import plan_reconcile, remember_overwritten
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.changes.plan import Automatic, Plan
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding

#: The kinds of findings whose records are not as conda linked them.
_ALTERED = ("overridden", "vanished")


def reconcile_and_report(root: Path, automatic: Automatic = "after") -> None:
    """Reconcile if the policy says so, then report the findings that are new."""
    if read_policy().reconcile == "off" or is_operating(root):
        return
    check = read_check(root)
    done = _try_to_reconcile(root, automatic)
    target = build_target(root)
    snapshot = read_snapshot(root) if done is None or done.plan.steps else done.snapshot
    findings = find_all(snapshot)
    _remember_lost(findings, root)
    altered = {one.record.name for one in findings if one.record and one.kind in _ALTERED}
    prune_originals(snapshot, altered)
    state = read_state(root)
    lines, remembered = build_notice(findings, state, target)
    remembered = note_overwritten(findings, snapshot, remembered)
    if lines and is_silent():  # the next command that may speak reports them
        remembered = dataclasses.replace(remembered, told=state.told & remembered.told)
    elif done is not None or read_policy().reconcile == "report":
        remembered = check.note(remembered)
    if remembered != state:
        write_state(root, remembered)
    notify(*lines)


def reconcile(root: Path) -> bool:
    """Reconcile if the policy says `auto`; return whether anything was changed.

    Lost records are remembered: conda's transaction will count them as removed.
    """
    done = _try_to_reconcile(root, "before")
    if done is not None:
        _remember_lost(find_all(done.snapshot), root)
    return done is not None and bool(done.plan.steps)


def _remember_lost(findings: Iterable[Finding], root: Path) -> None:
    remember_lost([one.linked.stem for one in findings if isinstance(one, LostRecordFinding)], root)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Reconciled:
    """What was done, and the snapshot that it was planned from."""

    plan: Plan
    fixed: tuple[Finding, ...]
    snapshot: Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class HookLinker:
    """A hook never links a package, and never waits: conda would wait with it."""

    target: Target

    def relink(self, records: tuple[CondaRecord, ...]) -> NoReturn:
        """Fail: no plan of a hook asks for it."""
        raise AssertionError(records)

    def report_waiting(self) -> NoReturn:
        """Raise InteropError `busy`."""
        _give_up(self.target.label)


def _give_up(label: str) -> NoReturn:
    raise InteropError("busy", f"another process changes {label}")


def _try_to_reconcile(root: Path, automatic: Automatic) -> _Reconciled | None:
    """Return what was done; None if the policy does not say `auto`, or it failed."""
    if read_policy().reconcile != "auto" or is_operating(root):
        return None
    settle_unfinished(root)
    target = build_target(root)
    try:
        done = repeat_while_stale(lambda: _reconcile(target, automatic), report=verbose)
    except (InteropError, OSError) as error:
        _report_failure(error, f"{target.label} was not reconciled")
        return None
    if done.plan.steps:
        notify(*build_report(done.plan, done.fixed, target))
    return done


def _reconcile(target: Target, automatic: Automatic) -> _Reconciled:
    snapshot = read_snapshot(target.prefix)
    plan, fixed = plan_reconcile(
        snapshot, left_alone=read_state(target.prefix).left_alone, skipped=find_names(snapshot)
    )
    remember_overwritten(snapshot)  # the plan, or conda, may remove the metadata that tells
    if plan.steps:
        execute(dataclasses.replace(plan, automatic=automatic), target, HookLinker(target=target))
    return _Reconciled(plan=plan, fixed=fixed, snapshot=snapshot)


def settle_unfinished(root: Path) -> None:
    """Put right what an interrupted command left; never wait for one in another process."""
    try:
        settle_interrupted(root, on_wait=lambda: _give_up(str(root)))
    except (InteropError, OSError) as error:
        _report_failure(error, f"{root} was not recovered")


def _report_failure(error: InteropError | OSError, what: str) -> None:
    """Report what a person has to act on; the next command tries the rest again."""
    if isinstance(error, RecoveryError):
        notify(f"conda-pip-interop: {error.message}", *(f"  {one}" for one in error.hints))
    else:
        verbose(f"conda-pip-interop: {what} ({error})")
