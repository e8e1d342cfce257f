"""`conda pip export`: an environment with both parts, as a file that makes it again elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.exports.formats import FORMATS

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Write an environment with both parts to a file"
EXAMPLES: Final = (
    "conda pip export -n web -o environment.yml\n"
    "conda pip export -n web -o environment.yml --check\n"
    "conda pip export -n web -o explicit.txt\n"
    "conda pip export -n web --format pylock"
)


def configure(parser: CommandParser) -> None:
    """Add the file, its format, and what is written of each package."""
    parser.add_argument(
        "-o",
        *("--output", "--file", "-f"),
        dest="output",
        metavar="FILE",
        help="write to this file; its name chooses the format",
    )
    parser.add_argument(
        "--format",
        choices=tuple(FORMATS),
        metavar="FORMAT",
        help=f"{', '.join(FORMATS)} (default: environment)",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if it is out of date"
    )
    part = parser.add_mutually_exclusive_group()
    part.add_argument(
        "--from-history", action="store_true", help="write only what was requested, as it was"
    )
    part.add_argument("--no-builds", action="store_true", help="leave out conda's builds")
    parser.add_argument("--ignore-channels", action="store_true", help="leave out the channels")
    parser.add_argument("--hashes", action="store_true", help="write the hashes of pip's files")
    parser.set_defaults(resolve=False)
    if not parser.standalone:
        parser.add_argument(
            "--resolve", action="store_true", help="look for unknown files on the index"
        )


def execute(args: Namespace, host: Host) -> Output:
    """Export; exit code 1 if `--check` finds a file out of date."""
    from conda_pip_interop.commands.inspect.export_files import export_files

    return export_files(args, host)
