"""Locks of several platforms, conda-lock's (CEP 37) and pixi's: what they have for one of them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.dependency_files.locks import parse_conda_lock, parse_pixi_lock
from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.exports.sources import FromFolder, FromIndex, Source, parse_reference
from conda_pip_interop.locks.lock import (
    Lock,
    LockedDistribution,
    LockedPackage,
    add_replaced,
    build_distribution,
    build_package,
)
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from collections.abc import Collection

    from conda_pip_interop.dependency_files.locks import LockEntry

_READERS: Final = {"conda-lock": parse_conda_lock, "pixi-lock": parse_pixi_lock}


def parse_of_platforms(
    text: str,
    *,
    kind: str,
    origin: str,
    folder: Path,
    subdir: str,
    categories: Collection[str] = (),
) -> Lock:
    """Parse what a `conda-lock` or `pixi-lock` in `folder` has for `subdir`.

    Its platform is another one if there is nothing for `subdir`. `categories` of conda-lock are
    read beside `main`. Raises UsageError: `unreadable-file`, `no-such-part`.
    """
    lock = _READERS[kind](text, origin=origin)
    platforms = dict.fromkeys(one.platform for one in lock.packages)
    platform = subdir if subdir in platforms else next(iter(platforms), subdir)
    found = [one for one in lock.packages if one.platform == platform]
    chosen = lock.choose_categories(categories, origin=origin).packages
    read = [one for one in chosen if one.platform == platform]
    conda = tuple(_convert_package(one, origin) for one in read if one.manager == "conda")
    pip = (_convert_distribution(one, origin, folder) for one in read if one.manager == "pip")
    others = sorted({one.category for one in found if one not in read})
    left = count(len(found) - len(read), "package")
    notes = [f"Not installed: {left} of {', '.join(others)}."] if others else []
    if lock.others:
        notes.append(f"Not installed: the environments {', '.join(lock.others)} of {origin}.")
    return Lock(
        origin=origin,
        platform=platform,
        conda=conda,
        pip=add_replaced(pip, conda),
        channels=lock.channels,
        platforms=tuple(platforms),
        notes=tuple(notes),
    )


def _convert_package(one: LockEntry, origin: str) -> LockedPackage:
    hashes = {key: one.hashes.get(key, "") for key in ("md5", "sha256")}
    return build_package(one.url, origin, **hashes)


def _convert_distribution(one: LockEntry, origin: str, folder: Path) -> LockedDistribution:
    return build_distribution(
        one.name, _find_source(one, origin, folder), origin, version=one.version
    )


def _find_source(one: LockEntry, origin: str, folder: Path) -> Source:
    """A path is meant from the folder; of what is from an index, the file's URL is stated."""
    if not one.direct:
        return FromIndex(url=one.url, sha256=one.hashes.get("sha256"))
    if "://" in one.url:
        digest = "" if "#" in one.url else one.hashes.get("sha256", "")
        return parse_reference(f"{one.url}#sha256={digest}" if digest else one.url)
    path = os.path.normpath(folder / one.url)
    if not Path(path).is_dir():
        raise unreadable(origin, f"{one.name} is not in {path}")
    return FromFolder(path=path, editable=one.editable)
