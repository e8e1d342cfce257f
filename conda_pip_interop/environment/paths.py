"""PrefixPath: the normal form of a path inside an environment."""

from __future__ import annotations

import errno
import os
import posixpath
import shlex
import stat
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import BinaryIO, Final, NewType

from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass

READ_LIMIT: Final = 64 << 20
"""In bytes: what is read of one file at most. The largest records have a tenth of it."""
HASH_LIMIT: Final = 4 << 30
"""In bytes: larger files are not hashed. Packages hardly have any; a sparse one has any size."""

_FLAGS: Final[int] = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_NO_FOLLOW: Final[int] = getattr(os, "O_NOFOLLOW", 0)

PrefixPath = NewType("PrefixPath", str)
"""A path below the prefix: relative, ``/``-separated, normalised, never empty, never ``..``."""


def parse_prefix_path(
    text: str, *, base: str = "", root: str = "", windows: bool = False
) -> PrefixPath | None:
    """Normalise ``text``, relative to ``base``, to a PrefixPath; None if it is outside.

    An absolute ``text`` is accepted only if it lies textually below ``root`` (pip once wrote such
    RECORD rows). Backslashes separate only when ``windows``: elsewhere they are part of a name.
    The check is textual; see `resolve_for_write` for symlinks.
    """
    if "\0" in text:
        return None
    if windows:
        text, root = text.replace("\\", "/"), root.replace("\\", "/")
    if text.startswith("/") or (windows and text[1:2] == ":"):
        inside = _strip_root(text, root, windows=windows)
        if inside is None:
            return None
        text, base = inside, ""
    joined = f"{base}/{text}" if base else text
    if _is_plain(joined):
        return PrefixPath(joined)
    normal = posixpath.normpath(joined)
    if normal in {"", "."} or normal == ".." or normal.startswith(("../", "/")):
        return None
    return PrefixPath(normal)


def _is_plain(text: str) -> bool:
    """Return whether ``normpath`` certainly changes nothing, faster than calling it."""
    return (
        bool(text)
        and "//" not in text
        and "./" not in text
        and text[0] != "/"
        and text[-1] not in "/."
    )


def _strip_root(text: str, root: str, *, windows: bool) -> str | None:
    """Return what follows ``root`` in the absolute ``text``, or None if it is not below."""
    normal = posixpath.normpath(text)
    base = posixpath.normpath(root) if root else ""
    if not base:
        return None
    head, same = normal[: len(base)], base
    if windows:
        head, same = head.casefold(), same.casefold()
    rest = normal[len(base) :]
    return rest[1:] if head == same and rest.startswith("/") else None


def read_mtime_ns(path: Path | str) -> int:
    """Return when a path, not what a link leads to, was last changed, in ns; 0 if it is missing."""
    try:
        return os.lstat(path).st_mtime_ns
    except (OSError, ValueError):  # ValueError: NUL
        return 0


def to_disk(prefix: Path, path: PrefixPath) -> Path:
    """Return the path on disk, for reading."""
    return prefix / path


def read_regular(path: Path | str, *, follow: bool = True) -> bytes:
    """Read a regular file of at most `READ_LIMIT` bytes, as `open_regular` opens it."""
    descriptor = _open_regular(path, follow=follow)
    try:
        size = os.fstat(descriptor).st_size
        if size > READ_LIMIT:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        content = os.read(descriptor, size + 1)  # Python reserves as much as it is told
        while 0 < len(content) < size and (more := os.read(descriptor, size - len(content))):
            content += more
        return content
    finally:
        os.close(descriptor)


def open_regular(path: Path | str, *, follow: bool = True) -> BinaryIO:
    """Open a regular file, without ever waiting for one.

    An environment may be somebody else's: a pipe would never end, and opening a device can be all
    that it takes (a watchdog). With ``follow`` False a symbolic link is not followed.

    Raises OSError.
    """
    return os.fdopen(_open_regular(path, follow=follow), "rb")


