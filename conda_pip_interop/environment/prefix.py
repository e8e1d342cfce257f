"""Prefix: an environment's root folder, its layout and its Python, read from files."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from conda_pip_interop.environment.paths import (
    PrefixPath,
    folds_case,
    parse_prefix_path,
    read_regular,
)
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass, regex

Platform: TypeAlias = Literal["posix", "windows"]
_LIB_FOLDER = regex(r"(python|pypy)(\d+\.\d+)(t?)")
_VERSION_DEFINE = regex(r'^#define\s+PY_VERSION\s+"(\d+\.\d+\.\d+[^"+]*)', re.MULTILINE)
_CFG_VERSION = regex(r"^version(?:_info)?\s*=\s*(\d+\.\d+(?:\.\d+)?)", re.MULTILINE)
_WINDOWS_DLL = regex(r"python(\d)(\d+)(t?)\.dll", re.IGNORECASE)


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
class StatedPython:
    """The Python in conda's record; ``site_packages`` is the field of CEP 17, if it is set."""

    version: str
    pypy: bool
    free_threaded: bool
    site_packages: PrefixPath | None


def read_stated_python(root: Path) -> StatedPython | None:
    """Read conda's record of Python, preferring one whose site-packages folder exists."""
    found: list[StatedPython] = []
    for path in sorted((root / "conda-meta").glob("python-[0-9]*.json")):
        try:
            status = path.stat()
            stated = _read_stated(path, status.st_mtime_ns, status.st_size)
        except (OSError, ValueError, RecursionError):
            continue
        found += [stated] if stated else []
    present = [s for s in found if s.site_packages and (root / s.site_packages).is_dir()]
    return (present or found)[-1] if found else None


@cache
def _read_stated(path: Path, _changed: int, _size: int) -> StatedPython | None:
    """Read one record, once: it is needed several times."""
    raw = _parse_without_files(read_regular(path))
    if not isinstance(raw, dict) or raw.get("name") != "python":
        return None
    version, build = str(raw.get("version") or ""), str(raw.get("build") or "")
    field = raw.get("python_site_packages_path")
    if not re.match(r"\d+\.\d+", version):
        return None
    return StatedPython(
        version=version,
        pypy="pypy" in build,
        free_threaded=bool(re.search(r"cp\d+t$", build)),
        site_packages=parse_prefix_path(field) if isinstance(field, str) else None,
    )


def _parse_without_files(content: bytes) -> object:
    """Parse a record without its thousands of files, which take nearly all of the time.

    A list ends at the first bracket; where that is in the name of a file, all is parsed.
    """
    rest = content
    for key in (b'"files": [', b'"paths": ['):
        before, mark, after = rest.partition(key)
        rest = b"%b%b]%b" % (before, mark, after.partition(b"]")[2]) if mark else rest
    try:
        return json.loads(rest)
    except ValueError:
        return json.loads(content)


@dataclass(frozen=True, kw_only=True, slots=True)
class LibFolder:
    """A ``lib/python3.11``, ``lib/python3.13t`` or ``lib/pypy3.9``."""

    path: PrefixPath
    pypy: bool
    minor: str
    free_threaded: bool

    @property
    def site_packages(self) -> PrefixPath:
        """The folder's site-packages, which may not exist."""
        return PrefixPath(f"{self.path}/site-packages")

    @property
    def order(self) -> tuple[int, ...]:
        """The key by which versions sort as numbers."""
        return tuple(int(part) for part in self.minor.split("."))


def read_lib_folders(root: Path) -> Iterator[LibFolder]:
    """List the library folders of all Pythons, current and former."""
    try:
        names = sorted(os.listdir(root / "lib"))
    except OSError:
        return
    for name in names:
        match = _LIB_FOLDER.fullmatch(name)
        if match and (root / "lib" / name).is_dir():
            yield LibFolder(
                path=PrefixPath(f"lib/{name}"),
                pypy=match[1] == "pypy",
                minor=match[2],
                free_threaded=bool(match[3]),
            )


def read_posix_python(
    root: Path, folders: tuple[LibFolder, ...], stated: StatedPython | None
) -> PythonInstall | None:
    """Read the Python of the versioned layout, with details from conda's record if they fit."""
    folder = _choose_folder(root, folders, stated)
    if folder is None:
        return None
    version = _read_full_version(root, folder.path.removeprefix("lib/"), folder.minor)
    if stated and version == folder.minor and stated.version.startswith(f"{folder.minor}."):
        version = stated.version
    site_packages = folder.site_packages
    if stated and stated.site_packages and stated.site_packages.startswith(f"{folder.path}/"):
        site_packages = stated.site_packages
    return PythonInstall(
        implementation="pypy" if folder.pypy else "cpython",
        version=version,
        free_threaded=folder.free_threaded,
        stdlib=folder.path,
        site_packages=site_packages,
        scripts=PrefixPath("bin"),
        executable=PrefixPath("bin/python"),
    )


def _choose_folder(
    root: Path, folders: tuple[LibFolder, ...], stated: StatedPython | None
) -> LibFolder | None:
    """Choose the folder of the current Python; after a minor upgrade old ones may remain.

    By conda's record, else by the target of ``bin/python``, else the highest with a stdlib. Without
    a record and an interpreter there is no Python: the folders are remnants.
    """
    if stated is not None:
        for folder in folders:
            if stated.site_packages and stated.site_packages.startswith(f"{folder.path}/"):
                return folder
        same = [f for f in folders if stated.version.split(".")[:2] == f.minor.split(".")]
        wanted = (stated.pypy, stated.free_threaded)
        same.sort(key=lambda f: (f.pypy, f.free_threaded) != wanted)
        if same:
            return same[0]
    running = _read_running(root)
    if running is None:
        return None
    named = [f for f in folders if f.path == f"lib/{running}"]
    with_stdlib = [f for f in folders if (root / f.path / "os.py").exists()]
    ordered = sorted(with_stdlib or folders, key=lambda f: f.order)
    return (named or ordered)[-1] if folders else None


