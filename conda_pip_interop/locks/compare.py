"""Compare an environment with a lock: what is missing, another one, or not in the lock. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.exports.sources import FromArchive, FromIndex, FromRepository
from conda_pip_interop.text import strip_credentials
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from conda_pip_interop.exports.contents import CondaPackage, Contents, PipPackage
    from conda_pip_interop.exports.sources import Source
    from conda_pip_interop.locks.lock import Lock, LockedDistribution, LockedPackage


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """What an environment lacks of a lock, and what it has beside it.

    `link` and `install` are missing, or another one than installed; `unlink` and `remove` are not
    in the lock. `moves_python`: the folder of Python's packages becomes another one.
    """

    link: tuple[LockedPackage, ...] = ()
    unlink: tuple[CondaPackage, ...] = ()
    install: tuple[LockedDistribution, ...] = ()
    remove: tuple[PipPackage, ...] = ()
    moves_python: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether the environment is what the lock says."""
        return not (self.link or self.unlink or self.install or self.remove)


def compare(lock: Lock, contents: Contents) -> Difference:
    """Compare; what pip has installed in place of a conda package counts as pip's."""
    installed = {one.record.name: one for one in contents.conda}
    names = {one.name for one in lock.conda}
    wanted = {one.name for one in lock.pip}
    coming = _find_minor(one.version for one in lock.conda if one.name == "python")
    present = (one.record for one in contents.conda)
    moves = coming != _find_minor(one.version for one in present if one.name == "python")
    link = tuple(one for one in lock.conda if not _is_same_package(one, installed.get(one.name)))
    restored = {
        one.record.name
        for one in contents.conda
        if any(package.in_place_of == one.record.name for package in _find_gone(contents, wanted))
    }
    link = tuple(one for one in lock.conda if one in link or one.name in restored)
    linked = {one.name for one in link}
    pips = {one.key: one for one in contents.pip}
    return Difference(
        link=link,
        unlink=tuple(one for one in contents.conda if one.record.name not in names),
        install=tuple(
            one
            for one in lock.pip
            if moves
            or one.in_place_of in linked
            or not _is_same_distribution(one, pips.get(one.name))
        ),
        remove=tuple(_find_gone(contents, wanted)),
        moves_python=moves and bool(contents.python),
    )


def _find_gone(contents: Contents, wanted: Collection[str]) -> Iterator[PipPackage]:
    return (one for one in contents.pip if one.key not in wanted)


def _find_minor(versions: Iterable[str]) -> str:
    """Return the minor version of Python, `3.11`; empty if there is none."""
    return ".".join(next(iter(versions), "").split(".")[:2])


def _is_same_package(locked: LockedPackage, installed: CondaPackage | None) -> bool:
    """Whether the very file is installed; a mirror of the channel may have it, too."""
    if installed is None:
        return False
    record = installed.record
    if (record.name, record.version, record.build) != (locked.name, locked.version, locked.build):
        return False
    if locked.md5 and installed.md5:
        return locked.md5 == installed.md5
    if locked.sha256 and installed.sha256:
        return locked.sha256 == installed.sha256
    return installed.url == locked.url


def _is_same_distribution(locked: LockedDistribution, installed: PipPackage | None) -> bool:
    """Whether it is from the same file, commit or folder; where that is unknown, by its version."""
    if installed is None:
        return False
    if installed.source == FromIndex():
        return isinstance(locked.source, FromIndex) and installed.version == locked.version
    return _identify(locked.source) == _identify(installed.source)


def _identify(source: Source) -> object:
    """Return what is equal for what has equal content; a folder counts as itself."""
    match source:
        case FromIndex(sha256=digest):
            return digest
        case FromArchive():
            return (source.algorithm, source.digest, source.subdirectory)
        case FromRepository():
            return (strip_credentials(source.url), source.commit, source.subdirectory)
    return source
