"""The request of a command line, within the constraints that pip is configured with."""

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
    from conda_pip_interop.resolve.request.request import Request


def read_command_request(words: Iterable[str], options: InstallOptions, host: Host) -> Request:
    """Read what words and options name; raises what `read_request` raises.

    The constraints of pip's configuration and of PIP_CONSTRAINT hold for conda's part, too: pip
    would not accept what conda supplies otherwise.
    """
    from conda_pip_interop.commands.dynamic_dependencies import ask_backend
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
