"""Translate dependency files: read them, choose for each line, show or write the result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.commands.command_line.install_options import refuse_constraints
from conda_pip_interop.commands.command_request import ask_backend
from conda_pip_interop.commands.names.pinned_python import find_pinned_python
from conda_pip_interop.commands.names.to_environment import translate_to_environment
from conda_pip_interop.commands.names.to_requirements import translate_to_requirements
from conda_pip_interop.commands.output import Output
from conda_pip_interop.commands.output_files import deliver, nothing_to_compare
from conda_pip_interop.dependencies.requirements import marker_environment
from conda_pip_interop.dependency_files.own_table import merge_tables
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import DependencyFiles, read_dependency_files
from conda_pip_interop.dependency_files.requirements_txt import (
    CONSTRAINT,
    REQUIREMENT,
    split_option,
)
from conda_pip_interop.environment.conda_meta.records import claimed_metadata
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.site_packages.distributions import read_requirements
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.names.requirement import TranslationContext, refuse_python
from conda_pip_interop.protection.policy import decide_preference
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.resolve.request.read_options import read_options
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.host import ChannelNames, Host
    from conda_pip_interop.commands.names.to_environment import Translation
    from conda_pip_interop.dependency_files.environment_yml import EnvironmentFile
    from conda_pip_interop.environment.snapshot import Snapshot


def translate_files(args: Namespace, host: Host) -> Output:
    """Translate the files of the command line (see `translate.configure`)."""
    for channel in args.channels or ():
        refuse_constraints(channel)
    chosen = ProjectParts(
        extras=tuple(args.extras or ()),
        groups=tuple(args.groups or ()),
        build_system=args.build_system,
    )
    to = args.to or _find_format(args.output)
    output = _find_output(args, to)
    folder = Path() if output is None else output.parent
    files = map(Path, args.files)
    sources = read_dependency_files(
        files,
        chosen,
        target=folder,
        subdir=host.subdir,
        ask=lambda project: ask_backend(project, host, InstallOptions()),
        constraints=map(Path, args.constraints or ()),
    )
    _refuse_options(sources)
    if output is not None and args.output is None and not sources.environment_text:
        raise nothing_to_compare()
    snapshot = read_snapshot(host.target.prefix)
    with_channels = not args.no_channels
    table = merge_tables(one.table for one in sources.dependencies)
    if with_channels:
        _use_channels(sources.environment, table.channels, host, named=args.channels or ())
    host.add_names(table.names)
    names = host.channel_names(with_channels=with_channels)
    if to == "requirements":
        find_projects = _build_find_projects(snapshot, names, with_channels=with_channels)
        made = translate_to_requirements(sources, find_projects)
    else:
        environment, requires = _read_target(snapshot, host)
        pinned = None if sources.environment is None else find_pinned_python(sources.environment)
        if pinned is not None:
            environment |= pinned
        _mention_python(sources, environment["python_full_version"], host)
        around = TranslationContext(
            look_up=names.look_up,
            environment=environment,
            versions=names.list_versions if with_channels else None,
            matches=names.matches if with_channels else None,
            prefer_pypi=decide_preference(host.policy, table.prefer) == "pypi",
        )
        channels = host.list_channels() if with_channels else ()
        made = translate_to_environment(
            sources,
            around,
            requires,
            channels,
            table.channels if with_channels else (),
            as_json=None if output is None else output.suffix == ".json",
        )
    _warn_of_private(sources, host)
    read = (note for one in sources.dependencies for note in one.notes)
    made = replace(made, notes=(*read, *made.notes))
    for note in made.notes:
        host.print_stderr(f"conda-pip-interop: {note}")
    if args.verbose:
        for choice in made.choices:
            host.print_stderr(str(choice))
    return _deliver(made, output, check=args.check)


def _refuse_options(sources: DependencyFiles) -> None:
    """Raise UsageError `refused-option` for an option that pip does not take in a file."""
    for entry in (entry for one in sources.dependencies for entry in one.entries):
        if entry.kind == "option" and split_option(entry.text)[0] not in (
            *REQUIREMENT,
            *CONSTRAINT,
        ):
            list(read_options(entry, {}))


def _mention_python(sources: DependencyFiles, python: str, host: Host) -> None:
    """Say for which Python markers are evaluated if a file excludes it."""
    for one in sources.dependencies:
        reason = refuse_python(one.requires_python, python)
        if reason is not None:
            host.print_stderr(
                f"conda-pip-interop: markers are evaluated for Python {python}, but {reason}."
            )


def _use_channels(
    environment: EnvironmentFile | None, own: Sequence[str], host: Host, *, named: Sequence[str]
) -> None:
    """Search the channels of the files, and say which others conda searches if one lists its own.

    `own` are those of `[tool.conda-pip-interop]`, `named` those of the command line.
    """
    stated = () if environment is None else environment.channels
    only = environment is not None and environment.excludes_others
    host.add_channels(tuple(dict.fromkeys((*stated, *own))), only=only)
    others = host.list_other_channels((*named, *stated, *own)) if stated else ()
    if others:
        host.print_stderr(
            f"conda-pip-interop: {', '.join(others)} is searched, too, by conda's settings. To "
            "search only the file's channels, add `nodefaults` to them."
        )


def _warn_of_private(sources: DependencyFiles, host: Host) -> None:
    """Warn of what must come from one index: pip looks it up on all of its indexes."""
    for entry in (entry for one in sources.dependencies for entry in one.entries if entry.index):
        url = hide_password(entry.index)
        host.print_stderr(
            f"conda-pip-interop: {entry.text} must come from {url}, but pip also looks it up "
            f"on PyPI. To use only that index: `pip install --index-url {url} …`."
        )


def _find_format(output: str | None) -> str:
    """Return the format that the name of the output has."""
    is_list = output is not None and output.endswith((".txt", ".in"))
    return "requirements" if is_list else "environment"


def _find_output(args: Namespace, to: str) -> Path | None:
    """Return the output file; what `--check` compares may also be the one environment file."""
    if args.output is not None:
        return Path(args.output)
    files = [word for word in args.files if word.endswith((".yml", ".yaml", ".json"))]
    if not args.check:
        return None
    if len(files) != 1 or to != "environment":
        raise nothing_to_compare()
    return Path(files[0])


def _build_find_projects(
    snapshot: Snapshot, names: ChannelNames, *, with_channels: bool
) -> Callable[[str], tuple[NormalizedName, ...] | None]:
    """Return how to find what a package carries: what is installed, the channels, its name.

    An installed metapackage carries nothing itself, but stands for what was installed with it. Of
    a package that is not in the channels, only a name that is known can be told.
    """
    installed = {one.name for one in snapshot.distributions}
    records = {one.name: one for one in snapshot.records}

    def find_projects(conda_name: str) -> tuple[NormalizedName, ...] | None:
        guessed = names.guess_projects(conda_name)
        if conda_name in records:
            carried = tuple(one.name for one in claimed_metadata(records[conda_name]))
            return carried or tuple(name for name in guessed if name in installed)
        if with_channels:
            packages = names.list_packages(conda_name)
            if not packages:
                return None if guessed == (canonicalize_name(conda_name),) else guessed
            return guessed if any(one.needs_python for one in packages) else ()
        return guessed

    return find_projects


def _read_target(
    snapshot: Snapshot, host: Host
) -> tuple[dict[str, str], Callable[[NormalizedName], Sequence[str] | None]]:
    """Read the marker environment of the target, and what its distributions require.

    If the target has no Python, the markers are evaluated for base's.
    """
    prefix = snapshot.prefix
    if prefix.python is None:
        prefix = read_prefix(host.base_prefix)
    installed = {one.name: one for one in snapshot.distributions}

    def requires(name: NormalizedName) -> Sequence[str] | None:
        if name not in installed:
            return None
        return read_requirements(snapshot.prefix, installed[name]).requires_dist

    return marker_environment(prefix, subdir=host.subdir), requires


def _deliver(made: Translation, output: Path | None, *, check: bool) -> Output:
    """Show, write or compare the result."""
    document: dict[str, object] = {
        "output": str(output) if output is not None else None,
        "text": made.text,
        "choices": [choice.to_dict() for choice in made.choices],
        "notes": list(made.notes),
    }
    if output is None:
        return Output(text=made.text.rstrip("\n"), document=document, requested=True)
    done = deliver(made.text, output, check=check)
    document["up_to_date"] = done.up_to_date
    return Output(text=done.message, document=document, exit_code=done.exit_code)
