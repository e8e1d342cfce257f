"""uv, where `pip_interop_installer` asks for it: found, and told what pip's settings say."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.distributions import read_requirements
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.interface import HeldDistribution
from conda_pip_interop.installers.pip_commands import read_configuration
from conda_pip_interop.installers.uv_options import build_settings
from conda_pip_interop.installers.uv_process import UvProcess

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.installers.pip_process import PipProcess


def open_uv(pip: PipProcess, snapshot: Snapshot) -> UvProcess:
    """uv for the environment of `pip`, with its options and its configuration.

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
    """conda's own, the environment's, or the one on PATH."""
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
        f"pip_interop_installer is set to uv by {read_policy().installer_source}, and there is no "
        f"uv beside conda, in {snapshot.prefix.root}, or on PATH; nothing was changed.",
        hints=(
            "Add it: `conda install -n base uv`.",
            "Or let pip do it: `CONDA_PLUGINS_PIP_INTEROP_INSTALLER=pip` in the environment.",
        ),
    )


def _read_installed(snapshot: Snapshot) -> Iterator[HeldDistribution]:
    """What uv can be told of: a version that is none (PEP 440) it cannot."""
    for one in snapshot.distributions:
        with contextlib.suppress(InvalidVersion):
            version = str(Version(one.version))
            metadata = read_requirements(snapshot.prefix, one)
            yield HeldDistribution(
                name=one.name,
                version=version,
                extras=metadata.provides_extra,
                extra_requirements=metadata.requires_dist,
            )
