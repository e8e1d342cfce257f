"""`conda pip uninstall`: remove distributions of pip, and what only they required."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Remove packages of pip and what only they required"
EXAMPLES: Final = (
    "conda pip uninstall -n web cowsay\n"
    "conda pip uninstall -n web --dry-run --keep-deps flask-testing"
)


def configure(parser: CommandParser) -> None:
    """Add the names, `--keep-deps` and `--force`."""
    parser.add_argument("names", nargs="+", metavar="NAME", help="a package that pip installed")
    parser.add_argument(
        "--keep-deps", action="store_true", help="keep what no package requires any more"
    )
    parser.add_argument(
        "--force", action="store_true", help="remove what is still required, without asking for it"
    )


def execute(args: Namespace, host: Host) -> Output:
    """Remove the files that only these packages list; undo brings them back.

    What others still require is removed where the user says so: at the prompt, or by `--force`.
    """
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.dependencies.read_graph import read_graph
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.resolve.uninstall import find_required, plan_uninstall, refuse_required

    host.before_change()
    snapshot = read_snapshot(host.target.prefix)
    graph = read_graph(snapshot)
    plan = plan_uninstall(
        args.names,
        snapshot=snapshot,
        graph=graph,
        target=host.target,
        keep_deps=args.keep_deps,
    )
    plan = _note_leaving(plan, host)
    required = {} if args.force else find_required(plan, graph)
    if not args.dry_run and (args.yes or not host.asks):
        refuse_required(required, graph, host.target)
    question = f"Remove {', '.join(required)}, still required" if required else None
    return confirm_and_run(plan, args, host, nothing_to_do="Nothing to remove.", dangerous=question)


def _note_leaving(plan: Plan, host: Host) -> Plan:
    """Say in the plan that removes this project from base what that means."""
    from conda_pip_interop.changes.plan import RemovePip
    from conda_pip_interop.protection.protect import PROJECT, explain_leaving

    names = {one.name for one in plan.steps if isinstance(one, RemovePip)}
    if PROJECT not in names or not host.target.is_base:
        return plan
    return replace(plan, notes=(*plan.notes, *explain_leaving(host.list_targets())))
