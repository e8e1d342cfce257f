"""Download what a lock names into a folder, for a machine without a network."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

from conda_pip_interop.changes.atomic.files import hash_file, name_beside
from conda_pip_interop.environment.snapshot import build_empty_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.sources import FromArchive, FromFolder, FromIndex, FromRepository
from conda_pip_interop.installers.building import BuildingInstaller
from conda_pip_interop.installers.pip.process import find_fetched
from conda_pip_interop.locks.offline import LocalWheel, describe_source
from conda_pip_interop.resolve.locked import build_pin, with_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from packaging.tags import Tag

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.exports.sources import Source
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.installers.pip.process import PipProcess
    from conda_pip_interop.locks.lock import Lock, LockedDistribution
    from conda_pip_interop.locks.offline import OfflineFolder
    from conda_pip_interop.resolve.solver import Conda

    OpenInstaller = Callable[[Snapshot], Installer]


def refuse_editable(lock: Lock) -> None:
    """Raise InteropError `not-lockable` for what has no file: folders that are used in place."""
    editable = [
        one.name
        for one in lock.pip
        if isinstance(one.source, FromFolder | FromRepository) and one.source.editable
    ]
    if editable:
        raise InteropError(
            "not-lockable",
            f"{lock.origin} has editable projects, which cannot be downloaded: "
            f"{', '.join(editable)}.",
            hints=("Write the lock of an environment where they are not installed as editable.",),
        )


def refuse_builds(lock: Lock, subdir: str) -> None:
    """Raise InteropError `wrong-platform` for what only the platform of a lock can build."""
    built = [one.name for one in lock.pip if not _is_wheel(one.source)]
    if built:
        raise InteropError(
            "wrong-platform",
            f"{lock.origin} is a lock for {lock.platform}, and this is {subdir}, where no wheels "
            f"can be built of {', '.join(built)}. Nothing was downloaded.",
            hints=(
                f"To download all: run the same command on a machine with {lock.platform}.",
                "To leave out what is built there: write the lock of an environment without it.",
            ),
        )


def _is_wheel(source: Source) -> bool:
    match source:
        case FromIndex():
            return source.is_wheel
        case FromArchive(url=url):
            return urlsplit(url).path.endswith(".whl")
    return False


def download_lock(
    lock: Lock,
    folder: OfflineFolder,
    *,
    conda: Conda,
    open_installer: OpenInstaller,
    here: Snapshot | None = None,
) -> None:
    """Download conda's packages and pip's wheels; what is no wheel is built.

    For a lock of another platform, the pip of the environment `here` downloads its wheels. What is
    there already, with its hash, is kept; folders are built again. Raises InteropError
    `wrong-hash`, `not-available`, `pip-failed`.
    """
    conda.save_packages(lock.conda, folder)
    there = folder.find_wheels(lock.pip)
    missing = tuple(one for one in lock.pip if not _is_there(one, there.get(one.name), folder))
    if not missing:
        return
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
        wheels = Path(name) / "wheels"
        wheels.mkdir()
        pins = tuple(map(build_pin, missing))
        if here is None:
            snapshot = with_python(build_empty_snapshot(Path(name) / "environment"), lock.conda)
            _choose_pip(open_installer(snapshot)).fetch(pins, into=wheels)
        else:
            _find_process(open_installer(here)).fetch(
                pins, into=wheels, download=_build_options(lock, missing)
            )
        _keep(missing, wheels, folder)


def _choose_pip(installer: Installer) -> Installer:
    """Return pip, also where uv is set: uv keeps no wheels."""
    if isinstance(installer, BuildingInstaller):
        return replace(installer, wheels=None)
    return installer


def _find_process(installer: Installer) -> PipProcess:
    """Return the pip that runs where nothing is built."""
    return (
        installer.process
        if isinstance(installer, BuildingInstaller)
        else cast("PipProcess", installer)
    )


def _build_options(lock: Lock, missing: Iterable[LockedDistribution]) -> tuple[str, ...]:
    """Build pip's options for the platform and the Python of a lock."""
    python = next((one.version for one in lock.conda if one.name == "python"), "")
    urls = (
        one.source.url or "" for one in missing if isinstance(one.source, FromIndex | FromArchive)
    )
    return build_platform_options(urls, python)


def build_platform_options(urls: Iterable[str], python: str) -> tuple[str, ...]:
    """Build what lets pip take the wheels at these URLs for the Python `python`, such as `3.12.1`.

    Without a Python, pip's own version counts. What a wheel says of Python is not compared: the
    lock was made of what is installed.
    """
    tags = frozenset(tag for url in urls for tag in _read_tags(url))
    words = ["--no-deps", "--ignore-requires-python"]
    words += [f"--python-version={python}"] if python else []
    words += (
        ["--implementation=pp"] if any(one.interpreter.startswith("pp") for one in tags) else []
    )
    words += [f"--abi={one}" for one in sorted({one.abi for one in tags} - {"none"})]
    words += [f"--platform={one}" for one in sorted({one.platform for one in tags} - {"any"})]
    return tuple(words)


def _read_tags(url: str) -> Iterator[Tag]:
    try:
        yield from parse_wheel_filename(unquote(urlsplit(url).path).rpartition("/")[2])[3]
    except InvalidWheelFilename:
        return  # pip says what is wrong with it


def _is_there(one: LockedDistribution, wheel: LocalWheel | None, folder: OfflineFolder) -> bool:
    """Whether it is its very wheel; the content of a folder may have changed."""
    if wheel is None or isinstance(one.source, FromFolder):
        return False
    return hash_file(folder.wheels / wheel.file) == wheel.sha256


def _keep(missing: Iterable[LockedDistribution], wheels: Path, folder: OfflineFolder) -> None:
    """Move wheels into the folder, and note those that the lock does not name."""
    fetched = find_fetched(wheels)
    folder.wheels.mkdir(parents=True, exist_ok=True)
    built: dict[str, LocalWheel] = {}
    for one in missing:
        file = fetched[one.name]
        wheel = LocalWheel(file=file.name, sha256=hash_file(file))
        if not (isinstance(one.source, FromIndex) and one.source.is_wheel):
            built[describe_source(one.source)] = wheel
        target = folder.wheels / file.name
        beside = target.with_name(name_beside(file.name, os.getpid()))
        shutil.copyfile(file, beside)
        beside.replace(target)
    if built:
        folder.note_built(built)
