"""Where a Python of conda's will be, before it is installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path
from conda_pip_interop.environment.prefix import Platform, Prefix, PythonInstall


def is_free_threaded(build: str) -> bool:
    """Return whether a build of conda's Python has no global interpreter lock (`cp313t`)."""
    return re.search(r"cp\d+t$", build) is not None


def name_series(version: str, build: str = "") -> str:
    """Return what tells the site-packages of Pythons apart: `3.13`, or `3.13t` (PEP 703)."""
    minor = ".".join(version.split(".")[:2])
    return f"{minor}{'t' if is_free_threaded(build) else ''}"


def build_python_spec(version: str, *, free_threaded: bool = False) -> str:
    """Return conda's spec of a Python, as a user writes it."""
    if not free_threaded:
        return f"python={version}"
    major, minor, *_ = version.split(".")
    return f"python[version='{version}.*',build='*_cp{major}{minor}t']"


def build_python(
    version: str, build: str, platform: Platform, *, site_packages: object = None
) -> PythonInstall:
    """Return where a package of Python puts things; CEP 17 has its `site_packages`."""
    minor = ".".join(version.split(".")[:2])
    pypy, free_threaded = "pypy" in build, is_free_threaded(build)
    windows = platform == "windows"
    folder = f"lib/{'pypy' if pypy else 'python'}{minor}{'t' if free_threaded else ''}"
    stdlib = PrefixPath("Lib" if windows else folder)
    own = parse_prefix_path(site_packages) if isinstance(site_packages, str) else None
    return PythonInstall(
        implementation="pypy" if pypy else "cpython",
        version=version,
        free_threaded=free_threaded,
        stdlib=stdlib,
        site_packages=own or PrefixPath(f"{stdlib}/site-packages"),
        scripts=PrefixPath("Scripts" if windows else "bin"),
        executable=PrefixPath("python.exe" if windows else "bin/python"),
    )


def build_empty_prefix(root: Path) -> Prefix:
    """Return the layout of an environment that does not exist yet."""
    return Prefix(
        root=Path(os.path.abspath(root)),
        python=None,
        other_site_packages=(),
        platform="windows" if os.name == "nt" else "posix",
        folds_case=os.name == "nt",
    )
