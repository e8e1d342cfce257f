"""Show a plan, ask, execute it, and say what changed: the same for every changing command."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.host import Host


def confirm_and_run(plan: Plan, args: Namespace, host: Host, *, nothing_to_do: str) -> Output:
    """Show the plan, ask, execute it; `nothing_to_do` is the answer where the plan is empty.

    Raises what `changes.execute.execute` raises.
    """
    from conda_pip_interop.changes.execute import execute
    from conda_pip_interop.commands.plan_text import describe_changes, plan_to_list, render_plan

    label = host.target.label
    shown = render_plan(label, plan) if plan.steps else ""
    document = build_document(plan_to_list(plan), args, host)
    if plan.is_empty:
        return Output(text=f"{shown}\n\n{nothing_to_do}".strip(), document=document)
    if not confirm(shown, args, host):
        return Output(text=f"{shown}\n\n{DRY_RUN}", document=document)
    try:
        execute(plan, host.target, host)
    except KeyboardInterrupt as interrupt:
        message = f"Interrupted: nothing was changed in {label}."
        raise InteropError("interrupted", message, exit_code=INTERRUPTED) from interrupt
    with contextlib.suppress(KeyboardInterrupt):  # all is done
        host.after_change()
    return Output(text=describe_changes(label, plan), document=document)


#: The exit code of what Ctrl-C ended: 128 and the number of SIGINT, as in shells.
INTERRUPTED: Final = 130
#: What ends a dry run.
DRY_RUN = "Dry run: nothing was changed."


def build_document(plan: list[dict[str, object]], args: Namespace, host: Host) -> dict[str, object]:
    """Build the `--json` document of a changing command."""
    return {
        "success": True,
        "prefix": str(host.target.prefix),
        "dry_run": args.dry_run,
        "plan": plan,
    }


def confirm(shown: str, args: Namespace, host: Host) -> bool:
    """Print the plan and ask; return whether to go on, which a dry run does not."""
    if args.dry_run:
        return False
    if not args.json and not (args.quiet and args.yes):
        print(f"{shown}\n", flush=True)
    if not args.json:
        host.confirm()
    return True
