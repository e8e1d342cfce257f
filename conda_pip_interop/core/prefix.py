"""Prefix: where an environment keeps its Python, found on disk and never by running it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conda_pip_interop.core.paths import PrefixPath


@dataclass(frozen=True, kw_only=True, slots=True)
class PythonInstall:
    """The Python of a prefix; ``version`` is ``3.11.7`` where known, else ``3.11``."""

    implementation: Literal["cpython", "pypy"]
    version: str
    free_threaded: bool
    stdlib: PrefixPath
    site_packages: PrefixPath
    scripts: PrefixPath
    executable: PrefixPath

    @property
    def minor(self) -> str:
        """``3.11`` of ``3.11.7``."""
        return ".".join(self.version.split(".")[:2])


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """An environment's root folder and layout.

    ``root`` is absolute but not resolved: a symlinked prefix keeps the name that conda knows it by.
    ``folds_case`` tells whether its file system takes ``A`` and ``a`` for one name.
    """

    root: Path
    python: PythonInstall | None
    other_site_packages: tuple[PrefixPath, ...]
    platform: Literal["posix", "windows"]
    is_conda: bool
    folds_case: bool


def read_prefix(root: Path) -> Prefix:
    """Find the layout of the environment at ``root``.

    Raises InteropError ``not-an-environment`` if there is no such folder, or it holds neither a
    ``conda-meta`` nor a Python.
    """
    raise NotImplementedError
