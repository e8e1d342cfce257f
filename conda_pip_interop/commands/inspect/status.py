"""`conda pip status`: all environments with their protection and findings."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.inspect.status_rows import EnvironmentStatus
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.target import Target

HELP: Final = "Show protection, policy and findings of environments"
EXAMPLES: Final = (
    "conda pip status\n"
    "conda pip status --only-problems --sort findings\n"
    "conda pip status --prometheus /var/lib/node_exporter/conda.prom"
)


def configure(parser: CommandParser) -> None:
    """Add what is shown of which environments, and in which order."""
    parser.description = (
        f"{HELP}.\n\nShows all known environments, or the selected one. What has not changed "
        "since\nthe last time is not read again."
    )
    parser.add_argument(
        "--only-problems",
        action="store_true",
        help="show only environments with findings or that cannot be read",
    )
    parser.add_argument(
        "--sort", choices=("name", "findings", "changed"), default="name", help="sort by a column"
    )
    parser.add_argument(
        "--exit-code",
        action="store_true",
        help="exit with 1 if an environment has findings or cannot be read",
    )
    parser.add_argument(
        "--fingerprint",
        action="store_true",
        help="print one hash of all packages of the environment",
    )
    parser.add_argument(
        "--prometheus",
        type=Path,
        metavar="FILE",
        help="write metrics for the textfile collector of node_exporter",
    )


def execute(args: Namespace, host: Host) -> Output:
    """Show the selected environment, or all that conda knows."""
    from conda_pip_interop.commands.inspect.status_rows import render_status, sort_rows

    if args.fingerprint:
        return _print_fingerprint(host)
    selected = args.name is not None or args.prefix is not None
    rows = _read_rows([host.target] if selected else host.list_targets(), host)
    if selected and rows[0].problem is not None:
        raise InteropError("not-an-environment", rows[0].problem)
    if args.prometheus is not None:
        from conda_pip_interop.commands.inspect.prometheus import render_metrics  # slow

        _write(args.prometheus, render_metrics(rows))
    return render_status(
        sort_rows((one for one in rows if one.is_problem or not args.only_problems), args.sort),
        colours=host.colours,
        exit_code=int(args.exit_code and any(one.is_problem for one in rows)),
    )


def _print_fingerprint(host: Host) -> Output:
    """Print the hash of one environment: equal for equal packages, wherever they are."""
    from conda_pip_interop.commands.inspect.export_files import read_environment
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.exports.contents import digest_contents

    snapshot = read_snapshot(host.target.prefix, depth="names")
    digest = digest_contents(read_environment(snapshot, host))
    document: dict[str, object] = {"prefix": str(host.target.prefix), "fingerprint": digest}
    return Output(text=digest, document=document, requested=True)


def _read_rows(targets: Sequence[Target], host: Host) -> list[EnvironmentStatus]:
    """Read the environments in parallel; what has not changed comes from the user's cache."""
    from conda_pip_interop.commands.inspect.status_facts import find_cache, read_facts
    from conda_pip_interop.commands.inspect.status_rows import build_status

    policy = host.policy
    read = partial(read_facts, cache=find_cache(host))
    found = host.for_each(targets, read, in_processes=True)
    return [build_status(one, facts, policy) for one, facts in zip(targets, found, strict=True)]


def _write(file: Path, text: str) -> None:
    from conda_pip_interop.changes.atomic.files import replace_file

    try:
        replace_file(file, text.encode())
    except OSError as error:
        raise InteropError(
            "not-written",
            f"The metrics were not written to {file}: {error.strerror}.",
            hints=("Check that the folder exists and that you may write to it.",),
        ) from error
