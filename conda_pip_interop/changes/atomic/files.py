"""Write or copy a single file atomically, and never into a file that conda linked."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.environment.paths import HASH_LIMIT

if TYPE_CHECKING:
    from conda_pip_interop.environment.paths import PrefixPath

_CHUNK: Final = 1 << 20


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal, read in chunks: a library may have gigabytes.

    Raises OSError, also for a pipe or a device, which would never end.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    return _hash(os.open(path, flags))


def identify_file(path: Path) -> str:
    """Return the SHA-256 of an environment's file; of a very large one its size and time.

    Raises what `hash_file` raises. For those that are larger than `HASH_LIMIT` see there.
    """
    return _identify(os.stat(path)) or hash_file(path)


def _identify(status: os.stat_result) -> str | None:
    """Return what stands for the hash of a very large file; None for any other."""
    large = stat.S_ISREG(status.st_mode) and status.st_size > HASH_LIMIT
    return f"{status.st_size} bytes at {status.st_mtime_ns} ns" if large else None


def hash_entry(place: Place) -> str | None:
    """Identify a file as `identify_file` does, a link by its target; None for anything else."""
    status = place.read_status()
    if status is not None and stat.S_ISLNK(status.st_mode):
        return hashlib.sha256(b"link:" + os.fsencode(_read_target(place))).hexdigest()
    if status is None or not stat.S_ISREG(status.st_mode):
        return None
    return _identify(status) or _hash(place.open(os.O_RDONLY))


def _hash(descriptor: int) -> str:
    digest = hashlib.sha256()
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file")
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def name_beside(name: str, process: int | str) -> str:
    """Return the temporary name of new content, cut to a length that file systems accept."""
    return f".{name[:50]}.{process}.pip-interop"


def is_half_written(name: str) -> bool:
    """Return whether a name is one of `name_beside`, with the number of a process."""
    start, dot, end = name.rpartition(".pip-interop")
    return start.startswith(".") and bool(dot) and not end and start.rpartition(".")[2].isdecimal()


def replace_file(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file outside of environments; see `replace_place`."""
    replace_place(Place(path=target), content, mode=mode)


def write_file(prefix: Path, path: PrefixPath, content: bytes, *, mode: int = 0o644) -> None:
    """Replace a file of an environment, its folder made; see `replace_place`."""
    folders = HeldFolders(root=prefix)
    folders.make_folders(path.rpartition("/")[0])
    replace_place(folders.find(path), content, mode=mode)


def remove_file(prefix: Path, path: PrefixPath) -> None:
    """Remove a file of an environment, if it exists."""
    HeldFolders(root=prefix).find(path).remove()


def replace_place(target: Place, content: bytes, *, mode: int) -> None:
    """Replace `target` atomically: readers see the old content or the new one.

    The old file, which may be hard-linked to conda's package cache, is not written to.
    """
    beside = _clear_beside(target)
    try:
        with os.fdopen(beside.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            _set_mode(file.fileno(), beside, mode)
            os.fsync(file.fileno())
        beside.move(target)
    except BaseException:  # an interruption too leaves no half file
        beside.remove()
        raise


def _clear_beside(target: Place) -> Place:
    """Return where new content is written first: what a killed process left there is removed."""
    beside = target.beside(name_beside(target.path.name, os.getpid()))
    beside.remove()
    return beside


def append_lines(place: Place, text: str) -> None:
    """Append lines to a file, and wait until they are on the disk.

    Half a line at the end was being written when a process was killed or power was lost: it goes.
    """
    descriptor = place.open(os.O_RDWR | os.O_CREAT | os.O_APPEND)
    with os.fdopen(descriptor, "r+b") as file:
        _cut_half_line(file)
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _cut_half_line(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    if size and file.seek(size - 1) is not None and file.read() != b"\n":
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
    file.seek(0, os.SEEK_END)


def copy_place(source: Place, target: Place) -> None:
    """Copy a file or a link, with its mode and times; `target` is there when it is complete."""
    copystat: Any = shutil.copystat  # takes descriptors, too, where the system's calls do
    part = _clear_beside(target)
    status = source.read_status()
    if status is not None and stat.S_ISLNK(status.st_mode):
        os.symlink(_read_target(source), part.name, dir_fd=part.descriptor)
        if os.utime in os.supports_follow_symlinks:
            times = (status.st_atime_ns, status.st_mtime_ns)
            os.utime(part.name, ns=times, dir_fd=part.descriptor, follow_symlinks=False)
    else:
        mode = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with (
            os.fdopen(source.open(os.O_RDONLY), "rb") as old,
            os.fdopen(part.open(mode, 0o600), "wb") as new,
        ):
            shutil.copyfileobj(old, new, _CHUNK)
            new.flush()
            if os.utime in os.supports_fd:
                copystat(old.fileno(), new.fileno())
            os.fsync(new.fileno())
        if os.utime not in os.supports_fd:
            copystat(source.path, part.path)
    part.move(target)


def stash_copy(target: Place, stashed: Place) -> None:
    """Save `target` as `stashed`: as a hard link if possible, else as a copy."""
    try:
        target.link(stashed)
    except (OSError, NotImplementedError):
        copy_place(target, stashed)


def place_staged(source: Place, target: Place) -> None:
    """Put a staged file into its place: as a hard link if possible, else as a copy.

    What is staged stays whole: an operation that is killed in the middle is begun again.
    """
    beside = _clear_beside(target)
    try:
        source.link(beside)
    except (OSError, NotImplementedError):
        copy_place(source, target)
    else:
        beside.move(target)
        beside.remove()  # it stays where both are one file


def is_link(place: Place) -> bool:
    """Return whether a symlink lies at a place."""
    status = place.read_status()
    return status is not None and stat.S_ISLNK(status.st_mode)


def is_alike(one: Place, other: Place) -> bool:
    """Return whether two files have the same content, or two links the same target."""
    found = hash_entry(one)
    return found is not None and found == hash_entry(other)


def _read_target(place: Place) -> str:
    return os.readlink(place.name, dir_fd=place.descriptor)


def _set_mode(descriptor: int, place: Place, mode: int) -> None:
    """Set the mode that the umask may have narrowed."""
    if os.chmod in os.supports_fd:
        os.chmod(descriptor, mode)
    else:
        place.path.chmod(mode)
