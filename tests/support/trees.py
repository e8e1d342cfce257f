"""Compare file trees, and kill processes that change them."""

from __future__ import annotations

import errno
import hashlib
import itertools
import os
import re
import signal
import stat
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER

Tree: TypeAlias = dict[str, tuple[object, ...]]

NOBODY = 65534
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - a safely named folder is made in it
#: A folder in memory, where there is one: fsync costs nothing there, and the tests do it often.
MEMORY = _SHARED_MEMORY if Path(_SHARED_MEMORY).is_dir() else None
_CAP_SYS_ADMIN = 21  # capabilities(7)
_WRITES = {
    *("os.rename", "os.link", "os.symlink", "os.mkdir", "os.rmdir", "os.remove", "os.chmod"),
    *("os.truncate", "os.utime", "shutil.copyfile"),
}


def can_mount() -> bool:
    """Return whether a small disk can be mounted, to fill it: not in every container."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return False
    (effective,) = re.findall(r"^CapEff:\s*([0-9a-f]+)$", status, re.MULTILINE)
    return bool(int(effective, 16) >> _CAP_SYS_ADMIN & 1)


def read_tree(prefix: Path) -> Tree:
    """Read every path of `prefix` except our own state: kind and mode, content, mtime.

    Folders have no mtime: changing their content changes it.
    """
    tree: Tree = {}
    for path in prefix.rglob("*"):
        name = path.relative_to(prefix).as_posix()
        if name == STATE_FOLDER or name.startswith(f"{STATE_FOLDER}/"):
            continue
        status = path.lstat()
        if stat.S_ISDIR(status.st_mode) or stat.S_ISFIFO(status.st_mode):
            tree[name] = (status.st_mode,)
        elif stat.S_ISLNK(status.st_mode):
            tree[name] = (status.st_mode, str(path.readlink()), status.st_mtime_ns)
        else:
            tree[name] = (status.st_mode, path.read_bytes(), status.st_mtime_ns)
    return tree


def walk_tree(root: Path) -> Iterator[tuple[str, os.stat_result]]:
    """Yield all paths below a folder, a folder before what is in it."""
    waiting = [""]
    while waiting:
        folder = waiting.pop()
        with os.scandir(root / folder) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                path = f"{folder}/{entry.name}" if folder else entry.name
                yield path, entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(path)


def read_content(path: Path, status: os.stat_result) -> str:
    """Where a link leads to, or the hash of a file; nothing of a folder or a pipe."""
    if stat.S_ISLNK(status.st_mode):
        return str(path.readlink())
    if not stat.S_ISREG(status.st_mode):
        return ""
    times = status.st_mtime_ns, status.st_ctime_ns
    return _hash_file(path, status.st_ino, status.st_size, *times)


@lru_cache(maxsize=50_000)
def _hash_file(path: Path, *_: int) -> str:
    """Hash a file; what is as it was (by inode, size and times) is not read again."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def run_in_child(work: Callable[[], object], *, user: int | None = None) -> int:
    """Run `work` in a child process, as `user` if permitted, and return its exit code.

    0 is success; an exception is printed and gives exit code 1.
    """
    child = os.fork()
    if child == 0:
        status = 1
        try:
            if user is not None and os.geteuid() == 0:
                os.setgid(user)
                os.setuid(user)
            work()
            status = 0
        except BaseException:  # noqa: BLE001 - the child must not go on into the test session
            traceback.print_exc()
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def is_write(event: str, arguments: tuple[object, ...]) -> bool:
    """Return whether an audited event (see `sys.addaudithook`) changes something on disk."""
    if event != "open":
        return event in _WRITES
    flags = arguments[2]
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


#: What hard links are answered with, see `refuse_links`: by file systems that have them, that have
#: none, and where a file has as many as it can have.
link_cases = pytest.mark.parametrize(
    "links",
    [(0,), (errno.EPERM, errno.ENOTSUP), (0, errno.EMLINK)],
    ids=["hard links", "no hard links", "too many hard links"],
)


def refuse_links(answers: Iterable[int]) -> None:
    """Refuse hard links from now on in this process, with these errors in turn; 0 is none."""
    waiting = itertools.cycle(answers)

    def watch(event: str, _: tuple[object, ...]) -> None:
        if event == "os.link" and (error := next(waiting)):
            raise OSError(error, os.strerror(error))

    sys.addaudithook(watch)


def run_and_kill(work: Callable[[], object], *, before: int, links: Collection[int] = (0,)) -> bool:
    """Run `work` in a child that is killed before its `before`-th write, if it gets there.

    `links` is what hard links are answered with; see `refuse_links`.
    """

    def work_under_watch() -> None:
        numbers = itertools.count(1)

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            if is_write(event, arguments) and next(numbers) == before:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(watch)
        refuse_links(links)
        work()

    code = run_in_child(work_under_watch)
    assert code in (0, -signal.SIGKILL)
    return code != 0
