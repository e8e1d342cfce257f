"""The request of a command line: within pip's constraints, with what only a build backend knows."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.resolve.request.install_options import InstallOptions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.dependency_files.dynamic import ProjectMetadata
    from conda_pip_interop.resolve.request.request import Request


def read_command_request(words: Iterable[str], options: InstallOptions, host: Host) -> Request:
    """Read what words and options name; raises what `read_request` raises.

    The constraints of pip's configuration and of PIP_CONSTRAINT hold for conda's part, too: pip
    would not accept what conda supplies otherwise.
    """
    from conda_pip_interop.environment.paths import READ_LIMIT
    from conda_pip_interop.resolve.request.read_request import read_request

    def read(words: Iterable[str], options: InstallOptions) -> Request:
        return read_request(
            words,
            options,
            folder=Path.cwd(),
            environ=os.environ,
            subdir=host.subdir,
            ask=lambda folder: ask_backend(folder, host, options),
            fetch=lambda url: host.download(url, limit=READ_LIMIT),
        )

    request = read(words, options)
    for file in _find_configured(host):
        with suppress(UsageError):  # pip reads it itself, and lines that no version limits, too
            limits = read((), InstallOptions(constraint_files=(file,))).constraints
            request = replace(request, constraints=(*request.constraints, *limits))
    return request


def _find_configured(host: Host) -> list[str]:
    """Find the constraints files of pip's configuration."""
    from conda_pip_interop.installers.pip.configuration import read_configuration

    try:
        configured = read_configuration(host.target.prefix, os.environ)
    except InteropError:  # pip itself says what is wrong with its file
        return []
    return configured.get("constraint", "").split()


def ask_backend(folder: Path, host: Host, options: InstallOptions) -> ProjectMetadata:
    """Have pip build the metadata of the project in a folder, for the Python of the environment.

    An environment that does not exist or has no Python has the metadata built for base's. Raises
    UsageError `unreadable-file` where nothing says how to build it, InteropError as
    `Installer.resolve`.
    """
    refuse_unbuildable(folder)
    from conda_pip_interop.dependency_files.dynamic import ProjectMetadata
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.installers.interface import Line
    from conda_pip_interop.resolve.request.request import Request

    exists = (host.target.prefix / "conda-meta").is_dir()
    snapshot = read_snapshot(host.target.prefix if exists else host.base_prefix)
    if snapshot.prefix.python is None:
        snapshot = read_snapshot(host.base_prefix)
    installer = host.open_installer(snapshot, Request(options=options), versions={})
    with host.progress(f"Asking the build backend of {folder} for its dependencies"):
        (found,) = installer.resolve(
            (Line(text=str(folder)),), provided=(), with_deps=False, ignore_installed=True
        )
    return ProjectMetadata(
        name=found.name, requires_dist=found.requires_dist, provides_extra=found.provides_extra
    )


def refuse_unbuildable(folder: Path) -> None:
    """Raise UsageError `unreadable-file` for a folder with the settings of tools alone."""
    from conda_pip_interop.dependency_files.projects.document import load_toml
    from conda_pip_interop.dependency_files.requirements_txt import read_text, unreadable

    if (folder / "setup.py").is_file() or (folder / "setup.cfg").is_file():
        return
    file = folder / "pyproject.toml"
    document = load_toml(read_text(file), str(file)) if file.is_file() else {}
    if not document.keys() & {"project", "build-system"}:
        raise unreadable(
            folder,
            "it states no dependencies, and there is neither a [project] nor a [build-system] "
            "table, nor a setup.py",
        )