def _open_regular(path: Path | str, *, follow: bool) -> int:
    _refuse_irregular(os.stat(path, follow_symlinks=follow), path)
    descriptor = os.open(path, _FLAGS if follow else _FLAGS | _NO_FOLLOW)
    try:
        _refuse_irregular(os.fstat(descriptor), path)  # it may have been replaced
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _refuse_irregular(status: os.stat_result, path: Path | str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", str(path))


def is_private(folder: Path) -> bool:
    """Return whether nobody but this user and root can put anything into a folder, or in its place.

    It need not exist yet. Programs are run from it, and under `sudo` HOME can be the caller's.
    Windows gives a user's folders to the user.
    """
    if not hasattr(os, "geteuid"):
        return True
    real = Path(os.path.realpath(folder))
    above = {*real.parents, *folder.parents}
    trusted = {0, os.geteuid()}
    owners = {**dict.fromkeys(above, trusted), real: {os.geteuid()}, folder: {os.geteuid()}}
    for place, allowed in owners.items():
        try:
            status = place.lstat()
        except FileNotFoundError:
            continue
        except OSError:
            return False
        mode = 0 if stat.S_ISLNK(status.st_mode) else status.st_mode
        if status.st_uid not in allowed or (mode & stat.S_IWOTH and not mode & stat.S_ISVTX):
            return False
    return True


def resolve_for_write(prefix: Path, path: PrefixPath) -> Path:
    """Return the path on disk, for writing or deleting it.

    Raises InteropError ``path-outside-prefix`` if a symlinked parent leads out of the prefix. The
    last component is not followed: replacing or deleting a link does not change its target.
    """
    if parse_prefix_path(path) != path:
        raise InteropError("path-outside-prefix", f"{path} is outside of {prefix}.")
    refuse_links_outside(prefix, [path])
    return prefix / path


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class LinkOutside:
    """A folder in a prefix that is a symbolic link out of it; ``target`` is where it leads."""

    folder: Path
    target: Path

    @property
    def removal(self) -> str:
        """The command that removes the link; what it leads to stays.

        A folder that many packages share is copied into its place: without it, nothing works.
        """
        folder, target = shlex.quote(str(self.folder)), shlex.quote(str(self.target))
        remove = f"rm {folder}"
        is_shared = "site-packages" not in self.folder.parent.parts
        return f"{remove} && cp -R {target} {folder}" if is_shared else remove

    def __str__(self) -> str:
        return f"{self.folder} is a symbolic link to {self.target}"


def find_links_outside(prefix: Path, paths: Iterable[str]) -> tuple[LinkOutside, ...]:
    """Find the folders through which ``paths`` below the prefix lead out of it, sorted."""
    root = os.path.realpath(prefix)
    known: dict[str, LinkOutside | None] = {"": None}
    for folder in {path.rpartition("/")[0] for path in paths}:
        above, unknown = folder, []
        while above not in known:
            unknown.append(above)
            above = above.rpartition("/")[0]
        link = known[above]
        for one in reversed(unknown):
            link = known[one] = link or _read_link(prefix / one, root)
    return tuple(sorted({one for one in known.values() if one is not None}))


def _read_link(folder: Path, root: str) -> LinkOutside | None:
    """Return the link that a folder is, if it leads out of ``root``."""
    try:
        # Before Python 3.12 a junction cannot be told from a folder.
        if os.name != "nt" and not folder.is_symlink():
            return None
    except OSError:  # the name is too long: there is no such folder
        return None
    real = Path(os.path.realpath(folder))
    is_inside = real == Path(root) or Path(root) in real.parents
    return None if is_inside else LinkOutside(folder=folder, target=real)


def refuse_links_outside(prefix: Path, paths: Iterable[str]) -> None:
    """Raise InteropError ``path-outside-prefix`` if a path leads out of the prefix."""
    links = find_links_outside(prefix, paths)
    if links:
        raise InteropError(
            "path-outside-prefix",
            f"Nothing was changed in {prefix}: files would be changed outside of it, because "
            f"{', '.join(map(str, links))}.",
            hints=tuple(f"To fix: `{one.removal}`, then run the command again." for one in links),
        )


def render_move(path: Path) -> str:
    """Return the command that moves a file or folder out of the way, beside itself."""
    return f"mv {shlex.quote(str(path))} {shlex.quote(f'{path}.moved')}"


def folds_case(root: Path, names: Collection[str]) -> bool:
    """Return whether one of the names in a folder, in the other case, is the same file."""
    for name in names:
        other = name.swapcase()
        if other == name or other in names:
            continue
        try:
            return os.path.samestat(os.lstat(root / name), os.lstat(root / other))
        except OSError:
            return False
    return False


def fold_path(path: str, *, folds_case: bool) -> str:
    """Return the key under which ``path`` is compared, case-folded if ``folds_case``.

    File systems that ignore case (macOS, Windows) also treat composed and decomposed accents as
    equal or have only one of them, so both are folded.
    """
    if not folds_case:
        return path
    if path.isascii():
        return path.lower()
    import unicodedata  # a library of its own, for few paths

    return unicodedata.normalize("NFC", path).casefold()


def path_below(folder: PrefixPath, *names: str) -> PrefixPath:
    """Join plain names (no separators, no dots) onto a PrefixPath."""
    return PrefixPath("/".join((folder, *names)))
