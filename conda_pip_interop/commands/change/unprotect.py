"""`conda pip unprotect`: plain pip may change an environment again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.parser import CommandParser

HELP: Final = "Let plain pip change an environment again"
EXAMPLES: Final = "conda pip unprotect -n base"


def configure(_parser: CommandParser) -> None:
    """Add nothing."""


def execute(_args: Namespace, host: Host) -> Output:
    """Remove our marker, and remember that the user does not want it."""
    from conda_pip_interop.commands.change.protect import render_protection
    from conda_pip_interop.protection.protect import unprotect

    return render_protection(unprotect(host.target, host.policy), host.target)
