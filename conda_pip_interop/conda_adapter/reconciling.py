"""What takes a closer look at an environment: the notice after, and the guard before."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from conda.base.context import context

from conda_pip_interop.conda_adapter.boundary import mention, say
from conda_pip_interop.conda_adapter.environment import build_target
from conda_pip_interop.conda_adapter.errors import build_conda_error
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.core.apply import is_operating, recover_interrupted
from conda_pip_interop.core.findings import find_findings
from conda_pip_interop.core.forecast import Change
from conda_pip_interop.core.rollback import needs_recovery
from conda_pip_interop.core.snapshot import Snapshot, read_snapshot
from conda_pip_interop.core.state import read_state, write_state
from conda_pip_interop.errors import InteropError
from conda_pip_interop.usecases.guard import build_refusal, find_breakages, render_warning
from conda_pip_interop.usecases.notice import build_notice
from conda_pip_interop.usecases.reconcile import carry_out, plan_reconcile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda import CondaError
    from conda.models.records import PackageRecord

    from conda_pip_interop.usecases.target import Target


def look_and_tell(root: Path) -> None:
    """Compare the books of conda and pip; clean up where the policy says; tell what is new."""
    mode = read_policy().reconcile
    if mode == "off" or is_operating(root):
        return
    if needs_recovery(root):
        _recover(root)
    target, snapshot = build_target(root), read_snapshot(root)
    cleaned: tuple[str, ...] = ()
    if mode == "auto":
        cleaned = _clean_up(target, snapshot)
    if cleaned:
        snapshot = read_snapshot(root)
    state = read_state(root)
    told, remembered = build_notice(find_findings(snapshot), state, target)
    if remembered != state:
        write_state(root, remembered)
    if (cleaned or told) and not context.json and not context.quiet:
        say("\n".join((*cleaned, *told)))


def _recover(root: Path) -> None:
    """Put back what an interrupted operation left; one under way elsewhere is not waited for."""

    def go_on() -> NoReturn:
        raise InteropError("busy", f"another process works in {root}")

    try:
        recover_interrupted(root, on_wait=go_on)
    except (InteropError, OSError) as error:
        mention(f"conda-pip-interop: {root} is not recovered ({error})")


def _clean_up(target: Target, snapshot: Snapshot) -> tuple[str, ...]:
    """Remove what one manager left behind under the other; what cannot be is told as a finding."""
    plan = plan_reconcile(snapshot, left_alone=read_state(target.prefix).told)
    if not plan.removals:
        return ()
    try:
        carry_out(plan, snapshot=snapshot, target=target)
    except (InteropError, OSError) as error:
        mention(f"conda-pip-interop: {target.label} is not cleaned up ({error})")
        return ()
    return (
        *(f"conda-pip-interop: {target.label}: {one.summary}" for one in plan.findings),
        f"  cleaned up: {len(plan.removals)} files that nobody answers for",
    )


def judge_transaction(
    root: Path, unlinked: Iterable[PackageRecord], linked: Iterable[PackageRecord]
) -> CondaError | None:
    """Hold conda's answer against what pip has installed in the environment at `root`."""
    mode = read_policy().guard
    if mode == "off":
        return None
    before = {record.name: record.version for record in unlinked}
    after = {record.name: record.version for record in linked}
    changes = [
        Change(name=name, before=before.get(name), after=after.get(name))
        for name in sorted(before.keys() | after.keys())
    ]
    target = build_target(root)
    breakages = find_breakages(read_snapshot(root), changes)
    if breakages and mode == "error":
        return build_conda_error(build_refusal(breakages, target))
    if breakages and not context.quiet:
        say(render_warning(breakages, target))
    return None
