"""Prefix: an environment's root folder and layout, found on disk."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.python_install import (
    LibFolder,
    PythonInstall,
    read_lib_folders,
    read_posix_python,
    read_stated_python,
    read_windows_python,
)
from conda_pip_interop.errors import InteropError

Platform: TypeAlias = Literal["posix", "windows"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """An environment's root folder and layout.

    ``root`` is absolute but not resolved: a symlinked prefix keeps the name that conda knows it by.
    ``folds_case`` tells whether its file system takes ``A`` and ``a`` for one name.
    """

    root: Path
    python: PythonInstall | None
    other_site_packages: tuple[PrefixPath, ...]
    platform: Platform
    is_conda: bool
    folds_case: bool


def read_prefix(root: Path) -> Prefix:
    """Find the layout of the environment at ``root``.

    Raises InteropError ``not-an-environment`` if there is no such folder, or it holds neither a
    ``conda-meta`` nor a Python.
    """
    root = Path(os.path.abspath(root))
    names = _list_names(root)
    platform: Platform = "windows" if _is_windows(root, names) else "posix"
    folders = tuple(read_lib_folders(root)) if platform == "posix" else ()
    stated = read_stated_python(root)
    if platform == "windows":
        python = read_windows_python(root, names, stated)
    else:
        python = read_posix_python(root, folders, stated)
    is_conda = (root / "conda-meta").is_dir()
    if not is_conda and python is None:
        raise InteropError(
            "not-an-environment",
            f"{root} is not an environment.",
            hints=("It has neither a conda-meta folder nor a Python; check the path.",),
        )
    return Prefix(
        root=root,
        python=python,
        other_site_packages=_find_others(root, folders, python),
        platform=platform,
        is_conda=is_conda,
        folds_case=_folds_case(root, names),
    )


def _list_names(root: Path) -> tuple[str, ...]:
    try:
        return tuple(os.listdir(root))
    except OSError as error:
        raise InteropError(
            "not-an-environment",
            f"{root} cannot be read as an environment: {error.strerror}",
            hints=("Check the path, or list the environments with `conda env list`.",),
        ) from error


def _is_windows(root: Path, names: tuple[str, ...]) -> bool:
    """Tell Windows' layout by what only it has: ``python.exe``, or ``Lib``/``Scripts`` folders."""
    if "python.exe" in names or "pythonw.exe" in names:
        return True
    if "bin" in names and "lib" in names:
        return False
    return "Lib" in names or (root / "Scripts" / "python.exe").is_file()


def _folds_case(root: Path, names: tuple[str, ...]) -> bool:
    """Tell whether the other case of a name that is there finds the same file."""
    for name in names:
        other = name.swapcase()
        if other == name or other in names:
            continue
        try:
            return os.path.samestat(os.lstat(root / name), os.lstat(root / other))
        except OSError:
            return False
    return False


def _find_others(
    root: Path, folders: tuple[LibFolder, ...], python: PythonInstall | None
) -> tuple[PrefixPath, ...]:
    """List other Pythons' site-packages; a symlink to the current one is no other (PyPy has it)."""
    seen = {os.path.realpath(root / python.site_packages)} if python else set()
    others: list[PrefixPath] = []
    for folder in folders:
        real = os.path.realpath(root / folder.site_packages)
        if real not in seen and os.path.isdir(real):
            seen.add(real)
            others.append(folder.site_packages)
    return tuple(others)
