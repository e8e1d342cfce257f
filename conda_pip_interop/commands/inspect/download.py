"""`conda pip download --lock`: the files of a lock in a folder; else pip's own `download`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.locks.lock import Lock
    from conda_pip_interop.locks.offline import OfflineFolder

HELP: Final = "Download the files of a lock, or with pip"
EXAMPLES: Final = (
    "conda pip download --lock pylock.toml -d files\n"
    "conda pip download --lock explicit.txt --lock pylock.toml -d files\n"
    "conda pip -n web download --no-deps -d wheels cowsay"
)
_LOCK: Final = "--lock"


def configure(parser: CommandParser) -> None:
    """Add the lock and the folder; without a lock, all arguments are pip's."""
    from conda_pip_interop.commands.file_options import add_index_options

    parser.usage = (
        "conda pip download --lock FILE -d DIR [options]\n"
        "       conda pip [-n ENV | -p PATH] download ARGUMENT ..."
    )
    parser.description = (
        "With --lock, downloads every file that a lock names, checks the hashes, and\n"
        "builds wheels of what has none. `conda pip create FILE --offline DIR` installs\n"
        "from there. A lock of another platform can be downloaded, too, unless something\n"
        "has to be built.\n\n"
        "Without --lock, runs `pip download` of the environment. All arguments after the\n"
        "command are passed to pip, and the exit code is pip's.\n"
        "pip's own help: `conda pip download -- --help`."
    )
    parser.add_argument(
        _LOCK,
        action="append",
        dest="files",
        metavar="FILE",
        help="a lock of both parts; twice for explicit.txt and pylock.toml",
    )
    parser.add_argument(
        "--platform",
        metavar="SUBDIR",
        help="the platform of the lock, such as osx-arm64 (default: this one)",
    )
    parser.add_argument(
        "--group",
        action="append",
        dest="categories",
        metavar="CATEGORY",
        help="include a category of conda-lock.yml",
    )
    parser.add_argument("-d", "--dest", metavar="DIR", help="the folder (default: this one)")
    parser.add_argument(
        "--dry-run", action="store_true", help="list the packages and download nothing"
    )
    add_index_options(parser)
    parser.add_output_options()


def parse_words(
    parser: CommandParser, before: Sequence[str], after: Sequence[str]
) -> Namespace | None:
    """Return our arguments with a lock, else pip's; None where our help is asked for."""
    from conda_pip_interop.commands.command_line import passed_on

    own = after[: after.index("--")] if "--" in after else after
    if not any(word.partition("=")[0] == _LOCK for word in own):
        return passed_on.parse_words(parser, before, after)
    words = [*before, *after]
    return None if {"-h", "--help"} & {*words} else parser.parse(words)


def execute(args: Namespace, host: Host) -> Output:
    """Download a lock; without one, run pip."""
    from pathlib import Path

    from conda_pip_interop.commands.command_line import passed_on
    from conda_pip_interop.errors import UsageError
    from conda_pip_interop.locks.offline import OfflineFolder
    from conda_pip_interop.locks.read import read_any_lock
    from conda_pip_interop.resolve.downloads import refuse_builds, refuse_editable

    if not args.files:
        return passed_on.execute(args, host)
    lock = read_any_lock(
        args.files,
        folder=Path.cwd(),
        subdir=args.platform or host.subdir,
        categories=args.categories or (),
    )
    if lock is None:
        raise UsageError(
            "usage",
            f"{' and '.join(args.files)} is not a lock of both managers' packages.",
            hints=("To write one: `conda pip export -n ENV -o pylock.toml`.",),
        )
    refuse_editable(lock)
    _refuse_platform(lock, args, host)
    if not lock.is_for(host.subdir):
        refuse_builds(lock, host.subdir)
    folder = OfflineFolder(root=Path(args.dest or "").absolute())
    if not args.dry_run:
        _download(lock, folder, args, host)
    return _tell(lock, folder, args, elsewhere=not lock.is_for(host.subdir))


def _refuse_platform(lock: Lock, args: Namespace, host: Host) -> None:
    """Raise UsageError for another platform than the named one, or where there are several."""
    from conda_pip_interop.errors import UsageError

    names = lock.platforms or (lock.platform,)
    if args.platform is not None and not lock.is_for(args.platform):
        raise UsageError(
            "usage",
            f"{lock.origin} is not a lock for {args.platform}, but for {', '.join(names)}.",
            hints=(f"To download for {names[0]}: `--platform {names[0]}`.",),
        )
    if args.platform is None and not lock.is_for(host.subdir) and len(names) > 1:
        raise UsageError(
            "usage",
            f"{lock.origin} is a lock for {', '.join(names)}, and this is {host.subdir}.",
            hints=(f"Name one of them, such as `--platform {names[0]}`.",),
        )


def _download(lock: Lock, folder: OfflineFolder, args: Namespace, host: Host) -> None:
    from packaging.utils import canonicalize_name

    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.installers.pip.options import PipOptions
    from conda_pip_interop.resolve.downloads import download_lock
    from conda_pip_interop.resolve.request.install_options import InstallOptions
    from conda_pip_interop.resolve.request.request import Request

    versions = {canonicalize_name(one.name): one.version for one in lock.conda}
    options = InstallOptions(pip=PipOptions(arguments=tuple(args.pip_arguments or ())))
    request = Request(options=options)
    # pip runs on a Python as the lock's, from where the lock's is
    host.add_channels(tuple(dict.fromkeys(one.channel_url for one in lock.conda)), only=False)
    try:
        with host.progress("Downloading"):
            download_lock(
                *(lock, folder),
                conda=host.solver(),
                open_installer=lambda snapshot: host.open_installer(
                    snapshot, request, versions=versions
                ),
                here=None if lock.is_for(host.subdir) else read_snapshot(host.base_prefix),
            )
    except PermissionError as error:
        raise InteropError(
            "not-written",
            f"{folder.root} cannot be written: {error.strerror}",
            hints=("To download to another folder: `--dest DIR`.",),
        ) from error


def _tell(lock: Lock, folder: OfflineFolder, args: Namespace, *, elsewhere: bool) -> Output:
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.text import count

    conda = [(one.name, one.version, folder.locate(one)) for one in lock.conda]
    wheels = folder.find_wheels(lock.pip)
    files = {name: folder.wheels / wheel.file for name, wheel in wheels.items()}
    pip = [(str(one.name), one.version, files.get(one.name)) for one in lock.pip]
    counted = f"{count(len(conda), 'conda package')} and {count(len(pip), 'distribution')}"
    counted += f" for {lock.platform}" if elsewhere else ""
    text = f"Downloaded {counted} to {folder.root}"
    if args.dry_run:
        rows = [(*one, "conda") for one in conda] + [(*one, "pip") for one in pip]
        listed = (f"  {name} {version} ({manager})" for name, version, _, manager in rows)
        text = "\n".join([f"Would download {counted} to {folder.root}:", *listed])
    return Output(
        text=text,
        document={
            "success": True,
            "folder": str(folder.root),
            "platform": lock.platform,
            "dry_run": args.dry_run,
            "conda": [_describe(*one) for one in conda],
            "pip": [_describe(*one) for one in pip],
        },
    )


def _describe(name: str, version: str, file: Path | None) -> dict[str, object]:
    return {"name": name, "version": version, "file": None if file is None else str(file)}
