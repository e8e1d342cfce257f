"""Write or remove a single file atomically, and never into a file that conda linked."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK: Final = 1 << 20


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in chunks: a library may have gigabytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def name_beside(target: Path, process: int | str) -> str:
    """Return the temporary name of new content, cut to a length that file systems accept."""
    return f".{target.name[:50]}.{process}.pip-interop"


def replace_file(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace `target` atomically: readers see the old content or the new one.

    The old file, which may be hard-linked to conda's package cache, is not written to.
    """
    beside = target.with_name(name_beside(target, os.getpid()))
    beside.unlink(missing_ok=True)  # of a killed process with the same number
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(target)
    except BaseException:  # an interruption too leaves no half file
        beside.unlink(missing_ok=True)
        raise


def remove_file(target: Path) -> None:
    """Remove a file of this project, if it exists."""
    target.unlink(missing_ok=True)
