"""The interpreters of this machine that the channel's ``python`` packages are copied from."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.world.cache import WorldError
from tests.world.table import NEWEST_PYTHON, OLDEST_PYTHON

# Asked of the base interpreter itself: a venv's `sys` tells of the venv.
_QUESTION = """
import json, os, sys, sysconfig
get = sysconfig.get_config_var
print(json.dumps({
    "version": "%d.%d.%d" % sys.version_info[:3],
    "plain": sys.version_info[3] == "final" and sys.implementation.name == "cpython"
             and not get("Py_GIL_DISABLED"),
    "executable": os.path.realpath(sys.executable),
    "prefix": sys.base_prefix,
    "stdlib": sysconfig.get_path("stdlib"),
    "include": sysconfig.get_path("include"),
    "libraries": [os.path.join(get("LIBDIR") or "", get("INSTSONAME") or "")],
}))
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Interpreter:
    """A CPython of this machine and where its parts are."""

    version: str
    executable: Path
    prefix: Path
    stdlib: Path
    include: Path
    library: Path | None

    @property
    def minor(self) -> tuple[int, int]:
        """``(3, 11)``."""
        major, minor, _ = self.version.split(".")
        return int(major), int(minor)

    @property
    def short(self) -> str:
        """``3.11``."""
        return "{}.{}".format(*self.minor)

    @property
    def tag(self) -> str:
        """``py311``, as in conda build strings."""
        return "py{}{}".format(*self.minor)


def read_interpreter(executable: Path) -> Interpreter | None:
    """Ask an executable what it is; None if it does not run or is not a plain CPython release."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    result = subprocess.run(
        [executable, "-I", "-S", "-c", _QUESTION],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if result.returncode != 0:
        return None
    answer = json.loads(result.stdout)
    libraries = [Path(path) for path in answer["libraries"] if ".so" in path]
    if not answer["plain"]:
        return None
    return Interpreter(
        version=answer["version"],
        executable=Path(answer["executable"]),
        prefix=Path(answer["prefix"]),
        stdlib=Path(answer["stdlib"]),
        include=Path(answer["include"]),
        library=next((path for path in libraries if path.is_file()), None),
    )


def _base_executable() -> Path:
    """Return the interpreter behind the virtual environment that this runs in."""
    return Path(getattr(sys, "_base_executable", sys.executable)).resolve()


def _candidates() -> list[Path]:
    """Return the files named ``python3.X`` one level down in the usual places."""
    root = os.environ.get("PYENV_ROOT")
    folders = [Path(root) if root else Path.home() / ".pyenv"]
    found = [file for folder in folders for file in folder.glob("versions/3.*/bin/python3.*")]
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found += Path(folder or ".").glob("python3.*")
    return [file for file in found if re.fullmatch(r"python3\.\d+", file.name)]


def _minor(path: Path) -> int:
    return int(path.name.removeprefix("python3."))


def find_interpreters() -> tuple[Interpreter, ...]:
    """Return the running interpreter and, if there is one, the nearest other minor version.

    The higher is taken of two that are as near, since conda upgrades Python more than it
    downgrades it.
    """
    primary = read_interpreter(_base_executable())
    if primary is None or not OLDEST_PYTHON <= primary.minor <= NEWEST_PYTHON:
        message = "the test world needs a released CPython 3.{} to 3.{}"
        raise WorldError(message.format(OLDEST_PYTHON[1], NEWEST_PYTHON[1]))
    own = primary.minor[1]
    usable = [
        path
        for path in _candidates()
        if OLDEST_PYTHON[1] <= _minor(path) <= NEWEST_PYTHON[1] and _minor(path) != own
    ]
    for path in sorted(usable, key=lambda file: (abs(_minor(file) - own), -_minor(file))):
        other = read_interpreter(path)
        if other is not None and other.minor == (3, _minor(path)):
            return primary, other
    return (primary,)
