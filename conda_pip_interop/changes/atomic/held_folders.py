"""Folders of a prefix, held open while something below them is written or removed.

Between a check of a path and a write to it, another process of the environment's owner can put a
symbolic link in the place of a folder. So a path is walked once, component by component, from a
descriptor of the prefix, and what changes something (openat, renameat, unlinkat …) names the last
component alone, in the folder that is held. Links inside the prefix are followed by hand; one that
leads out is refused. Windows has no such calls: there, paths are checked, and then used.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import field
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path, resolve_for_write
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HELD: Final = {os.open, os.rename, os.unlink, os.link, os.mkdir} <= os.supports_dir_fd
_NOFOLLOW: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _NOFOLLOW
_MAX_LINKS: Final = 40  # as Linux has it
#: Held at a time, the last ones used: files come folder by folder.
_KEPT: Final = 32


class Folder:
    """A descriptor of a folder, closed with the last place in it."""

    def __init__(self, name: str | Path, above: int | None = None) -> None:
        self.descriptor: int = os.open(name, _FOLDER, dir_fd=above)

    def __del__(self) -> None:
        descriptor = getattr(self, "descriptor", None)
        if descriptor is not None:
            os.close(descriptor)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One component of a path in a folder that is held; the whole path where none can be.

    `path` is for messages. Methods raise OSError, with `path` as its file name.
    """

    path: Path
    folder: Folder | None = None

    @property
    def name(self) -> str:
        """What the calls of the system are given."""
        return str(self.path) if self.folder is None else self.path.name

    @property
    def descriptor(self) -> int | None:
        """The folder that `name` is relative to."""
        return None if self.folder is None else self.folder.descriptor

    def beside(self, name: str) -> Place:
        """Return another name in the same folder."""
        return Place(path=self.path.with_name(name), folder=self.folder)

    def read_status(self) -> os.stat_result | None:
        """Return what lies here, a link as itself; None if nothing does."""
        try:
            return os.stat(self.name, dir_fd=self.descriptor, follow_symlinks=False)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def open(self, flags: int, mode: int = 0o666) -> int:
        """Open a file, not through a link, and without waiting for a pipe."""
        flags |= _NOFOLLOW | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        with self._name_errors():
            return os.open(self.name, flags, mode, dir_fd=self.descriptor)

    def make_folder(self) -> None:
        """Make a folder, unless there is one; no more users reach it than the folder above it."""
        with self._name_errors():
            above = os.fstat(self.descriptor) if self.descriptor is not None else None
            mode = 0o777 if above is None else 0o700 | above.st_mode & 0o077
            try:
                os.mkdir(self.name, mode, dir_fd=self.descriptor)
            except FileExistsError:
                status = self.read_status()
                if status is None or not stat.S_ISDIR(status.st_mode):
                    raise

    def set_folder_mode(self, mode: int) -> None:
        """Set the mode of a folder, not of what a link leads to."""
        if self.folder is None:
            self.path.chmod(mode)
            return
        with self._name_errors():
            folder = Folder(self.name, self.descriptor)
            os.chmod(folder.descriptor, mode)  # noqa: PTH101 - by descriptor

    def remove_folder(self) -> None:
        """Remove an empty folder."""
        with self._name_errors():
            os.rmdir(self.name, dir_fd=self.descriptor)

    def remove(self) -> None:
        """Remove a file or a link, if there is one."""
        with self._name_errors(), contextlib.suppress(FileNotFoundError):
            os.unlink(self.name, dir_fd=self.descriptor)

    def move(self, to: Place) -> None:
        """Move what lies here, in the place of what lies there."""
        with self._name_errors():
            os.replace(self.name, to.name, src_dir_fd=self.descriptor, dst_dir_fd=to.descriptor)

    def link(self, to: Place) -> None:
        """Make a hard link, of a symbolic link to itself."""
        with self._name_errors():
            os.link(
                self.name,
                to.name,
                src_dir_fd=self.descriptor,
                dst_dir_fd=to.descriptor,
                follow_symlinks=False,
            )

    @contextlib.contextmanager
    def _name_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            error.filename, error.filename2 = str(self.path), None
            raise


