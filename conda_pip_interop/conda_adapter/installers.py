"""Find pip or uv for an environment, with builds as the command line wants them."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from conda.exceptions import CondaError
from packaging.version import InvalidVersion, Version

from conda_pip_interop.conda_adapter.console import report_progress
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.pip_environment import (
    CUTOFF,
    read_pip_environment,
    refuse_old_pip,
    report_limits_of_packages,
)
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.site_packages.distributions import read_requirements
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.building import BuildingInstaller, BuildNeeds
from conda_pip_interop.installers.interface import (
    BuildEnvironment,
    ProvidedDistribution,
    build_provided,
)
from conda_pip_interop.installers.pip.process import PipProcess
from conda_pip_interop.installers.pip.runs import CAN_FORK, PipServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.conda_adapter.build_environments import BuildEnvironments
    from conda_pip_interop.environment.prefix import Prefix
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.installers.uv.process import UvProcess
    from conda_pip_interop.resolve.request.request import Request


#: The first pip that writes an installation report of a stable format.
FIRST_PIP_WITH_REPORT: Final = Version("23.0")


def open_installer(
    snapshot: Snapshot,
    request: Request,
    target: Target,
    versions: Mapping[NormalizedName, str],
    *,
    show: bool,
) -> Installer:
    """Open pip or uv as the policy says (see `Host.open_installer`)."""
    process = replace(
        _open_pip(snapshot, target, at_least=FIRST_PIP_WITH_REPORT),
        show=show,
        options=request.options.pip,
        constraints=tuple(one.line for one in request.constraints),
        links=request.links,
        resolving=request.resolving,
        environ=read_pip_environment(os.environ),
        report=report_progress,
    )
    report_limits_of_packages()
    wheels = open_uv(process, snapshot) if read_policy().installer == "uv" else None
    if wheels is None and CUTOFF in process.environ:
        of_pip = build_target(sys.prefix) if process.runner == Path(sys.executable) else target
        refuse_old_pip(_find_pip_version(snapshot, process), process.environ, of_pip.command)
    if request.options.build_from_pypi:
        if wheels is None:
            return process
        return BuildingInstaller(process=process, prepare=None, isolated=True, wheels=wheels)
    if not request.build_isolation:
        return BuildingInstaller(process=process, prepare=None, wheels=wheels)

    @cache
    def open_environments() -> BuildEnvironments:
        return _open_environments(
            snapshot.prefix,
            versions,
            lambda python: replace(
                process, python=python, runner=python, stand_in=None, resolving=()
            ),
        )

    return BuildingInstaller(
        process=process, prepare=lambda needs: open_environments().prepare(needs), wheels=wheels
    )


def open_pip(snapshot: Snapshot, target: Target) -> PipProcess:
    """Open the environment's own pip, else another (see `Host.open_pip`)."""
    if snapshot.prefix.python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so pip cannot run there.",
            hints=(f"To fix: `{target.command('conda', 'install', 'python')}`.",),
        )
    return _open_pip(snapshot, target)


def _open_pip(snapshot: Snapshot, target: Target, *, at_least: Version | None = None) -> PipProcess:
    """Open the environment's own pip, else that of conda's Python, else one of the channels."""
    python = snapshot.prefix.python
    executable = snapshot.prefix.root / (python.executable if python is not None else "bin/python")
    own = [one.version for one in snapshot.distributions if one.name == "pip"]
    runner: Path | None = None
    if python is not None and _is_coming(snapshot.prefix):
        environments = _open_environments(snapshot.prefix)
        return PipProcess(
            python=executable,
            runner=None,
            prepare_pip=cache(lambda: _prepare_pip(snapshot.prefix, target)),
            stand_in=cache(environments.prepare_stand_in),
        )
    if python is not None and own and _serves(own[0], at_least):
        runner = executable
        if not os.access(runner, os.X_OK):
            raise InteropError(
                "no-python",
                f"The Python of {target.label} is missing or cannot be run: {runner}.",
                hints=(f"To fix: `{target.command('conda', 'pip', 'repair', 'python')}`.",),
            )
    elif importlib.util.find_spec("pip") and _serves(importlib.metadata.version("pip"), at_least):
        runner = Path(sys.executable)
    return PipProcess(
        python=executable,
        runner=runner,
        server=PipServer(python=executable) if CAN_FORK and runner == executable else None,
        prepare_pip=None
        if python is None or runner == executable
        else cache(lambda: _prepare_pip(snapshot.prefix, target)),
    )


