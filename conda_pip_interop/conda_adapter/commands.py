"""The commands that change packages: plan, show, ask, carry out."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from conda_pip_interop.conda_adapter.boundary import call_hook, say
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.core.policy import decide_protection
from conda_pip_interop.core.snapshot import Snapshot, read_snapshot
from conda_pip_interop.core.state import read_state, write_state
from conda_pip_interop.core.undo import find_journal, undo
from conda_pip_interop.errors import InteropError
from conda_pip_interop.pip.process import PipProcess
from conda_pip_interop.render import Output, plan_to_list, render_plan
from conda_pip_interop.usecases import install, reconcile, restore
from conda_pip_interop.usecases.undo import list_operations, render_undo, undo_to_list

if TYPE_CHECKING:
    from collections.abc import Callable

    from conda_pip_interop.options import Options
    from conda_pip_interop.usecases.target import Target

#: The first pip that writes an installation report of a stable format.
FIRST_PIP_WITH_REPORT = Version("23.0")


def install_requirements(options: Options, target: Target) -> Output:
    """`conda pip install`."""
    from conda_pip_interop.conda_adapter.solve import CondaEnvironment

    requirements = install.parse_requirements(options.words)
    call_hook("before_command", "pip")
    _refuse_protected_base(target)
    snapshot = read_snapshot(target.prefix)
    installer = _find_pip(snapshot, options)
    conda = CondaEnvironment(target=target)
    plan = install.plan_install(
        requirements, snapshot=snapshot, target=target, conda=conda, installer=installer
    )

    def carry_out() -> None:
        install.carry_out(plan, snapshot=snapshot, target=target, installer=installer)

    return _agree(
        options,
        target,
        shown=render_plan(target.label, plan.actions),
        plan=plan_to_list(plan.actions),
        nothing_to_do="All requirements are already satisfied." if plan.nothing_to_do else None,
        carry_out=carry_out,
    )


def restore_records(options: Options, target: Target) -> Output:
    """`conda pip restore`."""
    from conda_pip_interop.conda_adapter.solve import CondaEnvironment

    snapshot = read_snapshot(target.prefix)
    plan = restore.plan_restore(options.words, snapshot=snapshot, target=target)

    def carry_out() -> None:
        restore.carry_out(
            plan,
            snapshot=snapshot,
            target=target,
            conda=CondaEnvironment(target=target),
            on_wait=lambda: _tell_waiting(target),
        )

    return _agree(
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
            plan, snapshot=snapshot, target=target, on_wait=lambda: _tell_waiting(target)
        )

    return _agree(
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

    def carry_out() -> None:
        undo(target.prefix, journal.identifier, on_wait=lambda: _tell_waiting(target))
        _leave_alone(target)

    return _agree(
        options,
        target,
        shown=render_undo(journal),
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


def _tell_waiting(target: Target) -> None:
    say(f"Waiting for another process to be done with {target.label} …")


def _agree(
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
        print(f"{shown}\n")
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


def _refuse_protected_base(target: Target) -> None:
    if target.is_base and decide_protection(
        read_policy(), name=target.name, path=str(target.prefix), is_base=True
    ):
        raise InteropError(
            "base-protected",
            "base holds conda itself and is protected; nothing was installed.",
            hints=(
                "Use an environment of its own: `conda create -n NEW python pip`.",
                "Then install there: `conda pip install -n NEW …`.",
                "What conda's channels have can go into base with `conda install -n base …`.",
                "To go on at your own risk: `conda pip unprotect -n base`.",
            ),
        )


def _find_pip(snapshot: Snapshot, options: Options) -> PipProcess:
    """The environment's own pip where it has one that can report, else that of conda's Python."""
    if snapshot.prefix.python is None:
        return PipProcess(python=target_python(snapshot), runner=Path(sys.executable))
    python = target_python(snapshot)
    own = [one for one in snapshot.distributions if one.name == "pip"]
    if own and Version(own[0].version) >= FIRST_PIP_WITH_REPORT:
        return PipProcess(python=python, runner=python, show=options.verbose > 0)
    if importlib.util.find_spec("pip") is None:
        raise InteropError(
            "no-pip",
            "Neither the environment nor conda's own Python has a pip (>= 23.0) to work with.",
            hints=("Add one: `conda install pip`.",),
        )
    return PipProcess(python=python, runner=Path(sys.executable), show=options.verbose > 0)


def target_python(snapshot: Snapshot) -> Path:
    """The interpreter of the environment."""
    python = snapshot.prefix.python
    return snapshot.prefix.root / (python.executable if python is not None else "bin/python")
