"""The commands that change packages: plan, show, ask, carry out."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.changes.undo import find_journal, refuse_changed, undo
from conda_pip_interop.commands.change import reconcile, restore
from conda_pip_interop.commands.change.undo import list_operations, render_undo, undo_to_list
from conda_pip_interop.commands.output import Output, plan_to_list, render_plan
from conda_pip_interop.conda_adapter.boundary import call_hook
from conda_pip_interop.conda_adapter.stale_plans import tell_waiting
from conda_pip_interop.environment.snapshot import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.target import Target


def restore_records(options: Options, target: Target) -> Output:
    """`conda pip restore`."""
    from conda_pip_interop.conda_adapter.solver import CondaEnvironment

    snapshot = read_snapshot(target.prefix)
    plan = restore.plan_restore(options.words, snapshot=snapshot, target=target)

    def carry_out() -> None:
        restore.carry_out(
            plan,
            snapshot=snapshot,
            target=target,
            conda=CondaEnvironment(target=target),
            on_wait=lambda: tell_waiting(target),
        )

    return confirm_and_run(
        options,
        target,
        shown=render_plan(target.label, plan.actions) if plan.records else "",
        plan=plan_to_list(plan.actions),
        nothing_to_do=None if plan.records else "conda's packages are in place already.",
        carry_out=carry_out,
    )


def reconcile_prefix(options: Options, target: Target) -> Output:
    """`conda pip reconcile`."""
    snapshot = read_snapshot(target.prefix)
    plan = reconcile.plan_reconcile(snapshot)

    def carry_out() -> None:
        reconcile.carry_out(
            plan, snapshot=snapshot, target=target, on_wait=lambda: tell_waiting(target)
        )

    return confirm_and_run(
        options,
        target,
        shown=reconcile.render_reconcile(plan) if plan.actions else "",
        plan=[
            {"path": one.path, "action": reconcile.VERBS[type(one)], "reason": one.reason}
            for one in plan.actions
        ],
        nothing_to_do=None if plan.actions else f"Nothing is left behind in {target.label}.",
        carry_out=carry_out,
    )


def undo_operation(options: Options, target: Target) -> Output:
    """`conda pip undo`."""
    if options.listing:
        return list_operations(target)
    journal = find_journal(target.prefix, options.words[0] if options.words else None)
    refuse_changed(target.prefix, journal)

    def carry_out() -> None:
        undo(target.prefix, journal.identifier, on_wait=lambda: tell_waiting(target))
        _leave_alone(target)

    return confirm_and_run(
        options,
        target,
        shown=render_undo(journal, target.label),
        plan=undo_to_list(journal),
        nothing_to_do=None,
        carry_out=carry_out,
    )


def _leave_alone(target: Target) -> None:
    """Remember what has come back, so that it is not cleaned up by itself again."""
    findings = reconcile.plan_reconcile(read_snapshot(target.prefix)).findings
    if findings:
        state = read_state(target.prefix)
        keys = {reconcile.key_of(finding) for finding in findings}
        write_state(target.prefix, dataclasses.replace(state, told=state.told | keys))


def confirm_and_run(
    options: Options,
    target: Target,
    *,
    shown: str,
    plan: list[dict[str, object]],
    nothing_to_do: str | None,
    carry_out: Callable[[], None],
) -> Output:
    """Show the plan, ask, carry it out."""
    document: dict[str, object] = {
        "success": True,
        "prefix": str(target.prefix),
        "dry_run": options.dry_run,
        "plan": plan,
    }
    if nothing_to_do is not None:
        return Output(text=f"{shown}\n\n{nothing_to_do}".strip(), document=document)
    if options.dry_run:
        return Output(text=f"{shown}\n\nDry run: nothing was changed.", document=document)
    if not options.json and not (options.quiet and options.yes):
        print(f"{shown}\n", flush=True)
    if not options.json:
        _confirm()
    carry_out()
    call_hook("after_command", "pip")
    return Output(text=f"Done: {target.label} is as planned.", document=document)


def _confirm() -> None:
    """conda's own question; it leaves by itself on a no."""
    try:
        from conda.reporters import confirm_yn
    except ImportError:  # conda < 24.11
        from conda.cli.common import confirm_yn
    confirm_yn()
