"""`conda pip release`: what conda installed moves to pip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Move packages from conda to pip"
EXAMPLES: Final = "conda pip release -n web flask\nconda pip release -n web --dry-run numpy"


def configure(parser: CommandParser) -> None:
    """Add the names."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package that conda installed")


def execute(args: Namespace, host: Host) -> Output:
    """Let conda unlink the packages, and pip install the same versions."""
    from functools import partial

    from conda_pip_interop.commands.change.install import (
        list_versions,
        read_for_change,
        refuse_protected_base,
        resolve_and_run,
    )
    from conda_pip_interop.resolve.lifecycle.release import plan_release

    refuse_protected_base(host)
    snapshot = read_for_change(host)
    versions = list_versions(snapshot)

    def plan() -> Plan:
        return plan_release(
            args.names,
            snapshot=snapshot,
            target=host.target,
            solver=host.solver(),
            open_installer=partial(host.open_installer, snapshot, versions=versions),
        )

    return resolve_and_run(plan, args, host, versions=versions, nothing_to_do="Nothing to move.")
