"""Plans: what would be done to the files of a prefix, each action with its reason. All pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.paths import PrefixPath


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteFile:
    """Put `content` (bytes) at `path`, in place of what is there; `mode` is the permission bits."""

    path: PrefixPath
    content: bytes
    reason: str
    mode: int = 0o644


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceFile:
    """Move the file at `source` to `path`, in place of what is there, as it is: time and mode too.

    `source` is on the file system of the prefix; it is gone afterwards.
    """

    path: PrefixPath
    source: Path
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveFile:
    """Take the file, symlink or empty folder at `path` away; folders left empty by it go too."""

    path: PrefixPath
    reason: str


FileAction: TypeAlias = WriteFile | PlaceFile | RemoveFile


Verb: TypeAlias = Literal["install", "upgrade", "downgrade", "change", "remove", "keep"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageAction:
    """What happens to one package: who will own it, and why.

    `name` is as its manager spells it; `version` is None for `remove`, `previous` for `install`;
    `source` is the channel or index it comes from, where that is known.
    """

    manager: Manager
    verb: Verb
    name: str
    version: str | None
    previous: str | None
    reason: str
    source: str | None = None
