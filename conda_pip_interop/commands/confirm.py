"""Show a plan, ask, execute it, and say what changed: the same for every changing command."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output
from conda_pip_interop.text import write_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.host import Host

#: What ends a dry run.
DRY_RUN: Final = "Dry run: nothing was changed."


def confirm_and_run(
    plan: Plan,
    args: Namespace,
    host: Host,
    *,
    nothing_to_do: str,
    dangerous: str | None = None,
    around: AbstractContextManager[None] | None = None,
) -> Output:
    """Show the plan, ask, execute it; `nothing_to_do` is the answer where the plan is empty.

    `dangerous` is a question that has no for an answer unless the user says yes. `around` is
    entered once it is agreed on.
    Raises what `changes.execute.execute` raises.
    """
    from conda_pip_interop.commands.plan_text import describe_changes, plan_to_list, render_plan

    label = host.target.label
    shown = render_plan(label, plan) if plan.steps else ""
    document = build_document(plan_to_list(plan), args, host, notes=plan.notes)
    if plan.is_empty:
        if not args.dry_run:
            from conda_pip_interop.changes.requests import remember_requests

            remember_requests(plan, host.target.prefix)
        shown = shown or "\n".join(plan.notes)
        return Output(text=f"{shown}\n\n{nothing_to_do}".strip(), document=document)
    from conda_pip_interop.changes.execute import execute, refuse_outside

    _refuse_virtual(plan, host)
    refuse_outside(plan, host.target)
    if not confirm(shown, args, host, dangerous=dangerous):
        return Output(text=f"{shown}\n\n{DRY_RUN}", document=document)
    with around or contextlib.nullcontext():
        execute(plan, host.target, host)
    with contextlib.suppress(KeyboardInterrupt):  # all is done
        host.after_change()
    return Output(text=describe_changes(label, plan), document=document)


def _refuse_virtual(plan: Plan, host: Host) -> None:
    """Raise InteropError `virtual-environment` if conda would install into one of `venv`."""
    from conda_pip_interop.environment.layers import is_virtual
    from conda_pip_interop.errors import InteropError

    target = host.target
    from_index = target.command("conda", "pip", "install", "--prefer", "pypi", "NAME")
    if plan.conda is not None and is_virtual(target.prefix):
        raise InteropError(
            "virtual-environment",
            f"{target.label} is a virtual environment, into which conda installs nothing; nothing "
            "was changed.",
            hints=(
                f"To install from the index: `{from_index}`.",
                "Or use its own pip.",
            ),
        )


def build_document(
    plan: list[dict[str, object]], args: Namespace, host: Host, *, notes: Sequence[str] = ()
) -> dict[str, object]:
    """Build the `--json` document of a changing command."""
    return {
        "success": True,
        "prefix": str(host.target.prefix),
        "dry_run": args.dry_run,
        "plan": plan,
        "notes": list(notes),
    }


def confirm(shown: str, args: Namespace, host: Host, *, dangerous: str | None = None) -> bool:
    """Print the plan and ask; return whether to go on, which a dry run does not.

    Raises BrokenPipeError where nobody can read the question.
    """
    if args.dry_run:
        return False
    if not args.json and not (args.quiet and args.yes):
        is_read = write_text(f"{shown}\n\n", sys.stdout)
        if not is_read and host.asks:
            raise BrokenPipeError
    if not args.json:
        host.confirm(dangerous)
    return True
