"""`conda pip status`: all environments with their protection and findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.parser import CommandParser

HELP: Final = "Show protection, policy and findings of environments"
EXAMPLES: Final = "conda pip status\nconda pip status -n web --json"


def configure(parser: CommandParser) -> None:
    """Say which environments it shows."""
    parser.description = f"{HELP}.\n\nShows all known environments, or the selected one."


def execute(args: Namespace, host: Host) -> Output:
    """Show the selected environment, or all that conda knows."""
    from conda_pip_interop.commands.inspect.status_rows import read_status, render_status

    selected = args.name is not None or args.prefix is not None
    targets = [host.target] if selected else host.list_targets()
    policy = host.policy
    rows = host.for_each(targets, lambda one: read_status(one, policy))
    if selected and rows[0].problem is not None:
        raise InteropError("not-an-environment", rows[0].problem)
    return render_status(rows, colours=host.colours)
