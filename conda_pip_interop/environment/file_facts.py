"""File facts: what exists at a path, read once and only as deep as needed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from conda_pip_interop.environment.paths import (
    HASH_LIMIT,
    PrefixPath,
    fold_path,
    open_regular,
)
from conda_pip_interop.environment.prefix import Prefix
from conda_pip_interop.values import dataclass

Kind: TypeAlias = Literal["file", "symlink", "dangling", "dir", "special", "absent", "unreadable"]
_BLOCK = 1 << 20
_KEPT_FOLDERS = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFact:
    """What exists at a path; ``size`` and ``sha256`` (hex) only if they were needed.

    For a symlink both are those of its target, as in conda's records and pip's RECORD; one whose
    target does not exist is ``dangling``. A pipe, a socket or a device is ``special``. What is
    larger than `HASH_LIMIT` has its size in the place of its hash, which no package states.
    """

    kind: Kind
    size: int | None
    sha256: str | None


_KINDS: Mapping[Kind, FileFact] = {
    kind: FileFact(kind=kind, size=None, sha256=None) for kind in get_args(Kind)
}
PLAIN_FILE: Final = _KINDS["file"]
"""What `FactReader.facts` leaves out."""


class FactReader:
    """Reads facts of paths in one prefix; ``folders`` are those whose names it has read.

    Existence is read by listing folders: tens of thousands of files are in few folders. The last
    ones are kept; a million names would take more memory than all the rest. For the same reason
    ``facts`` has no file that is simply there, and was not hashed.
    """

    def __init__(self, prefix: Prefix) -> None:
        self._prefix = prefix
        self._list = lru_cache(maxsize=_KEPT_FOLDERS)(self._read_folder)
        self.facts: dict[PrefixPath, FileFact] = {}
        self.folders: set[str] = set()

    def _read_folder(self, folder: str) -> Mapping[str, Kind] | Kind:
        self.folders.add(folder)
        return _list_folder(self._prefix, folder)

    def read_kind(self, path: PrefixPath) -> FileFact:
        """Return the kind of file at ``path``."""
        fact = self.facts.get(path)
        if fact is None:
            folder, _, name = path.rpartition("/")
            listing = self._list(folder)
            if isinstance(listing, str):
                kind = listing
            else:
                key = fold_path(name, folds_case=True) if self._prefix.folds_case else name
                kind = listing.get(key, "absent")
            fact = _KINDS[kind]
            if kind != "file":
                self.facts[path] = fact
        return fact

    def read_hash(self, path: PrefixPath, sizes: Collection[int] = ()) -> FileFact:
        """Return also the size and the sha256 if it is a file or a link to one.

        ``sizes`` are those that records state: a file that is too large for hashing but as large as
        stated is taken for what it should be.
        """
        fact = self.read_kind(path)
        if fact.kind in {"file", "symlink"} and fact.sha256 is None:
            fact = self.facts[path] = _read_hash(f"{self._prefix.root}/{path}", fact.kind, sizes)
        return fact


def _list_folder(prefix: Prefix, folder: str) -> Mapping[str, Kind] | Kind:
    try:
        with os.scandir(prefix.root / folder) as entries:
            kinds = {entry.name: _find_kind(entry, prefix.mirrors) for entry in entries}
    except (FileNotFoundError, NotADirectoryError):
        return "absent"
    except OSError:
        return "unreadable"
    if not prefix.folds_case:
        return kinds
    return {fold_path(name, folds_case=True): kind for name, kind in kinds.items()}


def _find_kind(entry: os.DirEntry[str], mirrors: Path | None) -> Kind:
    try:
        follow = mirrors is not None and entry.is_symlink() and _is_mirrored(entry, mirrors)
        if entry.is_symlink() and not follow:
            return "symlink" if Path(entry.path).exists() else "dangling"
        if entry.is_dir(follow_symlinks=follow):
            return "dir"
        return "file" if entry.is_file(follow_symlinks=follow) else "special"
    except OSError:
        return "unreadable"


def _is_mirrored(entry: os.DirEntry[str], mirrors: Path) -> bool:
    """Return whether a link of a copy stands for what it leads to: it leads into the original."""
    return mirrors in Path(entry.path).readlink().parents


def _read_hash(path: str, kind: Kind, sizes: Collection[int]) -> FileFact:
    digest = hashlib.sha256()
    size = 0
    try:
        with open_regular(path) as file:
            stated = os.fstat(file.fileno()).st_size
            if stated > HASH_LIMIT:
                word = None if stated in sizes else f"{stated} bytes"
                return FileFact(kind=kind, size=stated, sha256=word)
            while block := file.read(_BLOCK):
                digest.update(block)
                size += len(block)
    except OSError:
        return _KINDS["unreadable"] if kind == "file" else _KINDS[kind]
    return FileFact(kind=kind, size=size, sha256=digest.hexdigest())
