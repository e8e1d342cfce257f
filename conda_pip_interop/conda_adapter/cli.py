"""`conda pip …`: the commands, with conda as their host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.commands.run import run as run_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conda_pip_interop.commands.host import CommonOptions, Host


def run(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code."""
    return run_command(argv, _open_host)


def _open_host(options: CommonOptions) -> Host:
    from conda_pip_interop.conda_adapter.host import open_host

    return open_host(options)