def _read_running(root: Path) -> str | None:
    """Return the target of ``bin/python`` (``python3.11``), ``""`` if unclear, None if missing."""
    cfg = _CFG_VERSION.search(_read_text(root / "pyvenv.cfg"))
    if cfg:
        return "python" + ".".join(cfg[1].split(".")[:2])
    for name in ("python", "python3", "pypy3"):
        path = root / "bin" / name
        if os.path.lexists(path):
            target = os.path.basename(os.path.realpath(path))
            return target if _LIB_FOLDER.fullmatch(target) else ""
    return None


def _read_full_version(root: Path, folder: str, minor: str) -> str:
    """Return the three-part version, from the C headers or a venv's configuration."""
    include = root / "include"
    for header in (include / folder / "patchlevel.h", include / "patchlevel.h"):
        match = _VERSION_DEFINE.search(_read_text(header))
        if match and match[1].startswith(f"{minor}."):
            return match[1]
    cfg = _CFG_VERSION.search(_read_text(root / "pyvenv.cfg"))
    return cfg[1] if cfg and cfg[1].startswith(f"{minor}.") else minor


def read_windows_python(
    root: Path, names: tuple[str, ...], stated: StatedPython | None
) -> PythonInstall | None:
    """Read Windows' flat layout, with one unversioned ``Lib``."""
    executable = next(
        (
            PrefixPath(path)
            for path in ("python.exe", "Scripts/python.exe")
            if (root / path).is_file()
        ),
        None,
    )
    if executable is None and stated is None:
        return None
    dlls = [match for name in names if (match := _WINDOWS_DLL.fullmatch(name))]
    minor = f"{dlls[0][1]}.{dlls[0][2]}" if dlls else None
    cfg = _CFG_VERSION.search(_read_text(root / "pyvenv.cfg"))
    version = stated.version if stated else (cfg[1] if cfg else _read_windows_version(root, minor))
    if version is None:
        return None
    return PythonInstall(
        implementation="pypy" if stated and stated.pypy else "cpython",
        version=version,
        free_threaded=bool(stated and stated.free_threaded) or bool(dlls and dlls[0][3]),
        stdlib=PrefixPath("Lib"),
        site_packages=(stated and stated.site_packages) or PrefixPath("Lib/site-packages"),
        scripts=PrefixPath("Scripts"),
        executable=executable or PrefixPath("python.exe"),
    )


def _read_windows_version(root: Path, minor: str | None) -> str | None:
    match = _VERSION_DEFINE.search(_read_text(root / "include" / "patchlevel.h"))
    return match[1] if match else minor


def _read_text(path: Path) -> str:
    try:
        return read_regular(path).decode("utf-8", errors="replace")
    except OSError:
        return ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefix:
    """An environment's root folder and layout.

    ``root`` is absolute but not resolved: conda knows a symlinked prefix by the link's path.
    ``folds_case``: its file system treats ``A`` and ``a`` as the same name. ``mirrors`` is the
    environment that it is a copy of, made of links into it: those are no links of a package's.
    ``links`` are the folders that conda's packages have as symbolic links to others in the prefix,
    each with the folder that it leads to; all end with a slash (the prefix itself is empty).
    """

    root: Path
    python: PythonInstall | None
    other_site_packages: tuple[PrefixPath, ...]
    platform: Platform
    folds_case: bool
    mirrors: Path | None = None
    links: tuple[tuple[str, str], ...] = ()

    def follow(self, path: PrefixPath) -> PrefixPath:
        """Return where a path leads through `links`: what pip writes there has two paths."""
        followed = ""
        while followed != path:
            followed = path
            for link, goal in self.links:
                if path.startswith(link):
                    path = PrefixPath(goal + path[len(link) :])
        return path


def read_prefix(root: Path, *, mirrors: Path | None = None) -> Prefix:
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
    if python is None and not (root / "conda-meta").is_dir():
        raise InteropError(
            "not-an-environment",
            f"{root} is not an environment.",
            hints=("It has no conda-meta folder and no Python; check the path.",),
        )
    return Prefix(
        root=root,
        python=python,
        other_site_packages=_find_others(root, folders, python),
        platform=platform,
        folds_case=folds_case(root, names),
        mirrors=mirrors,
    )


def _list_names(root: Path) -> tuple[str, ...]:
    try:
        return tuple(os.listdir(root))
    except OSError as error:
        raise InteropError(
            "not-an-environment",
            f"{root} cannot be read as an environment: {error.strerror}.",
            hints=("Check the path, or list the environments with `conda env list`.",),
        ) from error


def _is_windows(root: Path, names: tuple[str, ...]) -> bool:
    """Detect Windows' layout by ``python.exe`` or the ``Lib``/``Scripts`` folders."""
    if "python.exe" in names or "pythonw.exe" in names:
        return True
    if "bin" in names and "lib" in names:
        return False
    return "Lib" in names or (root / "Scripts" / "python.exe").is_file()


def _find_others(
    root: Path, folders: tuple[LibFolder, ...], python: PythonInstall | None
) -> tuple[PrefixPath, ...]:
    """List other Pythons' site-packages, without symlinks to the current one (as in PyPy)."""
    seen = {os.path.realpath(root / python.site_packages)} if python else set()
    others: list[PrefixPath] = []
    for folder in folders:
        real = os.path.realpath(root / folder.site_packages)
        if real not in seen and os.path.isdir(real):
            seen.add(real)
            others.append(folder.site_packages)
    return tuple(others)
