"""`python -m conda_pip_interop COMMAND -p PREFIX`: the commands that work without conda."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from conda_pip_interop.commands.command_line.run import run
from conda_pip_interop.commands.plain_host import open_plain_host

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str]) -> int:
    """Run one command; returns its exit code (see `run`)."""
    return run(argv, open_plain_host, standalone=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
