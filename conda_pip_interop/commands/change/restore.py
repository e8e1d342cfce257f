"""`conda pip restore`: conda's package again where pip replaced or removed it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Restore conda packages that pip replaced or removed"
EXAMPLES: Final = "conda pip restore -n web numpy"


def configure(parser: CommandParser) -> None:
    """Add the names."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a conda package")


def execute(args: Namespace, host: Host) -> Output:
    """Remove pip's distributions of that name, and link the conda packages again."""
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.findings.restoration import plan_restore

    snapshot = read_snapshot(host.target.prefix)
    plan = plan_restore(tuple(args.names), snapshot=snapshot, target=host.target)
    told = ", ".join(args.names)
    verb = "is" if len(args.names) == 1 else "are"
    nothing = f"Nothing to restore in {host.target.label}: {told} {verb} installed and unchanged."
    return confirm_and_run(plan, args, host, nothing_to_do=nothing)
