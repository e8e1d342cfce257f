"""Find the files on the index that installed distributions are from, and claim only what is sure.

For what plain pip has installed nobody kept the URL. The index is asked for that version, and its
wheel is downloaded and compared: it is claimed if the files that it lists are those that were
installed, by their hashes.
"""

from __future__ import annotations

import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import to_disk
from conda_pip_interop.environment.site_packages.record import parse_record, read_text
from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.exports.sources import FromIndex
from conda_pip_interop.installers.interface import Line, Pin
from conda_pip_interop.resolve.provenance import find_files
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.site_packages.record import RecordRow
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.exports.contents import Contents, PipPackage
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.installers.pip.report import ReportItem

#: What installers write into a dist-info folder, and what differs from one to another.
_OF_INSTALLERS: Final = (
    *("INSTALLER", "REQUESTED", "RECORD", "RECORD.jws", "RECORD.p7s"),
    *("direct_url.json", "provenance_url.json", "uv_cache.json"),
)
_SPREAD: Final = regex(r"[^/]+\.data/(?:purelib|platlib)/(.+)")
#: Scripts get the path of their interpreter, headers and data a place of their own.
_MOVED: Final = regex(r"[^/]+\.data/(?:scripts|headers|data)/")

#: The folders of scripts, which are made of entry points.
_SCRIPTS: Final = ("bin", "Scripts")


def resolve_files(contents: Contents, snapshot: Snapshot, installer: Installer) -> Contents:
    """Look for the unknown files of distributions on the index.

    Notes say of each that is still unknown why.
    """
    unknown = contents.unknown_files
    if not unknown:
        return contents
    found, notes = _find_equal(unknown, snapshot, installer)
    pip = tuple(
        replace(one, source=found[one.key]) if one.key in found else one for one in contents.pip
    )
    return replace(contents, pip=pip, notes=(*contents.notes, *notes))


def _find_equal(
    unknown: Iterable[PipPackage], snapshot: Snapshot, installer: Installer
) -> tuple[Mapping[NormalizedName, FromIndex], list[str]]:
    """Find the wheels that equal what is installed, and say why there is none."""
    lines = tuple(Line(text=f"{one.name}{one.pin}", in_file=True) for one in unknown)
    items = {one.name: one for one in _look_up(lines, installer)}
    installed = {one.name: one for one in snapshot.distributions}
    found: dict[NormalizedName, FromIndex] = {}
    notes: list[str] = []
    for package in unknown:
        reason = "is not on the index"
        item = items.get(package.key)
        if item is not None and not item.url.partition("#")[0].endswith(".whl"):
            reason = "is on the index as an sdist only, and was built here"
        elif item is not None:
            folder = to_disk(snapshot.prefix.root, installed[package.key].metadata)
            source = _claim(item, folder, installer)
            if source is not None:
                found[package.key] = source
                continue
            reason = "differs from the wheel on the index"
        notes.append(f"{package.name} {package.version} {reason}; its file is not known.")
    return found, notes


def _look_up(lines: tuple[Line, ...], installer: Installer) -> tuple[ReportItem, ...]:
    """Ask the index for all at once; one by one if it lacks some."""
    try:
        return installer.resolve(lines, provided=(), with_deps=False, ignore_installed=True)
    except PipFailedError:
        if len(lines) == 1:
            return ()
        return tuple(item for line in lines for item in _look_up((line,), installer))


def _claim(item: ReportItem, folder: Path, installer: Installer) -> FromIndex | None:
    """Download a wheel and return it as the source if it is what is installed in `folder`."""
    line = Line(text=f"{item.name}=={item.version}", in_file=True)
    pin = Pin(name=item.name, version=item.version, line=line, file=item.origin)
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
        try:
            installer.fetch((pin,), into=Path(name))
        except InteropError:
            return None
        file = find_files((pin,), Path(name)).get(item.name)
        wheels = sorted(Path(name).glob("*.whl"))
        if file is None or len(wheels) != 1 or not equals_wheel(folder, wheels[0]):
            return None
    return FromIndex(url=file[0], sha256=file[1])


def equals_wheel(folder: Path, wheel: Path) -> bool:
    """Return whether the RECORD in a dist-info folder lists just the files of a wheel."""
    text = read_text(folder / "RECORD")
    stated = _read_wheel(wheel)
    if text is None or not stated:
        return False
    installed = dict(_select(parse_record(text).rows))
    packed = dict(_select(stated))
    moved = {row.hash_value for row in stated if _MOVED.match(row.path)}
    beside = {path: value for path, value in installed.items() if not path.startswith("../")}
    outside = {path: value for path, value in installed.items() if path not in beside}
    return beside == packed and all(
        value in moved or PurePosixPath(path).parent.name in _SCRIPTS
        for path, value in outside.items()
    )


def _read_wheel(wheel: Path) -> tuple[RecordRow, ...]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [one for one in archive.namelist() if one.endswith(".dist-info/RECORD")]
            text = archive.read(min(names, key=len)).decode("utf-8", errors="replace")
    except (OSError, ValueError, zipfile.BadZipFile):
        return ()
    return parse_record(text).rows


def _select(rows: Iterable[RecordRow]) -> Iterator[tuple[str, str]]:
    """Select the rows that a wheel and its installation have in common, by installed path."""
    for row in rows:
        spread = _SPREAD.fullmatch(row.path)
        path = spread[1] if spread else row.path
        is_info = ".dist-info/" in path and path.rpartition("/")[2] in _OF_INSTALLERS
        if not (is_info or path.endswith(".pyc") or _MOVED.match(path)):
            yield path, row.hash_value or ""
