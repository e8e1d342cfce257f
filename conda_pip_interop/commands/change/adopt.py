"""`conda pip adopt`: what pip installed and the channels have moves to conda."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import quoted

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Move packages from pip to conda"
EXAMPLES: Final = (
    "conda pip adopt -n web flask\n"
    "conda pip adopt -n web --all --dry-run\n"
    "conda pip adopt -n web --allow-newer click"
)


def configure(parser: CommandParser) -> None:
    """Add the names, `--all`, and the versions that are allowed."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a package that pip installed")
    for option, text in (
        ("--all", "move every package that can move"),
        ("--allow-newer", "allow a newer version if the channels lack the same one"),
        ("--allow-older", "allow an older version if the channels lack the same one"),
    ):
        parser.add_argument(option, action="store_true", help=text)


def execute(args: Namespace, host: Host) -> Output:
    """Let conda install the same versions; what cannot move stays, with the reason."""
    from functools import partial

    from conda_pip_interop.changes.state import read_state
    from conda_pip_interop.commands.change.install import (
        list_versions,
        read_for_change,
        resolve_and_run,
    )
    from conda_pip_interop.resolve.lifecycle.adopt import Adopter
    from conda_pip_interop.resolve.lifecycle.adoptable import Adoptable

    refuse_unclear(args.names, every=args.all, command="adopt")
    snapshot = read_for_change(host)
    versions = list_versions(snapshot)

    def plan() -> Plan:
        adopter = Adopter(
            snapshot=snapshot,
            target=host.target,
            solver=host.solver(),
            open_installer=partial(host.open_installer, snapshot, versions=versions),
            adoptable=Adoptable(
                snapshot=snapshot,
                target=host.target,
                solver=host.solver(),
                requests=read_state(host.target.prefix).requests,
                newer=args.allow_newer,
                older=args.allow_older,
            ),
        )
        return adopter.plan_all() if args.all else adopter.plan_named(args.names)

    return resolve_and_run(
        plan,
        args,
        host,
        versions=versions,
        from_conda=[one.name for one in snapshot.distributions],
        nothing_to_do="Nothing to move.",
    )


def refuse_unclear(names: list[str], *, every: bool, command: str) -> None:
    """Raise UsageError unless there are either names, without versions, or `--all`."""
    from conda_pip_interop.grammar import is_name

    for name in names:
        if not is_name(name):
            raise UsageError(
                "usage",
                f"{quoted(name)} is not the name of a package.",
                hints=("To install a certain version: `conda pip install NAME==VERSION`.",),
            )
    if every == bool(names):
        raise UsageError(
            "usage",
            "NAME and --all are mutually exclusive."
            if every
            else f"`conda pip {command}` needs names of packages, or --all.",
            hints=(f"See `conda pip {command} --help`.",),
        )
