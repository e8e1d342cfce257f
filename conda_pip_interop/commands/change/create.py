"""`conda pip create`: a new environment with both parts, from files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output

HELP: Final = "Create an environment with both parts from files"
EXAMPLES: Final = (
    "conda pip create -n web environment.yml\n"
    "conda pip create -n web pyproject.toml --extra test --group dev\n"
    "conda pip create -n web pylock.toml"
)


def configure(parser: CommandParser) -> None:
    """Add the files and their options."""
    from conda_pip_interop.commands.file_options import add_file_options

    add_file_options(parser)


def find_name(args: Namespace) -> str | None:
    """Return the name that an environment.yml among the files has, as `conda env create` does."""
    from contextlib import suppress
    from pathlib import Path

    from conda_pip_interop.dependency_files.environment_yml import parse_environment
    from conda_pip_interop.dependency_files.requirements_txt import read_text
    from conda_pip_interop.errors import UsageError

    for file in args.files:
        if file.endswith((".yml", ".yaml")):
            with suppress(UsageError):  # a lock, or `execute` says what is wrong with it
                name = parse_environment(read_text(Path(file)), origin=file).document.get("name")
                if isinstance(name, str):
                    return name
    return None


def execute(args: Namespace, host: Host) -> Output:
    """Create it: from a lock without solver and resolver, else as `install` does it."""
    from conda_pip_interop.changes.new_environment import refuse_existing
    from conda_pip_interop.commands.file_options import build_options, read_named_lock
    from conda_pip_interop.commands.from_files import create_from_lock, create_from_request
    from conda_pip_interop.errors import UsageError

    if args.name is None and args.prefix is None:
        raise UsageError(
            "usage",
            "`conda pip create` needs the name of the new environment.",
            hints=("To name it: `conda pip create -n NAME FILE`.",),
        )
    options = build_options(args)
    refuse_existing(host.target)
    lock = read_named_lock(args, host)
    if lock is not None:
        return create_from_lock(lock, options, args, host)
    return create_from_request(options, args, host)