def _is_coming(prefix: Prefix) -> bool:
    """Return whether a plan is made for another Python than the environment still has."""
    python = prefix.python
    if python is None or not (prefix.root / python.executable).exists():
        return False
    there = read_prefix(prefix.root).python
    return there is not None and (there.minor, there.free_threaded) != (
        python.minor,
        python.free_threaded,
    )


def _serves(version: str, at_least: Version | None) -> bool:
    try:
        return at_least is None or Version(version) >= at_least
    except InvalidVersion:
        return False


def _prepare_pip(prefix: Prefix, target: Target) -> BuildEnvironment:
    """Make an environment with pip and the Python of `prefix`; raises InteropError `no-pip`."""
    try:
        return _open_environments(prefix).prepare(BuildNeeds())
    except CondaError as error:
        raise InteropError(
            "no-pip",
            f"Neither {target.label} nor conda's own environment has pip {FIRST_PIP_WITH_REPORT} "
            f"or newer, and conda could not install a temporary one: {error}",
            hints=(f"To fix: `{target.command('conda', 'install', 'pip')}`.",),
        ) from error


def _open_environments(
    prefix: Prefix,
    versions: Mapping[NormalizedName, str] | None = None,
    open_installer: Callable[[Path], PipProcess] | None = None,
) -> BuildEnvironments:
    from conda_pip_interop.conda_adapter.build_environments import BuildEnvironments  # slow

    return BuildEnvironments(
        prefix=prefix,
        versions={} if versions is None else versions,
        open_installer=open_installer or _install_nothing,
    )


def _install_nothing(python: Path) -> NoReturn:
    raise AssertionError(python)


def _find_pip_version(snapshot: Snapshot, process: PipProcess) -> str:
    """Find the version of the pip that runs."""
    if process.runner == process.python:
        return next(one.version for one in snapshot.distributions if one.name == "pip")
    if process.runner is None and process.prepare_pip is not None:
        folder = str(process.prepare_pip().site_packages)
        (found,) = importlib.metadata.distributions(name="pip", path=[folder])
        return found.version
    return importlib.metadata.version("pip")


def open_uv(pip: PipProcess, snapshot: Snapshot) -> UvProcess:
    """Open uv for the environment of `pip`, with its options and its configuration.

    Raises InteropError `no-uv`, and `no-uv-option` for what the command line says.
    """
    from conda_pip_interop.installers.pip.configuration import read_configuration
    from conda_pip_interop.installers.uv.options import build_settings
    from conda_pip_interop.installers.uv.process import UvProcess

    build_settings(pip.options, {})
    return UvProcess(
        uv=_find_uv(snapshot),
        pip=pip,
        read_settings=lambda: build_settings(
            pip.options, read_configuration(pip.prefix, {**os.environ, **pip.environ})
        ),
        read_installed=lambda: _read_installed(snapshot),
    )


def _find_uv(snapshot: Snapshot) -> Path:
    """Find uv in base, in the environment, or on PATH."""
    for prefix in (Path(sys.prefix), snapshot.prefix.root):
        folders = [prefix / name for name in ("bin", "Scripts", "Library/bin")]
        found = shutil.which("uv", path=os.pathsep.join(map(str, folders)))
        if found is not None:
            return Path(found)
    found = shutil.which("uv")
    if found is not None:
        return Path(found)
    raise InteropError(
        "no-uv",
        f"pip_interop_installer is set to uv by {read_policy().installer_source}, but uv is not "
        f"installed in base, in {snapshot.prefix.root}, or on PATH. Nothing was changed.",
        hints=(
            "To fix: `conda install -n base uv`.",
            "To use pip instead, set CONDA_PLUGINS_PIP_INTEROP_INSTALLER=pip.",
        ),
    )


def _read_installed(snapshot: Snapshot) -> Iterator[ProvidedDistribution]:
    """Read what uv can be told about: not a version that is not PEP 440."""
    for one in snapshot.distributions:
        metadata = read_requirements(snapshot.prefix, one)
        provided = build_provided(
            one.name,
            one.version,
            extras=metadata.provides_extra,
            requirements=metadata.requires_dist,
        )
        if provided is not None:
            yield provided
