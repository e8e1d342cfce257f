"""Find pip or uv for an environment, with builds as the command line wants them."""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import InvalidVersion, Version

from conda_pip_interop.conda_adapter.build_environments import BuildEnvironments
from conda_pip_interop.conda_adapter.pip_environment import read_pip_environment, refuse_old_pip
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.distributions import read_requirements
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.building import BuildingInstaller
from conda_pip_interop.installers.interface import ProvidedDistribution
from conda_pip_interop.installers.pip_commands import read_configuration
from conda_pip_interop.installers.pip_process import PipProcess
from conda_pip_interop.installers.uv_options import build_settings
from conda_pip_interop.installers.uv_process import UvProcess

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.request import Request


#: The first pip that writes an installation report of a stable format.
FIRST_PIP_WITH_REPORT: Final = Version("23.0")


def open_installer(
    snapshot: Snapshot,
    request: Request,
    target: Target,
    *,
    versions: Mapping[NormalizedName, str],
    verbose: bool,
) -> Installer:
    """Open pip or uv as the policy says (see `Host.open_installer`)."""
    process = _open_reporting_pip(snapshot, request, target, verbose=verbose)
    wheels = open_uv(process, snapshot) if read_policy().installer == "uv" else None
    if wheels is None:
        refuse_old_pip(_find_pip_version(snapshot, process), process.environ)
    if request.options.build_from_pypi:
        if wheels is None:
            return process
        return BuildingInstaller(process=process, prepare=None, isolated=True, wheels=wheels)
    if not request.build_isolation:
        return BuildingInstaller(process=process, prepare=None, wheels=wheels)
    environments = BuildEnvironments(
        prefix=snapshot.prefix,
        versions=versions,
        open_installer=lambda python: replace(process, python=python, runner=python, resolving=()),
    )
    return BuildingInstaller(process=process, prepare=environments.prepare, wheels=wheels)


def _open_reporting_pip(
    snapshot: Snapshot, request: Request, target: Target, *, verbose: bool
) -> PipProcess:
    """Open the environment's own pip if it can write a report, else the pip of conda's Python."""
    python = snapshot.prefix.python
    executable = snapshot.prefix.root / (python.executable if python is not None else "bin/python")
    own = [one for one in snapshot.distributions if one.name == "pip"]
    if python is not None and own and Version(own[0].version) >= FIRST_PIP_WITH_REPORT:
        runner = executable
    else:
        runner = Path(sys.executable)
        if python is not None:
            _refuse_without_pip(target)
    return PipProcess(
        python=executable,
        runner=runner,
        show=verbose,
        options=request.options.pip,
        constraints=tuple(one.line for one in request.constraints),
        links=request.links,
        resolving=request.resolving,
        environ=read_pip_environment(os.environ),
    )


def _find_pip_version(snapshot: Snapshot, process: PipProcess) -> str:
    """Find the version of the pip that runs: the environment's own, else that of conda's Python."""
    if process.runner == process.python:
        return next(one.version for one in snapshot.distributions if one.name == "pip")
    return importlib.metadata.version("pip")


def open_pip(snapshot: Snapshot, target: Target) -> PipProcess:
    """Open the environment's own pip, else the pip of conda's Python (see `Host.open_pip`)."""
    python = snapshot.prefix.python
    if python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so pip cannot run there.",
            hints=(f"To fix: `{target.command('conda', 'install', 'python')}`.",),
        )
    executable = snapshot.prefix.root / python.executable
    if any(one.name == "pip" for one in snapshot.distributions):
        return PipProcess(python=executable, runner=executable)
    _refuse_without_pip(target)
    return PipProcess(python=executable, runner=Path(sys.executable))


def _refuse_without_pip(target: Target) -> None:
    if importlib.util.find_spec("pip") is None:
        raise InteropError(
            "no-pip",
            f"Neither {target.label} nor conda's own environment has pip "
            f"{FIRST_PIP_WITH_REPORT} or newer.",
            hints=(f"To fix: `{target.command('conda', 'install', 'pip')}`.",),
        )


def open_uv(pip: PipProcess, snapshot: Snapshot) -> UvProcess:
    """Open uv for the environment of `pip`, with its options and its configuration.

    Raises InteropError `no-uv`, and `no-uv-option` for what the command line says.
    """
    build_settings(pip.options, {})
    return UvProcess(
        uv=_find_uv(snapshot),
        pip=pip,
        read_settings=lambda: build_settings(pip.options, read_configuration(pip)),
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
        with contextlib.suppress(InvalidVersion):
            version = str(Version(one.version))
            metadata = read_requirements(snapshot.prefix, one)
            yield ProvidedDistribution(
                name=one.name,
                version=version,
                extras=metadata.provides_extra,
                extra_requirements=metadata.requires_dist,
            )
