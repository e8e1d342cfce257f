"""`conda pip repair`: damaged distributions, missing records, remains of another Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import Snapshot

HELP: Final = "Repair damaged packages and missing records"
EXAMPLES: Final = (
    "conda pip repair -n web --dry-run\n"
    "conda pip repair -n web numpy\n"
    "conda pip repair -n web --clean-up numpy"
)


def configure(parser: CommandParser) -> None:
    """Add the names and what to do about missing records."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a package (default: all)")
    parser.add_argument(
        "--clean-up",
        action="store_true",
        help="remove the files of missing records instead of restoring the records",
    )


def execute(args: Namespace, host: Host) -> Output:
    """Repair in one plan; distributions of pip are installed again as `install` does it."""
    from conda_pip_interop.changes.plan import InstallPip
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.environment.snapshot import read_snapshot

    plan = _plan(args, host, read_snapshot(host.target.prefix))
    if plan.requirements or any(isinstance(one, InstallPip) for one in plan.steps):
        return _reinstall(args, host)
    has_only_notes = plan.notes and not plan.steps
    nothing = "" if has_only_notes else f"Nothing to repair in {host.target.label}."
    return confirm_and_run(plan, args, host, nothing_to_do=nothing)


def _plan(args: Namespace, host: Host, snapshot: Snapshot) -> Plan:
    from conda_pip_interop.findings.repairs import plan_repair

    return plan_repair(
        tuple(args.names),
        snapshot=snapshot,
        target=host.target,
        clean_up=args.clean_up,
        fetch=lambda linked: host.solver().fetch(linked),
    )


def _reinstall(args: Namespace, host: Host) -> Output:
    from conda_pip_interop.commands.change.install import (
        list_versions,
        refuse_protected_base,
        resolve_and_run,
    )
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.resolve.lifecycle.reinstall import plan_reinstall

    host.before_change()
    refuse_protected_base(host)
    snapshot = read_snapshot(host.target.prefix)
    versions = list_versions(snapshot)
    plan = _plan(args, host, snapshot)
    # plan_reinstall resolves the InstallPip steps that have a `distribution`, and requirements
    return resolve_and_run(
        lambda: plan_reinstall(
            plan,
            snapshot=snapshot,
            target=host.target,
            solver=host.solver(),
            open_installer=lambda request: host.open_installer(
                snapshot, request, versions=versions
            ),
        ),
        args,
        host,
        versions=versions,
        nothing_to_do=f"Nothing to repair in {host.target.label}.",
    )
