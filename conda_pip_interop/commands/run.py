"""Run one command line: parse it, open the host, execute the command, print its answer."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Final, TypeVar

from conda_pip_interop.commands.host import CommonOptions
from conda_pip_interop.commands.output import Output, render_error
from conda_pip_interop.commands.parser import parse_arguments
from conda_pip_interop.commands.registry import COMMANDS
from conda_pip_interop.errors import InteropError, StalePlanError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from conda_pip_interop.commands.host import Host, OpenHost

T = TypeVar("T")

#: How often a command is planned while another process keeps changing the environment.
_TRIES: Final = 5


def run(argv: Sequence[str], open_host: OpenHost, *, standalone: bool = False) -> int:
    """Return the exit code: 0 done, 1 findings or refused, 2 wrong usage."""
    try:
        args = parse_arguments(argv, standalone=standalone)
        if isinstance(args, str):
            _print(args)
            return 0
        output = _execute(args, open_host)
    except InteropError as error:
        if "--json" in argv:
            _print_document({"success": False, "error": error.to_dict()})
        else:
            print(render_error(error), file=sys.stderr)
        return error.exit_code
    if args.json:
        _print_document(output.document)
    elif output.text and (output.requested or output.exit_code or not args.quiet):
        _print(output.text)
    return output.exit_code


def _execute(args: Namespace, open_host: OpenHost) -> Output:
    command = COMMANDS[args.command]
    may_change = command.changes and not getattr(args, "list", False)
    if may_change and args.json and not (args.yes or args.dry_run):
        raise UsageError(
            "usage",
            "`--json` requires `--yes` or `--dry-run`.",
            hints=("Add `--yes` to go on, or `--dry-run` to see the plan.",),
        )
    host = open_host(_read_common_options(args))
    if args.name is not None and not host.target.prefix.is_dir():
        raise InteropError(
            "no-such-environment",
            f"There is no environment named {args.name}.",
            hints=("To list the environments: `conda env list`.",),
        )
    if may_change and not args.override_frozen:
        from conda_pip_interop.environment.target import refuse_frozen

        refuse_frozen(host.target)
    execute: Callable[[Namespace, Host], Output] = command.load().execute
    return repeat_while_stale(lambda: execute(args, host), report=host.print_stderr)


def repeat_while_stale(work: Callable[[], T], *, report: Callable[[str], None]) -> T:
    """Do `work`, which reads, plans, asks and executes; again where its plan was stale by then.

    Raises InteropError `stale-plan` after `_TRIES` times, and whatever else `work` raises.
    """
    for _ in range(_TRIES - 1):
        try:
            return work()
        except StalePlanError as error:
            report(f"{error.message} Planning again.")
    return work()


def _read_common_options(args: Namespace) -> CommonOptions:
    return CommonOptions(
        name=args.name,
        prefix=args.prefix,
        json=args.json,
        quiet=args.quiet,
        verbose=args.verbose,
        yes=args.yes,
        dry_run=args.dry_run,
        channels=tuple(args.channels or ()),
        override_channels=args.override_channels,
        solver=args.solver,
    )


def _print_document(document: dict[str, object]) -> None:
    _print(json.dumps(document, indent=2))


def _print(text: str) -> None:
    """Print to stdout; a reader that has gone (`| head`) is no error."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        # the interpreter flushes stdout again when it leaves
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
