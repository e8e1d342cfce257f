"""The channel: two Pythons, the table's wheels and a conda, as a folder that conda reads by URL.

Each archive is built once, kept under a hash of what it was made from, and hard linked into the
channel; repodata.json, written last, is what makes it seen.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tests.world.cache import (
    CACHE,
    WorldError,
    digest,
    file_digest,
    locked,
    put_in_place,
    say,
    scratch,
    source_digest,
    write_atomically,
)
from tests.world.conda_package import build_conda
from tests.world.index import write_index
from tests.world.package import Package, write_package
from tests.world.python_package import build_python
from tests.world.pythons import find_interpreters
from tests.world.table import CHANNEL, PER_PYTHON, PROGRAMS
from tests.world.wheel_package import build_binary, build_noarch
from tests.world.wheels import fetch_conda_lock, fetch_wheels, is_pinned

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.world.pythons import Interpreter
    from tests.world.wheels import Wheel

CHANNEL_FOLDER = CACHE / "channel"
_ARCHIVES = CACHE / "archives"
_STATE = CACHE / "channel.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Channel:
    """A finished channel. `pythons`: full versions, the running interpreter's first."""

    folder: Path
    pythons: tuple[str, ...]
    key: str

    @property
    def url(self) -> str:
        """What goes into ``channels:``."""
        return self.folder.as_uri()


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One archive to build: its key, and the call that makes the package."""

    label: str
    key: str
    build: Callable[..., Package]
    arguments: tuple[Any, ...]


def native_subdir() -> str:
    """Return conda's name of this platform."""
    system = {"linux": "linux", "darwin": "osx"}.get(sys.platform)
    machine = platform.machine()
    if system is None:
        message = f"the test world is not built on {sys.platform}"
        raise WorldError(message)
    return f"{system}-{'64' if machine == 'x86_64' else machine}"


def build_channel() -> Channel:
    """Return the channel (and fill the index), building what is missing."""
    key = digest(source_digest(), sys.version, sys.base_prefix, platform.platform())
    channel = _read_state(key)
    if channel is not None:
        return channel
    with locked():
        channel = _read_state(key)
        if channel is None:
            channel = _fill(key)
            state = {"key": key, "pythons": channel.pythons}
            write_atomically(_STATE, json.dumps(state))
    return channel


def _read_state(key: str) -> Channel | None:
    if not _STATE.is_file():
        return None
    state = json.loads(_STATE.read_text())
    if state["key"] != key:
        return None
    return Channel(folder=CHANNEL_FOLDER, pythons=tuple(state["pythons"]), key=key)


def _fill(key: str) -> Channel:
    pythons = find_interpreters()
    subdir = native_subdir()
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        # The Pythons take longest and need no download.
        first = [_submit(pool, _python_job(python, subdir)) for python in pythons]
        wheels = fetch_wheels(pythons)
        jobs = [*_wheel_jobs(wheels, pythons, subdir), _conda_job()]
        futures = {**dict(first), **dict(_submit(pool, job) for job in jobs)}
        for number, future in enumerate(as_completed(futures), 1):
            future.result()
            say(f"channel: {number}/{len(futures)} {futures[future].label}")
    write_index(wheel for found in wheels.values() for wheel in found)
    _STATE.unlink(missing_ok=True)
    shutil.rmtree(CHANNEL_FOLDER, ignore_errors=True)
    write_channel(CHANNEL_FOLDER, [job.key for job in futures.values()], subdir)
    return Channel(
        folder=CHANNEL_FOLDER, pythons=tuple(python.version for python in pythons), key=key
    )


def _submit(pool: ProcessPoolExecutor, job: Job) -> tuple[Any, Job]:
    return pool.submit(build_archive, job), job


def _python_job(python: Interpreter, subdir: str) -> Job:
    stamp = python.executable.stat().st_mtime_ns
    return Job(
        label=f"python {python.version}",
        key=digest("python", asdict(python), stamp, subdir, source_digest()),
        build=build_python,
        arguments=(python, subdir),
    )


def _conda_job() -> Job:
    wheel = fetch_conda_lock()
    key = digest("conda", file_digest(wheel), source_digest())
    return Job(label="conda", key=key, build=build_conda, arguments=(wheel,))


def _wheel_jobs(
    wheels: dict[str, tuple[Wheel, ...]], pythons: tuple[Interpreter, ...], subdir: str
) -> list[Job]:
    jobs: dict[str, Job] = {}
    for python in pythons:
        for wheel in wheels[python.short]:
            if not is_pinned(wheel, CHANNEL):
                continue
            job = wheel_job(wheel, python, pythons, subdir)
            jobs[job.key] = job
    return list(jobs.values())


def wheel_job(
    wheel: Wheel, python: Interpreter, pythons: tuple[Interpreter, ...], subdir: str
) -> Job:
    """Return how to make a wheel's archive; a universal wheel's serves every Python."""
    label = f"{wheel.name} {wheel.version}"
    inputs = (wheel.name, file_digest(wheel.path), source_digest())
    if wheel.universal and wheel.name not in PER_PYTHON:
        key = digest("noarch", pythons, *inputs)
        return Job(label=label, key=key, build=build_noarch, arguments=(wheel, pythons))
    scope = "" if wheel.name in PROGRAMS else python
    return Job(
        label=label,
        key=digest("binary", scope, subdir, *inputs),
        build=build_binary,
        arguments=(wheel, python, subdir),
    )


def build_archive(job: Job) -> None:
    """Build one archive into the cache, with its repodata record beside it."""
    if (_ARCHIVES / job.key).is_dir():
        return
    package = job.build(*job.arguments)
    with scratch() as folder:
        built = folder / "built"
        built.mkdir()
        record = write_package(package, built)
        (built / "record.json").write_text(json.dumps(record))
        put_in_place(built, _ARCHIVES / job.key)


def write_channel(folder: Path, keys: list[str], subdir: str) -> None:
    """Add archives to a channel folder, then write its repodata anew."""
    found: dict[str, dict[str, Any]] = {"noarch": {}, subdir: {}}
    for name in found:
        (folder / name).mkdir(parents=True, exist_ok=True)
        repodata = folder / name / "repodata.json"
        if repodata.is_file():
            found[name] = json.loads(repodata.read_text())["packages.conda"]
    for key in keys:
        record = json.loads((_ARCHIVES / key / "record.json").read_text())
        archive = next((_ARCHIVES / key).glob("*.conda"))
        target = folder / record["subdir"] / archive.name
        target.unlink(missing_ok=True)
        os.link(archive, target)
        found[record["subdir"]][archive.name] = record
    for name, records in found.items():
        content = {
            "info": {"subdir": name},
            "packages": {},
            "packages.conda": dict(sorted(records.items())),
            "repodata_version": 1,
        }
        write_atomically(folder / name / "repodata.json", json.dumps(content, indent=1))
