"""`conda create --file`, `conda env create`: from pyproject.toml and pylock.toml (conda 26.3).

conda installs its part, and after its command we install the rest, as `conda pip` does. An older
conda drops pip's part of such files without a word, so it is not offered there.
"""

from __future__ import annotations

import dataclasses
import os
from abc import abstractmethod
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from conda.base.context import context
from conda.exceptions import CondaValueError, DryRunExit
from conda.models.environment import Environment, EnvironmentConfig
from conda.plugins import types

from conda_pip_interop.conda_adapter.boundary import build_conda_error
from conda_pip_interop.conda_adapter.environments import build_target, find_target, locate_file
from conda_pip_interop.conda_adapter.session import RestOfFile, current_session
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda import CondaError

    from conda_pip_interop.conda_adapter.host import CondaHost

_PROJECT: Final = "pyproject.toml"
_LOCKS: Final = ("pylock.toml", "pylock.*.toml")
#: The commands that make an environment, as conda names them to hooks.
_CREATING: Final = ("create", "env_create")


def build_specifiers() -> Iterator[Any]:
    """Build a specifier for each file; none where conda cannot choose them by the file's name."""
    known = {one.name for one in dataclasses.fields(types.CondaEnvironmentSpecifier)}
    if "default_filenames" not in known:
        return
    yield types.CondaEnvironmentSpecifier(
        name="pip-interop-pyproject",
        environment_spec=ProjectFile,
        default_filenames=(_PROJECT,),
        description="conda-pip-interop: the dependencies of a project, both parts",
    )
    yield types.CondaEnvironmentSpecifier(
        name="pip-interop-pylock",
        environment_spec=LockFile,
        default_filenames=_LOCKS,
        description="conda-pip-interop: a lock of both parts (PEP 751)",
        environment_format=types.EnvironmentFormat.lockfile,
    )


class _NamedFile(types.EnvironmentSpecBase):  # type: ignore[misc]  # conda is not typed
    """A file that goes by its name: its content can be another tool's alone."""

    detection_supported = True
    names: ClassVar[tuple[str, ...]]

    def __init__(self, filename: str, **_options: object) -> None:
        self.file = locate_file(str(filename))

    def can_handle(self) -> bool:
        """Return whether the file has the name."""
        return any(self.file.match(one) for one in self.names) and self.file.is_file()

    @property
    def env(self) -> Any:
        """Return conda's part; the rest is installed after conda's command."""
        try:
            return self.build()
        except InteropError as error:
            raise CondaValueError("\n".join([error.message, *error.hints])) from error

    @abstractmethod
    def build(self) -> Any:
        """Build conda's environment; raises InteropError."""


class ProjectFile(_NamedFile):
    """The dependencies of a pyproject.toml."""

    names = (_PROJECT,)

    def build(self) -> Any:
        """See `_NamedFile.build`."""
        from conda_pip_interop.commands.command_request import ask_backend
        from conda_pip_interop.conda_adapter.transactions.coming_python import find_conda_part
        from conda_pip_interop.resolve.request.install_options import InstallOptions
        from conda_pip_interop.resolve.request.read_request import read_request
        from conda_pip_interop.resolve.request.request import build_preferences

        host = _open_host(self.file)
        options = InstallOptions(requirement_files=(str(self.file),))
        request = read_request(
            (),
            options,
            folder=Path.cwd(),
            environ=os.environ,
            subdir=host.subdir,
            ask=lambda folder: ask_backend(folder, host, options),
        )
        host.add_channels(request.channels, only=request.only_channels)
        host.add_names(request.names)
        preferences = build_preferences(request, host.policy)
        found = find_conda_part(host.solver(), request, preferences)
        setup = found.transaction.prefix_setups[str(host.target.prefix)]
        _note_rest(host, self.file, ("install", "-r", str(self.file)))
        return Environment(
            platform=str(context.subdir),
            config=EnvironmentConfig(channels=tuple(request.channels)),
            requested_packages=list(setup.update_specs),
        )


class LockFile(_NamedFile):
    """A pylock.toml that `conda pip export` has written; conda's part of it is downloaded."""

    names = _LOCKS

    def build(self) -> Any:
        """See `_NamedFile.build`."""
        from conda_pip_interop.conda_adapter.transactions.exact_packages import fetch_records
        from conda_pip_interop.locks.read import read_lock

        host = _open_host(self.file)
        lock = read_lock((str(self.file),), folder=Path.cwd(), subdir=str(context.subdir))
        if lock is None:
            raise InteropError(
                "no-lock",
                f"{self.file} was written by another tool, so it does not have conda's part.",
                hints=(f"To install it: `conda pip create -n NAME {self.file}`.",),
            )
        if context.dry_run:
            raise DryRunExit
        _note_rest(host, self.file, ("sync", str(self.file)))
        channels = tuple(dict.fromkeys(one.channel_url for one in lock.conda))
        return Environment(
            platform=str(context.subdir),
            config=EnvironmentConfig(channels=channels),
            explicit_packages=list(fetch_records(lock.conda, host.target.prefix)),
        )


def _open_host(file: Path) -> CondaHost:
    """Open the host of the command's environment; raises InteropError if that is not a new one."""
    from conda_pip_interop.conda_adapter.host import CondaHost

    if not current_session().running.intersection(_CREATING):
        raise InteropError(
            "not-created",
            f"{file} can only be installed into a new environment by conda.",
            hints=(
                f"To install into this one: `conda pip install -r {file}`.",
                f"To make it what the file says: `conda pip sync {file}`.",
            ),
        )
    return CondaHost(target=build_target(find_target("create")))


def _note_rest(host: CondaHost, file: Path, words: tuple[str, ...]) -> None:
    prefix = host.target.prefix
    install = partial(_install_rest, prefix, file, words)
    current_session().rest = RestOfFile(prefix=prefix, install=install)


def _install_rest(prefix: Path, file: Path, words: tuple[str, ...]) -> CondaError | None:
    """Install what a file has beside conda's part, as `conda pip` does; the user has agreed."""
    from conda_pip_interop.commands.command_line.parser import parse_arguments
    from conda_pip_interop.commands.command_line.registry import COMMANDS
    from conda_pip_interop.conda_adapter.console import notify
    from conda_pip_interop.conda_adapter.host import CondaHost

    args: Any = parse_arguments([*words, "-p", str(prefix), "--yes", "--quiet"])
    host = CondaHost(target=build_target(prefix))
    try:
        with context._override("always_yes", True):  # noqa: SLF001 - no public way
            done = COMMANDS[args.command].load().execute(args, host)
    except InteropError as error:
        finish = host.target.command("conda", "pip", *words)
        return build_conda_error(
            InteropError(
                error.code,
                f"{error.message}\nconda's part of {file.name} was installed in "
                f"{host.target.label}, the rest was not.",
                hints=(*error.hints, f"To install the rest: `{finish}`."),
            )
        )
    notify(done.text)
    return None
