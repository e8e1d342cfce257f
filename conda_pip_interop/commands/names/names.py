"""`conda pip names`: which conda package contains a project, and which source says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Collection, Mapping

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.names.names_map import ExtraMap

HELP: Final = "Show which conda package carries a PyPI project"
EXAMPLES: Final = "conda pip names torch opencv-python --check\nconda pip names --conda py-opencv"


def configure(parser: CommandParser) -> None:
    """Add the names, either way, and where the answer comes from."""
    parser.add_argument("names", nargs="*", metavar="NAME", help="a PyPI project")
    parser.add_argument(
        "--conda",
        action="append",
        metavar="NAME",
        help="show what this conda package carries instead",
    )
    parser.add_argument("--check", action="store_true", help="download the package and inspect it")
    parser.add_argument("--update", action="store_true", help="fetch the additional map again")


def execute(args: Namespace, host: Host) -> Output:
    """Explain names of PyPI, or packages of conda; `--update` alone only fetches the map."""
    if not args.update and bool(args.names) == bool(args.conda):
        raise UsageError(
            "usage",
            "Give either PyPI projects, or conda packages with `--conda`.",
            hints=("See `conda pip names --help`.",),
        )
    if args.update:
        from conda_pip_interop.commands.names.update_map import update_map

        updated = update_map(host)
        if not args.names and not args.conda:
            return updated
    from functools import partial

    from conda_pip_interop.commands.names.name_answers import explain_names, explain_packages

    channels = host.channels()
    if args.conda:
        return explain_packages(args.conda, channels, check=args.check)
    extra = host.read_extra_map()
    return explain_names(
        args.names,
        channels,
        check=args.check,
        extra=extra,
        age=_tell_age(extra),
        list_releases=partial(_list_releases, host) if args.check else None,
    )


def _list_releases(
    host: Host, names: Collection[NormalizedName]
) -> Mapping[NormalizedName, frozenset[Version]]:
    """See `Installer.list_releases`; nothing is known without a Python for pip."""
    from conda_pip_interop.environment.snapshot import read_snapshot

    snapshot = read_snapshot(host.target.prefix)
    return {} if snapshot.prefix.python is None else host.open_pip(snapshot).list_releases(names)


def _tell_age(extra: ExtraMap | None) -> str:
    import time

    if extra is None:
        return ""
    days = max(0, int((time.time() - extra.fetched) // 86_400))
    return {0: "today", 1: "a day ago"}.get(days, f"{days} days ago")
