"""`conda pip check`: the findings of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.parser import CommandParser

HELP: Final = "Find problems between conda and pip; exit code 1 if any"
EXAMPLES: Final = "conda pip check -n web"


def configure(_parser: CommandParser) -> None:
    """Add nothing."""


def execute(_args: Namespace, host: Host) -> Output:
    """Report every finding."""
    from conda_pip_interop.commands.output import render_findings
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.findings.registry import find_all

    target = host.target
    findings = find_all(read_snapshot(target.prefix))
    return render_findings(target.label, str(target.prefix), findings, target.command)
