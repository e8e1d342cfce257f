"""The files and options of `create` and `sync`, and the lock or the request in the files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.locks.lock import Lock
    from conda_pip_interop.protection.policy import Preference
    from conda_pip_interop.resolve.request.install_options import InstallOptions

#: The endings of files that may have extras or groups: conda-lock's has categories.
_WITH_PARTS: Final = (".toml", ".yml", ".yaml")


def add_file_options(parser: CommandParser) -> None:
    """Add the files, their parts, who installs what, and where pip looks."""
    from conda_pip_interop.commands.command_line.install_options import (
        add_project_parts,
        add_solving_options,
    )

    parser.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        help="a lock, environment.yml, requirements.txt, pyproject.toml, pixi.toml or script",
    )
    parser.add_argument(
        "--offline",
        metavar="DIR",
        help="install a lock from this folder of `download --lock`, without a network",
    )
    add_project_parts(parser)
    add_solving_options(parser)
    add_index_options(parser)


def add_index_options(parser: CommandParser) -> None:
    """Add pip's options about where it looks, and for what."""
    from conda_pip_interop.commands.command_line.pip_arguments import add_pip_option
    from conda_pip_interop.installers.pip.options import PIP_OPTIONS, ForwardedOption

    group = parser.add_argument_group("pip options")
    for option in PIP_OPTIONS:
        if isinstance(option, ForwardedOption) and option.in_files and option.help:
            add_pip_option(group, option)


def build_options(args: Namespace) -> InstallOptions:
    """Build what `install` would be told; raises UsageError if there is no such file."""
    import shlex
    from pathlib import Path

    from conda_pip_interop.errors import UsageError
    from conda_pip_interop.grammar import is_requirement
    from conda_pip_interop.installers.pip.options import PipOptions
    from conda_pip_interop.resolve.request.install_options import InstallOptions

    environment = shlex.join(("-p", args.prefix) if args.prefix else ("-n", args.name or "ENV"))
    if not args.files:
        raise UsageError(
            "usage",
            f"`conda pip {args.command}` needs a file.",
            hints=(f"For example: `conda pip {args.command} {environment} environment.yml`.",),
        )
    named = shlex.join(args.files)
    for name in args.files:
        path = Path(name)
        if is_requirement(name) and not path.suffix[1:].isalpha() and not path.exists():
            raise UsageError(
                "usage",
                f"`conda pip {args.command}` takes files, and there is no file {name}.",
                hints=(
                    f"To create an environment: `conda create {environment} python pip`.",
                    f"To install packages: `conda pip install {environment} {named}`.",
                ),
            )
    projects = [one for one in args.files if one.endswith(".toml")]
    if not any(one.endswith(_WITH_PARTS) for one in args.files):
        _refuse_parts(args)
    extras = f"[{','.join(args.extras)}]" if args.extras else ""
    scripts = tuple(one for one in args.files if one.endswith(".py"))
    return InstallOptions(
        requirement_files=tuple(
            f"{one}{extras}" if one in projects else one for one in args.files if one not in scripts
        ),
        scripts=scripts,
        groups=tuple(f"{file}:{group}" for file in projects for group in args.groups or ()),
        prefer=cast("Preference | None", args.prefer),
        solver=args.solver,
        pip=PipOptions(arguments=tuple(args.pip_arguments or ())),
    )


def read_named_lock(args: Namespace, host: Host) -> Lock | None:
    """Read the lock that the files are; None if they are requests. Raises what `read_lock` does."""
    from pathlib import Path

    from conda_pip_interop.errors import UsageError
    from conda_pip_interop.locks.read import read_lock

    names = [one for one in args.files if not one.endswith(".py")]
    parts = (*(args.extras or ()), *(args.groups or ()))
    lock = None
    if names:
        lock = read_lock(names, folder=Path.cwd(), subdir=host.subdir, categories=parts)
    if lock is None and args.offline is not None:
        raise UsageError(
            "usage",
            f"`--offline` requires a lock, which {' and '.join(args.files)} is not.",
            hints=("To write one: `conda pip export -n ENV -o pylock.toml`.",),
        )
    if lock is None and not any(one.endswith(".toml") for one in names):
        _refuse_parts(args)
    return lock


def _refuse_parts(args: Namespace) -> None:
    """Raise UsageError where a part is chosen of files that have none."""
    from conda_pip_interop.errors import UsageError

    if args.extras or args.groups:
        raise UsageError(
            "usage",
            "`--extra` and `--group` require a pyproject.toml, a pylock.toml or a pixi.toml, or a "
            "conda-lock.yml.",
            hints=("To fix: add one to the files.",),
        )
