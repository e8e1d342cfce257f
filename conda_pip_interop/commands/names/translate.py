"""`conda pip translate`: dependency files as an environment.yml, or as requirements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Convert dependency files to environment.yml or back"
EXAMPLES: Final = (
    "conda pip translate requirements.txt -o environment.yml\n"
    "conda pip translate pyproject.toml --extra docs --group test -v"
)


def configure(parser: CommandParser) -> None:
    """Add the files, and what is read and written."""
    from conda_pip_interop.commands.command_line.install_options import add_project_parts

    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a dependency file, a lock file or environment.yml",
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to this file")
    parser.add_argument(
        "--to",
        choices=("environment", "requirements"),
        help="the format (default: by the name of -o, else environment)",
    )
    parser.add_argument(
        "--constraint",
        action="append",
        dest="constraints",
        metavar="FILE",
        help="constrain versions (pip's -c; here -c is a channel)",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 if it is out of date"
    )
    add_project_parts(parser)
    parser.add_argument(
        "--build-system", action="store_true", help="include pyproject.toml's build requirements"
    )
    parser.add_argument(
        "--no-channels", action="store_true", help="use names only, without the channels"
    )


def execute(args: Namespace, host: Host) -> Output:
    """Translate; exit code 1 if `--check` finds the file out of date."""
    from conda_pip_interop.commands.names.translate_files import translate_files

    return translate_files(args, host)
