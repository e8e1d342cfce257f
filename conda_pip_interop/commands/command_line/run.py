"""Run one command line: parse it, open the host, execute the command, print its answer."""

from __future__ import annotations

import contextlib
import gc
import json
import shlex
import sys
from typing import TYPE_CHECKING, Final, TypeVar

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.commands.command_line.registry import COMMANDS
from conda_pip_interop.commands.host import CommonOptions
from conda_pip_interop.commands.output import Output, render_error
from conda_pip_interop.errors import InteropError, NotAllowedError, StalePlanError, UsageError
from conda_pip_interop.text import discard_output, write_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Collection, Iterator, Sequence

    from conda_pip_interop.commands.host import Host, OpenHost
    from conda_pip_interop.environment.target import Target

T = TypeVar("T")

#: New objects until garbage is looked for. A command makes few cycles; Python's own 700 cost 5 %.
_COLLECT_AFTER: Final = 100_000

#: How often a command is planned while another process keeps changing the environment.
_TRIES: Final = 5
#: The exit code of what Ctrl-C ended: 128 and the number of SIGINT, as in shells.
INTERRUPTED: Final = 130
#: The exit code of what ended because nobody reads its question: 128 and the number of SIGPIPE.
_NO_READER: Final = 141


def run(argv: Sequence[str], open_host: OpenHost, *, standalone: bool = False) -> int:
    """Return the exit code: 0 done, 1 findings or refused, 2 wrong usage."""
    gc.freeze()  # what conda has imported stays: looking for garbage in it is in vain
    gc.set_threshold(_COLLECT_AFTER)
    try:
        return _run(argv, open_host, standalone=standalone)
    except BrokenPipeError:  # `| head`
        discard_output(sys.stdout)
        return _NO_READER


def _run(argv: Sequence[str], open_host: OpenHost, *, standalone: bool) -> int:
    try:
        args = parse_arguments(argv, standalone=standalone)
        if isinstance(args, str):
            _print(args)
            return 0
        output = _execute(args, open_host)
    except KeyboardInterrupt:
        error = InteropError("interrupted", "Interrupted.", exit_code=INTERRUPTED)
        return _report(error, argv)
    except InteropError as error:
        return _report(error, argv)
    except OSError as error:
        return _report(_explain_disk_failure(error), argv)
    if args.json:
        _print_document(output.document)
    elif output.text and (output.requested or output.exit_code or not args.quiet):
        _print(output.text, output.marks)
    return output.exit_code


def _explain_disk_failure(error: OSError) -> InteropError:
    """Return the InteropError for a disk that does not answer; raise any other error."""
    from conda_pip_interop.changes.atomic.journal import DISK_FAILURES

    if error.errno not in DISK_FAILURES:
        raise error
    return InteropError(
        "disk-failure",
        f"The disk, or the server of the files, does not answer: {error}.",
        hints=("Run the command again when it does: what was begun is then finished or undone.",),
    )


def _report(error: InteropError, argv: Sequence[str]) -> int:
    """Print an error; return its exit code."""
    if "--json" in argv:
        _print_document({"success": False, "error": error.to_dict()})
    else:
        write_text(f"{render_error(error)}\n", sys.stderr)
    return error.exit_code


def _execute(args: Namespace, open_host: OpenHost) -> Output:
    command = COMMANDS[args.command]
    only_tells = getattr(args, "list", False) or getattr(args, "check", False)
    may_change = command.changes and not only_tells
    if may_change and args.json and not (args.yes or args.dry_run):
        raise UsageError(
            "usage",
            "`--json` requires `--yes` or `--dry-run`.",
            hints=("Add `--yes` to go on, or `--dry-run` to see the plan.",),
        )
    if command.creates and args.name is None and args.prefix is None:
        args.name = command.load().find_name(args)
    host = open_host(_read_common_options(args))
    if args.name is not None and not (command.creates or host.target.prefix.is_dir()):
        raise InteropError(
            "no-such-environment",
            f"There is no environment named {args.name}.",
            hints=(
                "To list the environments: `conda env list`.",
                *_suggest_creation(args),
            ),
        )
    execute: Callable[[Namespace, Host], Output] = command.load().execute
    try:
        return _change(execute, args, host) if may_change else execute(args, host)
    except NotAllowedError as error:
        if host.policy.message:
            error.hints = (*error.hints, host.policy.message)
        raise


def _suggest_creation(args: Namespace) -> Iterator[str]:
    if args.command == "install":
        create = shlex.join(("conda", "create", "-n", args.name, "python", "pip"))
        yield f"To create it: `{create}`."


def _change(execute: Callable[[Namespace, Host], Output], args: Namespace, host: Host) -> Output:
    """Execute a changing command, once it is known that it may change the environment."""
    if not args.override_frozen:
        from conda_pip_interop.environment.target import refuse_frozen

        refuse_frozen(host.target)
    if not args.dry_run:
        from conda_pip_interop.changes.atomic.write_errors import refuse_unwritable
        from conda_pip_interop.changes.pending import settle_interrupted

        refuse_unwritable(host.target)
        settle_interrupted(host.target.prefix, on_wait=host.report_waiting)
    with _explain_interrupt(host.target):
        return repeat_while_stale(lambda: execute(args, host), report=host.print_stderr)


@contextlib.contextmanager
def _explain_interrupt(target: Target) -> Iterator[None]:
    """Raise InteropError `interrupted` for Ctrl-C, with what has changed in the environment.

    A change is all or nothing, and has a journal: a new one is a change, and a missing one undone.
    """
    from conda_pip_interop.changes.atomic.journal import list_journal_folders

    before = {folder.name for folder in list_journal_folders(target.prefix)}
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise _describe_interrupt(target, before) from interrupt


def _describe_interrupt(target: Target, before: Collection[str]) -> InteropError:
    from conda_pip_interop.changes.atomic.rollback import needs_recovery, read_journals

    there = {one.identifier: one for one in read_journals(target.prefix)}
    new = [one.title for name, one in there.items() if name not in before and one.closed]
    undone = sorted(set(before) - there.keys())
    hints: tuple[str, ...] = ()
    if needs_recovery(target.prefix):
        message = f"Interrupted: the changes in {target.label} were not undone completely."
        hints = ("The next `conda pip` command that changes the environment undoes the rest.",)
    elif new:
        message = f"Interrupted. Changed in {target.label}: {'; '.join(new)}."
        hints = (f"To undo: `{target.command('conda', 'pip', 'undo')}`.",)
    elif undone:
        message = f"Interrupted. Undone in {target.label}: {', '.join(undone)}."
    else:
        message = f"Interrupted: nothing was changed in {target.label}."
    return InteropError("interrupted", message, hints=hints, exit_code=INTERRUPTED)


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
        offline=args.offline is not None,
    )


def _print_document(document: dict[str, object]) -> None:
    _print(json.dumps(document, indent=2))


def _print(text: str, marks: tuple[int, ...] = ()) -> None:
    """Print to stdout; a reader that has gone (`| head`) is no error."""
    write_text(f"{text}\n", sys.stdout, marks=marks)
