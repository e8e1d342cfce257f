"""`conda pip repair`: pip's distributions, conda's lost records, what is left of another Python."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.commands.change import lost_records as bring_back
from conda_pip_interop.commands.change import repair
from conda_pip_interop.commands.output import Output, plan_to_list, render_plan
from conda_pip_interop.conda_adapter.commands import confirm_and_run
from conda_pip_interop.conda_adapter.installing import plan_and_install
from conda_pip_interop.conda_adapter.solver import CondaEnvironment
from conda_pip_interop.conda_adapter.stale_plans import tell_waiting
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from conda_pip_interop.commands.change.lost_records import RecordPlan
    from conda_pip_interop.commands.change.repair import RepairTarget
    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.planner import InstallPlan


def repair_prefix(options: Options, target: Target) -> Output:
    """`conda pip repair`."""
    snapshot = read_snapshot(target.prefix)
    names = options.words
    records = bring_back.plan_records(
        names, snapshot=snapshot, target=target, clean_up=options.clean_up
    )
    broken = () if options.clean_up else _find_broken(names, records, snapshot, target)
    if not broken:
        return _without_pip(options, target, records)
    request, preferences = repair.build_repair(broken)

    def add_records(plan: InstallPlan) -> InstallPlan:
        kept = repair.keep_notes(plan, broken)
        return replace(kept, actions=(*records.actions, *kept.actions))

    def finish() -> None:
        _settle_records(records, target)
        _tidy(target)

    try:
        return plan_and_install(
            options,
            target,
            title="repair",
            request=request,
            preferences=preferences,
            nothing_to_do="",
            adjust=add_records,
            finish=finish,
        )
    except InteropError as error:
        absence = repair.explain_absence(error, broken, target)
        if absence is None:
            raise
        raise absence from error


def _find_broken(
    names: tuple[str, ...], records: RecordPlan, snapshot: Snapshot, target: Target
) -> tuple[RepairTarget, ...]:
    """What of pip's is broken; a name may be that of a lost record instead, or as well."""
    every = repair.find_broken((), snapshot=snapshot, target=target)
    known = {one.distribution.name for one in every}
    named = [name for name in names if canonicalize_name(name) in known or not records.covers(name)]
    if not names:
        return every
    return repair.find_broken(named, snapshot=snapshot, target=target) if named else ()


def _without_pip(options: Options, target: Target, records: RecordPlan) -> Output:
    """Only records, or what is left where all has come over to the Python of today, or nothing."""
    tidies = not (options.words or options.clean_up)
    removals = repair.plan_tidying(read_snapshot(target.prefix)) if tidies else ()
    shown = [render_plan(target.label, records.actions)] if records.lost else []
    if removals:
        folders = sorted({one.path.partition("/site-packages/")[0] for one in removals})
        shown.append(f"Remove {len(removals)} files that stayed behind in {', '.join(folders)}.")
    plan = plan_to_list(records.actions)
    plan += [{"path": one.path, "action": "remove", "reason": one.reason} for one in removals]

    def carry_out() -> None:
        _settle_records(records, target)
        if removals:
            _tidy(target)

    return confirm_and_run(
        options,
        target,
        shown="\n\n".join(shown),
        plan=plan,
        nothing_to_do=None if shown else f"Nothing is broken in {target.label}.",
        carry_out=carry_out,
    )


def _settle_records(records: RecordPlan, target: Target) -> None:
    """What was planned, as the environment is now."""
    snapshot = read_snapshot(target.prefix)
    bring_back.carry_out(
        records.renew(snapshot),
        snapshot=snapshot,
        target=target,
        conda=CondaEnvironment(target=target),
        on_wait=lambda: tell_waiting(target),
    )


def _tidy(target: Target) -> None:
    snapshot = read_snapshot(target.prefix)
    removals = repair.plan_tidying(snapshot)
    if removals:
        with open_operation(
            target.prefix,
            "repair: what is left of another Python",
            fingerprint=snapshot.fingerprint,
            on_wait=lambda: tell_waiting(target),
        ) as operation:
            operation.apply(removals)
