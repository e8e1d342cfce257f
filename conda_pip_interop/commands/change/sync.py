"""`conda pip sync`: make an environment what files say, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Make an environment what files say: install and remove"
EXAMPLES: Final = (
    "conda pip sync -n web pylock.toml\n"
    "conda pip sync -n web pylock.toml --check\n"
    "conda pip sync -n web environment.yml --dry-run"
)


def configure(parser: CommandParser) -> None:
    """Add the files and their options, and whether only to compare."""
    from conda_pip_interop.commands.file_options import add_file_options

    add_file_options(parser)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit code 1 if something differs"
    )


def execute(args: Namespace, host: Host) -> Output:
    """Sync; a lock without solver and resolver."""
    from conda_pip_interop.commands.file_options import build_options, read_named_lock
    from conda_pip_interop.commands.from_files import sync_with_lock, sync_with_request

    options = build_options(args)
    lock = read_named_lock(args, host)
    if lock is not None:
        return sync_with_lock(lock, options, args, host)
    return sync_with_request(options, args, host)
