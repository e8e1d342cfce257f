"""The one folder that holds everything built: found, locked, and filled only by atomic renames."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).resolve().parents[2]
CACHE = CHECKOUT / ".cache"

# Runs of tests beside each other (pytest-xdist) each have a folder of their own.
WORKER = os.environ.get("PYTEST_XDIST_WORKER")

# The modules that decide what the channel's archives hold.
_BUILDERS = (
    "channel",
    "conda_package",
    "package",
    "python_package",
    "pythons",
    "requirements",
    "table",
    "wheel_package",
    "wheels",
)


class WorldError(Exception):
    """Something the world needs is not available on this machine; the message says what."""


def say(message: str) -> None:
    """Tell a person, on stderr, what the cache is being filled with."""
    print(message, file=sys.stderr, flush=True)


def digest(*parts: object) -> str:
    """Return a short hash of `parts`: the key under which what was built from them is kept."""
    text = json.dumps([str(part) for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def source_digest() -> str:
    """Return a hash of the builders' own source: a changed builder builds anew."""
    folder = Path(__file__).parent
    return digest(*((folder / f"{name}.py").read_text() for name in _BUILDERS))


def file_digest(path: Path, algorithm: str = "sha256") -> str:
    """Return the hexadecimal hash of a file."""
    return hashlib.new(algorithm, path.read_bytes()).hexdigest()


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield an empty folder on the cache's own file system, removed afterwards."""
    CACHE.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="tmp-", dir=CACHE))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file so that it is either the old one or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(data)
    temporary.replace(path)


def put_in_place(built: Path, target: Path) -> None:
    """Rename a finished folder to its name; whoever was first wins."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        return
    built.rename(target)


@contextmanager
def locked() -> Iterator[None]:
    """Hold the cache's lock: two test runs may start at once, only one fills it."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
