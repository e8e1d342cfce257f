"""`conda pip …`: options to use case to output, with conda's own prompt and errors."""

from __future__ import annotations

import importlib.util
import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from packaging.version import Version

from conda_pip_interop.conda_adapter import everywhere
from conda_pip_interop.conda_adapter.boundary import call_hook, say
from conda_pip_interop.conda_adapter.environment import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.core.snapshot import Snapshot, read_snapshot
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.options import CHANGING_COMMANDS, Options, parse_options
from conda_pip_interop.pip.process import PipProcess
from conda_pip_interop.render import Output, plan_to_list, render_error, render_plan
from conda_pip_interop.usecases import check, install, listing, protect, reconcile, restore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conda_pip_interop.usecases.target import Target

#: The first pip that writes an installation report of a stable format.
FIRST_PIP_WITH_REPORT = Version("23.0")


def run(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code (0 done, 1 findings or refused, 2 wrong usage)."""
    try:
        options = parse_options(argv)
        if isinstance(options, str):
            print(options)
            return 0
        _initialise_context(options)
        output = _answer(options)
    except InteropError as error:
        if "--json" in argv:
            print(json.dumps({"success": False, "error": error.to_dict()}, indent=2))
        else:
            print(render_error(error), file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(output.document, indent=2))
    elif output.text and (not options.quiet or output.exit_code):
        print(output.text)
    return output.exit_code


def _initialise_context(options: Options) -> None:
    """Tell conda what our command line says, in the names that its own parser uses."""
    changes = options.command in CHANGING_COMMANDS and not options.dry_run
    if options.json and changes and not options.yes:
        raise UsageError(
            "usage",
            f"`conda pip {options.command} --json` cannot ask.",
            hints=("Add `--yes` to go on, or `--dry-run` to see the plan.",),
        )
    arguments = {
        "name": options.name,
        "prefix": options.prefix,
        "json": options.json,
        "quiet": options.quiet or options.json,
        "verbosity": options.verbose,
        "always_yes": options.yes or None,
        "dry_run": options.dry_run,
        "channel": options.channels or None,
        "override_channels": options.override_channels,
    }
    known = dict(context._argparse_args or {})  # noqa: SLF001 - conda has no other way to ask
    known.update({key: value for key, value in arguments.items() if value is not None})
    context.__init__(argparse_args=Namespace(**known))


def _answer(options: Options) -> Output:  # noqa: PLR0911 - one a command
    target = build_target(context.target_prefix)
    match options.command:
        case "list":
            return listing.list_distributions(read_snapshot(target.prefix))
        case "check":
            return check.check(read_snapshot(target.prefix), target)
        case "status":
            named = options.name is not None or options.prefix is not None
            return everywhere.show_status([target] if named else None, options)
        case "protect" if options.every:
            return everywhere.protect_all(options)
        case "protect":
            return protect.protect(target, read_policy())
        case "unprotect":
            return protect.unprotect(target, read_policy())
        case "restore":
            return _restore(options, target)
        case "install":
            return _install(options, target)
        case "reconcile":
            return _reconcile(options, target)
    raise AssertionError(options.command)


def _install(options: Options, target: Target) -> Output:
    from conda_pip_interop.conda_adapter.solve import CondaEnvironment

    requirements = install.parse_requirements(options.words)
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


def _restore(options: Options, target: Target) -> Output:
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
        shown=render_plan(target.label, plan.actions),
        plan=plan_to_list(plan.actions),
        nothing_to_do=None if plan.records else "conda's packages are in place already.",
        carry_out=carry_out,
    )


def _reconcile(options: Options, target: Target) -> Output:
    snapshot = read_snapshot(target.prefix)
    plan = reconcile.plan_reconcile(snapshot)

    def carry_out() -> None:
        reconcile.carry_out(
            plan, snapshot=snapshot, target=target, on_wait=lambda: _tell_waiting(target)
        )

    return _agree(
        options,
        target,
        shown=reconcile.render_reconcile(plan) if plan.removals else "",
        plan=[
            {"path": one.path, "action": "remove", "reason": one.reason} for one in plan.removals
        ],
        nothing_to_do=None if plan.removals else f"Nothing is left behind in {target.label}.",
        carry_out=carry_out,
    )


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
    from conda_pip_interop.core.policy import decide_protection

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
