"""Wheels: fetched with the machine's own pip and its configuration, read, and kept in the cache."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from itertools import zip_longest
from typing import TYPE_CHECKING

from packaging.tags import Tag
from packaging.utils import NormalizedName, parse_wheel_filename
from packaging.version import Version

from tests.world.cache import CACHE, WorldError, digest, say, scratch, write_atomically
from tests.world.table import BUILT, CHANNEL, CONDA_LOCK_VERSION, INDEX

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.pythons import Interpreter

WHEELS = CACHE / "wheels"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheel:
    """A wheel in the cache and what its file name says."""

    path: Path
    name: NormalizedName
    version: str
    tags: frozenset[Tag]

    @property
    def universal(self) -> bool:
        """Whether every Python 3 of every platform may have it."""
        return any(str(tag).endswith("py3-none-any") for tag in self.tags)


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """What the ``dist-info`` of a wheel says."""

    summary: str
    requires_python: str
    requires: tuple[str, ...]
    console_scripts: tuple[str, ...]


def read_wheel(path: Path) -> Wheel:
    """Read a wheel's file name."""
    name, version, _, tags = parse_wheel_filename(path.name)
    return Wheel(path=path, name=name, version=str(version), tags=tags)


def read_metadata(path: Path) -> Metadata:
    """Read METADATA and ``entry_points.txt`` out of a wheel."""
    with zipfile.ZipFile(path) as archive:
        folder = next(n for n in archive.namelist() if re.match(r"[^/]+\.dist-info/METADATA$", n))
        header = HeaderParser().parsestr(archive.read(folder).decode())
        points = folder.replace("METADATA", "entry_points.txt")
        text = archive.read(points).decode() if points in archive.namelist() else ""
    return Metadata(
        summary=header.get("Summary", ""),
        requires_python=header.get("Requires-Python", ""),
        requires=tuple(header.get_all("Requires-Dist", [])),
        console_scripts=parse_scripts(text),
    )


def parse_scripts(entry_points: str) -> tuple[str, ...]:
    """Return ``name = module:function`` for each script of an ``entry_points.txt``."""
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # documented use
    parser.read_string(entry_points)
    scripts = [
        f"{name} = {target.partition('[')[0].strip()}"
        for group in ("console_scripts", "gui_scripts")
        if parser.has_section(group)
        for name, target in parser.items(group)
    ]
    return tuple(scripts)


def _rounds() -> list[list[str]]:
    """Return the pins such that no project is twice in one list: pip takes each once a call."""
    projects = sorted({*CHANNEL, *INDEX})
    columns = [(*CHANNEL.get(name, ()), *INDEX.get(name, ())) for name in projects]
    rounds = zip_longest(*columns)
    return [
        [f"{name}=={version}" for name, version in zip(projects, row, strict=True) if version]
        for row in rounds
    ]


def _pip(*arguments: str | Path) -> subprocess.Popen[str]:
    """Start pip with the configuration that this machine reaches an index with."""
    return subprocess.Popen(
        [sys.executable, "-m", "pip", *arguments, "--no-deps", "--disable-pip-version-check", "-q"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(processes: list[subprocess.Popen[str]]) -> None:
    errors = [process.communicate()[1] for process in processes]
    for process, error in zip(processes, errors, strict=True):
        if process.returncode != 0:
            message = f"pip could not fetch the wheels of the test world:\n{error}"
            raise WorldError(message)


def _download(python: Interpreter, pins: list[str], folder: Path) -> subprocess.Popen[str]:
    only = ("--only-binary", ":all:", "--implementation", "cp", "--python-version")
    return _pip("download", *only, python.version, "--dest", folder, *pins)


def fetch_wheels(pythons: tuple[Interpreter, ...]) -> dict[str, tuple[Wheel, ...]]:
    """Fetch every wheel of the table, once; return them by short Python version.

    Wheels that have to be built from an sdist are there for the running interpreter only.
    """
    manifest = WHEELS / f"fetched-{digest(pythons, CHANNEL, INDEX, BUILT)}.json"
    if not manifest.is_file():
        _fill(pythons, manifest)
    names = json.loads(manifest.read_text())
    return {
        short: tuple(read_wheel(WHEELS / name) for name in files) for short, files in names.items()
    }


def _fill(pythons: tuple[Interpreter, ...], manifest: Path) -> None:
    WHEELS.mkdir(parents=True, exist_ok=True)
    fetched: dict[str, list[str]] = {}
    with scratch() as folder:
        say("wheels: fetching …")
        builds = _pip("wheel", "--wheel-dir", folder / pythons[0].short, *_built_pins())
        for pins in _rounds():
            _finish([_download(python, pins, folder / python.short) for python in pythons])
        _finish([builds])
        for python in pythons:
            files = sorted((folder / python.short).glob("*.whl"))
            fetched[python.short] = [file.name for file in files]
            for file in files:
                file.replace(WHEELS / file.name)
    write_atomically(manifest, json.dumps(fetched, indent=1))


def _built_pins() -> list[str]:
    return [f"{name}=={version}" for name, version in BUILT.items()]


def fetch_conda_lock() -> Path:
    """Fetch the wheel that vendors a conda."""
    found = list(WHEELS.glob(f"conda_lock-{CONDA_LOCK_VERSION}-*.whl"))
    if not found:
        with scratch() as folder:
            _finish([_pip("download", "--dest", folder, f"conda-lock=={CONDA_LOCK_VERSION}")])
            for file in folder.glob("*.whl"):
                file.replace(WHEELS / file.name)
                found.append(WHEELS / file.name)
    return found[0]


def is_pinned(wheel: Wheel, pins: dict[str, tuple[str, ...]]) -> bool:
    """Whether the table asks for this very version."""
    versions = {name.replace(".", "-"): values for name, values in pins.items()}
    return any(Version(wheel.version) == Version(v) for v in versions.get(wheel.name, ()))
