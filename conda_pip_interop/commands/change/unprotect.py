"""`conda pip unprotect`: plain pip may change an environment again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.protection.protect import MarkerChange

HELP: Final = "Let plain pip change an environment again"
EXAMPLES: Final = "conda pip unprotect -n base\nconda pip unprotect --all"


def configure(parser: CommandParser) -> None:
    """Add `--all`."""
    parser.add_all("remove the protection of all known environments")


def execute(args: Namespace, host: Host) -> Output:
    """Remove our marker, or with `--all` all of them; remember it; take back our variable."""
    from conda_pip_interop.commands.change.protect import change_all, render_protection
    from conda_pip_interop.protection.protect import unprotect
    from conda_pip_interop.protection.user_site import include_user_site

    policy = host.policy

    def change(target: Target) -> MarkerChange:
        done = unprotect(target, policy).change
        include_user_site(target)
        return done

    if args.all:
        return change_all(host, change)
    found = unprotect(host.target, policy)
    return render_protection(found, host.target, include_user_site(host.target))