@dataclass(kw_only=True)
class HeldFolders:
    """The folders of the prefix at `root`, each opened below another."""

    root: Path
    _known: dict[str, Folder] = field(default_factory=dict)
    _top: list[Folder] = field(default_factory=list)
    held: bool = _HELD  # whether the system has such calls

    def find(self, path: PrefixPath) -> Place:
        """Return a path for writing or removing it; the last component is not followed.

        Raises InteropError `path-outside-prefix`, and OSError if its folder does not exist.
        """
        if not self.held:
            return Place(path=resolve_for_write(self.root, path))
        if parse_prefix_path(path) != path:
            raise self._outside(path)
        return Place(path=self.root / path, folder=self._open(path.rpartition("/")[0], path))

    def read_status(self, path: PrefixPath) -> os.stat_result | None:
        """Return what lies at a path, a link as itself; None if nothing does."""
        try:
            return self.find(path).read_status()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def hold(self, path: str) -> Folder:
        """Open a folder of the prefix, links inside it followed."""
        return self._open(path, path)

    def is_folder(self, path: str) -> bool:
        """Return whether a path leads to a folder inside the prefix, links included."""
        try:
            self.list_names(path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return True

    def list_names(self, path: str) -> list[str]:
        """Return the names in a folder; raises as `find` does."""
        if not self.held:
            return os.listdir(self.find(PrefixPath(f"{path}/_" if path else "_")).path.parent)
        return os.listdir(self.hold(path).descriptor)

    def make_folders(self, path: str) -> None:
        """Make a folder, and those above it that do not exist."""
        if not self.is_folder(path):
            above = path.rpartition("/")[0]
            if above:
                self.make_folders(above)
            self.find(PrefixPath(path)).make_folder()

    def remove_folder(self, path: PrefixPath) -> None:
        """Remove an empty folder; raises OSError if it is not empty."""
        self.find(path).remove_folder()
        self.forget()  # it may come back as another one

    def forget(self) -> None:
        """Walk anew from now on: a link or a folder was changed."""
        self._known.clear()

    def remove_tree(self, path: PrefixPath) -> None:
        """Remove a folder with all that is in it, links as themselves; OSErrors are ignored."""
        with contextlib.suppress(OSError):
            status = self.read_status(path)
            if status is None or not stat.S_ISDIR(status.st_mode):
                return
            for name in self.list_names(path):
                below = PrefixPath(f"{path}/{name}")
                inner = self.read_status(below)
                if inner is not None and stat.S_ISDIR(inner.st_mode):
                    self.remove_tree(below)
                else:
                    with contextlib.suppress(OSError):
                        self.find(below).remove()
            self.remove_folder(path)

    def _open(self, path: str, wanted: str) -> Folder:
        known = self._known.pop(path, None)
        folder = known or self._walk(path, wanted)
        self._known[path] = folder
        if len(self._known) > _KEPT:
            del self._known[next(iter(self._known))]
        return folder

    def _walk(self, path: str, wanted: str) -> Folder:
        """Open a folder, component by component; `..` of a link goes back on the way it came."""
        if not self._top:
            self._top.append(Folder(os.path.realpath(self.root)))
        way = [*self._top]
        waiting = [name for name in path.split("/") if name][::-1]
        links = 0
        while waiting:
            name = waiting.pop()
            if name == "..":
                way.pop()
                if not way:
                    raise self._outside(wanted)
                continue
            try:
                way.append(Folder(name, way[-1].descriptor))
            except OSError as error:
                links += 1
                target = _read_link(name, way[-1]) if error.errno in _MAY_BE_LINK else None
                if target is None or links > _MAX_LINKS:
                    error.filename = str(self.root / wanted)
                    raise
                if target.startswith("/"):
                    target = self._find_inside(target, wanted)
                    del way[1:]
                waiting += [one for one in target.split("/") if one not in {"", "."}][::-1]
        return way[-1]

    def _find_inside(self, target: str, wanted: str) -> str:
        """Return an absolute link as a path below the prefix."""
        root, real = os.path.realpath(self.root), os.path.realpath(target)
        if os.path.commonpath([root, real]) != root:
            raise self._outside(wanted)
        return os.path.relpath(real, root)

    def _outside(self, path: str) -> InteropError:
        return InteropError(
            "path-outside-prefix",
            f"{path} is outside of the environment {self.root}.",
            hints=("One of its parent folders is a symbolic link; remove or replace the link.",),
        )


#: What opening a link as a folder says, by system.
_MAY_BE_LINK: Final = {errno.ELOOP, errno.ENOTDIR, errno.EMLINK}


def _read_link(name: str, folder: Folder) -> str | None:
    try:
        return os.readlink(name, dir_fd=folder.descriptor)
    except OSError:
        return None
