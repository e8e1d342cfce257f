"""Merge the fixes of the findings that are fixed automatically into one plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName

from conda_pip_interop.changes.plan import Keep, Plan, merge_plans
from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.findings.kinds.overridden import fix_record, group_by_record
from conda_pip_interop.findings.overwritten import note_overwritten
from conda_pip_interop.findings.registry import find_all

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding
    from conda_pip_interop.findings.kinds.overridden import OverriddenFinding


def plan_reconcile(
    snapshot: Snapshot,
    *,
    left_alone: frozenset[str] = frozenset(),
    skipped: frozenset[NormalizedName] = frozenset(),
) -> tuple[Plan, tuple[Finding, ...]]:
    """Merge the fixes of the automatic kinds; also return the findings that they fix.

    What conda's history has only for packages of pip that are gone is dropped, too.

    Findings whose `build_leave_key` is in `left_alone`, whose fix was undone, and those about the
    `skipped` distributions are left alone.
    """
    findings = [
        one
        for one in find_all(snapshot)
        if one.automatic
        and one.project not in skipped
        and not (left_alone and one.build_leave_key(snapshot.prefix.root) in left_alone)
    ]
    plans: list[tuple[Plan, tuple[Finding, ...]]] = [*plan_records(findings, snapshot)]
    fixed: list[Finding] = [one for _, found in plans for one in found]
    for finding in findings:
        plan = finding.fix(snapshot)
        if plan is not None and plan.steps:
            plans.append((plan, (finding,)))
            fixed.append(finding)
    if read_state(snapshot.prefix.root).needed:
        from conda_pip_interop.dependencies.read_graph import read_graph  # for few environments
        from conda_pip_interop.findings.unneeded import drop_unneeded

        history = tuple(drop_unneeded(read_graph(snapshot), snapshot))
        plans.append((Plan(title="reconcile", steps=history), ()))
    merged = merge_plans(
        "reconcile",
        (plan for plan, _ in plans),
        fingerprint=snapshot.fingerprint,
        shows_files=True,
    )
    return merged, tuple(fixed)


def plan_records(
    findings: Iterable[Finding], snapshot: Snapshot
) -> Iterator[tuple[Plan, tuple[OverriddenFinding, ...]]]:
    """Rewrite the records whose payload pip replaced, each once."""
    taken: set[PrefixPath] = set()
    for record, overridden in group_by_record(findings, snapshot):
        files = tuple(fix_record(record, overridden, snapshot, taken))
        if files:
            yield Plan(title="reconcile", steps=files), tuple(overridden)


def plan_overrides(
    findings: Iterable[Finding], snapshot: Snapshot, target: Target
) -> Iterator[Plan]:
    """Rewrite the records, and say which packages of pip's are kept and how to go back."""
    restored: dict[str, None] = {}
    for plan, found in plan_records(findings, snapshot):
        keeps = [
            Keep(
                manager="pip",
                name=one.distribution.name,
                version=one.distribution.version,
                reason=f"conda's record of {one.record.name} will list its files",
            )
            for one in found
        ]
        restored.update((one.record.name, None) for one in found)
        yield replace(plan, steps=(*keeps, *plan.steps))
    if restored:
        restore = target.command("conda", "pip", "restore", *restored)
        yield Plan(title="repair", notes=(f"To go back to conda's version instead: {restore}",))


def remember_overwritten(snapshot: Snapshot) -> None:
    """Remember which files of conda's are overwritten, before what tells it may be removed."""
    state = read_state(snapshot.prefix.root)
    noted = note_overwritten(find_all(snapshot), snapshot, state)
    if noted != state:
        write_state(snapshot.prefix.root, noted)
