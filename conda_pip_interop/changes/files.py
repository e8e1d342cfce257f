"""How a single file is written or removed: in one step, and never into what conda has linked."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK: Final = 1 << 20


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal; read in pieces, since a library may have gigabytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def name_beside(target: Path, process: int | str) -> str:
    """The name that a new content has until it is whole; cut where file systems would refuse it."""
    return f".{target.name[:50]}.{process}.pip-interop"


def replace_file(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` at `target` in one step: whoever looks sees the old file or the new one.

    Never writes into the old file, which may be hard-linked to conda's package cache.
    """
    beside = target.with_name(name_beside(target, os.getpid()))
    beside.unlink(missing_ok=True)  # of a process that had this one's number, and was killed
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def remove_file(target: Path) -> None:
    """Remove a file of ours; fine if it is gone already."""
    target.unlink(missing_ok=True)
