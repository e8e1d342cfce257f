"""`conda pip …`: options to use case to output, with conda's own prompt and errors."""

from __future__ import annotations

import functools
import json
import sys
from argparse import Namespace
from typing import TYPE_CHECKING

from conda.base.context import context

from conda_pip_interop.commands.inspect import check
from conda_pip_interop.commands.output import Output, render_error
from conda_pip_interop.commands.parser import Options, parse_options
from conda_pip_interop.commands.registry import CHANGING_COMMANDS
from conda_pip_interop.conda_adapter import commands, everywhere, family_commands
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.conda_adapter.stale_plans import plan_until_fresh
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import refuse_frozen
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.protection import protect

if TYPE_CHECKING:
    from collections.abc import Sequence


def run(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code (0 done, 1 findings or refused, 2 wrong usage)."""
    try:
        options = parse_options(argv)
        if isinstance(options, str):
            print(options)
            return 0
        _initialise_context(options)
        output = plan_until_fresh(functools.partial(_answer, options))
    except InteropError as error:
        if "--json" in argv:
            print(json.dumps({"success": False, "error": error.to_dict()}, indent=2))
        else:
            print(render_error(error), file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(output.document, indent=2))
    elif output.text and (not options.silent or output.exit_code):
        print(output.text)
    return output.exit_code


def _initialise_context(options: Options) -> None:
    """Tell conda what our command line says, in the names that its own parser uses."""
    looks = options.dry_run or options.listing
    changes = options.command in CHANGING_COMMANDS and not looks
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
        "solver": options.install.solver,
    }
    known = dict(context._argparse_args or {})  # noqa: SLF001 - conda has no other way to ask
    known.update({key: value for key, value in arguments.items() if value is not None})
    context.__init__(argparse_args=Namespace(**known))


def _answer(options: Options) -> Output:  # noqa: PLR0911, PLR0912, C901 - one a command
    target = build_target(context.target_prefix)
    if options.name is not None and not target.prefix.is_dir():
        raise InteropError(
            "no-such-environment",
            f"There is no environment named {options.name}.",
            hints=("`conda env list` shows those that there are.",),
        )
    may_change = options.command in CHANGING_COMMANDS and not options.listing
    if may_change and not options.override_frozen:
        refuse_frozen(target)
    match options.command:
        case command if command in family_commands.ANSWERED:
            return family_commands.answer(options, target)
        case "check":
            return check.check(read_snapshot(target.prefix), target)
        case "undo":
            return commands.undo_operation(options, target)
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
            return commands.restore_records(options, target)
        case "install":
            from conda_pip_interop.conda_adapter import installing

            return installing.install_requirements(options, target)
        case "repair":
            from conda_pip_interop.conda_adapter import repairing

            return repairing.repair_prefix(options, target)
        case "names" | "translate" as command:
            from conda_pip_interop.conda_adapter import name_commands

            return name_commands.answer(command, options, target)
        case "reconcile":
            return commands.reconcile_prefix(options, target)
    raise AssertionError(options.command)
