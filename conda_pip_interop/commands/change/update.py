"""`conda pip update`: newer versions of what is installed, from conda and from pip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.resolve.request.request import Request

HELP: Final = "Update packages of conda and pip"
EXAMPLES: Final = (
    "conda pip update -n web flask\n"
    "conda pip update -n web --all --dry-run\n"
    "conda pip update -n web --all --upgrade-vcs"
)


def configure(parser: CommandParser) -> None:
    """Add the names, `--all` and `--upgrade-vcs`."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="an installed package")
    for option, text in (
        ("--all", "update all packages of conda and pip"),
        ("--upgrade-vcs", "install the newest commit of what is from a repository"),
    ):
        parser.add_argument(option, action="store_true", help=text)


def execute(args: Namespace, host: Host) -> Output:
    """Let conda and pip update their own packages, within what the user requested."""
    from dataclasses import replace
    from functools import partial

    from conda_pip_interop.changes.state import read_state
    from conda_pip_interop.commands.change.adopt import refuse_unclear
    from conda_pip_interop.commands.change.install import (
        list_versions,
        read_for_change,
        refuse_protected_base,
        resolve_and_run,
    )
    from conda_pip_interop.resolve.lifecycle.update import build_update, plan_update
    from conda_pip_interop.resolve.request.earlier_requests import find_pins, plan_within
    from conda_pip_interop.resolve.request.install_options import InstallOptions

    refuse_unclear(args.names, every=args.all, command="update")
    refuse_protected_base(host)
    snapshot = read_for_change(host)
    versions = list_versions(snapshot)
    update = build_update(
        args.names,
        every=args.all,
        upgrade_vcs=args.upgrade_vcs,
        snapshot=snapshot,
        target=host.target,
    )
    named = replace(update.request, options=InstallOptions())  # pins hold in an update, too
    pins = find_pins(read_state(host.target.prefix).requests, snapshot, named)

    def plan(request: Request) -> Plan:
        return plan_update(
            replace(update, request=request),
            snapshot=snapshot,
            target=host.target,
            solver=host.solver("all" if args.all else "named"),
            policy=host.policy,
            open_installer=partial(host.open_installer, snapshot, versions=versions),
        )

    return resolve_and_run(
        lambda: plan_within(pins, update.request, plan, host.target),
        args,
        host,
        versions=versions,
        nothing_to_do="Nothing to update within what was requested.",
    )
