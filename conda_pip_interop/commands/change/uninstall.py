"""`conda pip uninstall`: remove distributions of pip, and what only they required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.parser import CommandParser

HELP: Final = "Remove packages of pip and what only they required"
EXAMPLES: Final = (
    "conda pip uninstall -n web cowsay\n"
    "conda pip uninstall -n web --dry-run --keep-deps flask-testing"
)


def configure(parser: CommandParser) -> None:
    """Add the names and `--keep-deps`."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package that pip installed")
    parser.add_argument(
        "--keep-deps", action="store_true", help="keep what no package requires any more"
    )


def execute(args: Namespace, host: Host) -> Output:
    """Remove the files that only these packages list; undo brings them back."""
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.resolve.uninstall import plan_uninstall

    host.before_change()
    snapshot = read_snapshot(host.target.prefix)
    plan = plan_uninstall(
        args.names,
        snapshot=snapshot,
        graph=read_graph(snapshot),
        target=host.target,
        keep_deps=args.keep_deps,
    )
    return confirm_and_run(plan, args, host, nothing_to_do="Nothing to remove.")
