"""A wheel → a conda package: what conda-forge's ``pip install .`` in a recipe comes to."""

from __future__ import annotations

import csv
import io
import os
import re
import subprocess
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from tests.world.cache import scratch
from tests.world.package import PLACEHOLDER, File, Package
from tests.world.requirements import build_depends, conda_name
from tests.world.table import PROGRAMS
from tests.world.wheels import read_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.world.pythons import Interpreter
    from tests.world.wheels import Wheel

_SCRIPT = """\
#!{prefix}/bin/python
import re
import sys

from {module} import {name}

if __name__ == "__main__":
    sys.argv[0] = re.sub(r"(-script\\.pyw?|\\.exe)?$", "", sys.argv[0])
    sys.exit({function}())
"""


def build_noarch(wheel: Wheel, pythons: tuple[Interpreter, ...]) -> Package:
    """Return the ``noarch: python`` package of a universal wheel."""
    metadata = read_metadata(wheel.path)
    files = _unpack(wheel, site="site-packages", scripts="python-scripts", include="include")
    names = [point.partition(" = ")[0] for point in metadata.console_scripts]
    return Package(
        name=conda_name(wheel.name),
        version=wheel.version,
        build="pyhd_0",
        subdir="noarch",
        depends=build_depends(metadata.requires, metadata.requires_python, pythons),
        files=_with_record(files, "site-packages", names),
        entry_points=metadata.console_scripts,
        summary=metadata.summary,
    )


def build_binary(wheel: Wheel, python: Interpreter, subdir: str) -> Package:
    """Return the package of a wheel for one Python; or of a program that only travels in one."""
    metadata = read_metadata(wheel.path)
    site = f"lib/python{python.short}/site-packages"
    files = _unpack(wheel, site=site, scripts="bin", include=f"include/python{python.short}")
    if wheel.name in PROGRAMS:
        kept = [file for file in files if file.path.startswith("bin/")]
        return _package(wheel, subdir, build="h0_0", files=kept)
    major, minor = python.minor
    bounds = f"python >={major}.{minor},<{major}.{minor + 1}.0a0"
    depends = build_depends(metadata.requires, "", (python,))
    depends = tuple(bounds if each == "python" else each for each in depends)
    files += [build_script(point) for point in metadata.console_scripts]
    names = [point.partition(" = ")[0] for point in metadata.console_scripts]
    files = [*_with_record(files, site, names), *_compiled(files, python)]
    return _package(wheel, subdir, build=f"{python.tag}h0_0", files=files, depends=depends)


def _package(
    wheel: Wheel, subdir: str, *, build: str, files: list[File], depends: tuple[str, ...] = ()
) -> Package:
    return Package(
        name=conda_name(wheel.name),
        version=wheel.version,
        build=build,
        subdir=subdir,
        depends=depends,
        files=files,
        summary=read_metadata(wheel.path).summary,
    )


def build_script(entry_point: str) -> File:
    """Return the script that ``name = module:function`` stands for."""
    name, _, target = entry_point.partition(" = ")
    module, _, function = target.partition(":")
    text = _SCRIPT.format(
        prefix=PLACEHOLDER, module=module, name=function.partition(".")[0], function=function
    )
    return File(path=f"bin/{name}", content=text.encode(), executable=True)


def _unpack(wheel: Wheel, *, site: str, scripts: str, include: str) -> list[File]:
    """Return the wheel's files where they belong, ``.data`` folders spread as PEP 427 says."""
    places = {"purelib": site, "platlib": site, "scripts": scripts, "data": "", "headers": include}
    files = []
    with zipfile.ZipFile(wheel.path) as archive:
        for entry in archive.infolist():
            if entry.is_dir() or entry.filename.endswith(".pyc"):  # conda compiles, or _compiled
                continue
            parts = PurePosixPath(entry.filename).parts
            content = archive.read(entry)
            if parts[0].endswith(".data"):
                path = str(PurePosixPath(places[parts[1]], *parts[2:]))
            else:
                path = f"{site}/{entry.filename}"
            executable = bool(entry.external_attr >> 16 & 0o100) or path.startswith(f"{scripts}/")
            if path.startswith(f"{scripts}/") and content.startswith(b"#!python"):
                content = content.replace(b"#!python", f"#!{PLACEHOLDER}/bin/python".encode(), 1)
            files.append(File(path=path, content=content, executable=executable))
    return files


def _with_record(files: Iterable[File], site: str, scripts: list[str]) -> list[File]:
    """Return the files with RECORD as pip would have left it, and INSTALLER ``conda``.

    Scripts are listed relative to site-packages, without a hash: conda writes a prefix into them.
    What a wheel has vendored, metadata and all, stays as it is.
    """
    files = list(files)
    own = re.compile(rf"{re.escape(site)}/[^/]+\.dist-info/RECORD")
    record = next((file.path for file in files if own.fullmatch(file.path)), None)
    if record is None:
        return files
    kept = [file for file in files if file.path != record]
    folder = record.removesuffix("RECORD")
    kept.append(File(path=f"{folder}INSTALLER", content=b"conda\n"))
    old = next(file.content for file in files if file.path == record).decode()
    listed = (row for row in csv.reader(io.StringIO(old)) if row)
    rows = [row for row in listed if ".data/" not in row[0] and not row[0].endswith(".pyc")]
    rows.append([folder.removeprefix(f"{site}/") + "INSTALLER", "", ""])
    placed = {file.path.rpartition("/")[2] for file in kept if "scripts/" in file.path[:15]}
    placed |= {file.path.removeprefix("bin/") for file in kept if file.path.startswith("bin/")}
    for name in sorted({*scripts, *placed}):
        rows.append([f"../../../bin/{name}", "", ""])  # noqa: PERF401 - one a row reads better
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return [*kept, File(path=record, content=text.getvalue().encode())]


def _compiled(files: Iterable[File], python: Interpreter) -> list[File]:
    """Return the ``.pyc`` files, made by the Python that will read them.

    Checked by the time of the source, as in conda-forge's packages: by hash, Python would read it,
    too. Test folders are left out: nobody imports them, and they take most of the time.
    """
    sources = [f for f in files if f.path.endswith(".py") and "/tests/" not in f.path]
    with scratch() as folder:
        for file in sources:
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.content)
            os.utime(target, (file.mtime, file.mtime))
        subprocess.run(
            [
                *(python.executable, "-I", "-m", "compileall", "-q"),
                *("--invalidation-mode", "timestamp", "-s", folder, folder),
            ],
            check=False,  # a template that does not compile is no fault of ours
            stdout=subprocess.DEVNULL,
        )
        return [
            File(path=Path(path).relative_to(folder).as_posix(), content=path.read_bytes())
            for path in sorted(folder.rglob("*.pyc"))
        ]
