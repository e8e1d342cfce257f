"""Extracted packages in conda's cache that are not what the packages contain: replaced.

A file that is edited in place, and not replaced, is edited in the package cache, too, where conda
links by hard links. What is linked from there later gets the edit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.common.path import url_to_path
from conda.common.url import path_to_url
from conda.core.package_cache_data import PackageCacheData, ProgressiveFetchExtract
from conda.exceptions import CondaError
from conda.gateways.disk.read import compute_sum

from conda_pip_interop.changes.atomic.files import hash_file
from conda_pip_interop.conda_adapter.console import notify
from conda_pip_interop.conda_adapter.transactions.extracted_packages import find_extracted
from conda_pip_interop.environment.conda_meta.packaged_record import read_stated_hashes
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import strip_channel

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def replace_spoilt(records: Iterable[Any], *, strict: bool = True, quick: bool = False) -> None:
    """Extract packages again of which the cache has other files, from their archives.

    An archive that is not there is downloaded. Nothing is written through a hard link. Without a
    sound archive, raises InteropError `spoilt-package` if `strict`: a rollback must go on. `quick`
    hashes only what has another size, or was written after the package was extracted.
    """
    for record in records:
        folder = find_extracted(record)
        spoilt = None if folder is None else next(_find_spoilt(folder, quick=quick), None)
        if spoilt is None:
            continue
        try:
            _extract_again(record)
        except (CondaError, OSError) as error:
            if not strict:
                continue
            raise InteropError(
                "spoilt-package",
                f"Nothing was changed: {spoilt} is in conda's package cache, and not what "
                f"{record.name} {record.version} contains. {strip_channel(record.url)} cannot be "
                f"extracted again: {error}",
                hints=("To fix: check the network and the channel, then run the command again.",),
            ) from error
        notify(
            f"conda-pip-interop: {record.name} {record.version} was extracted again: {spoilt}, in "
            "conda's package cache, was not what the package contains."
        )


def _find_spoilt(folder: Path, *, quick: bool) -> Iterator[Path]:
    """Find the files that are not what the package contains; Python writes compiled ones anew."""
    written = folder / "info" / "repodata_record.json"  # by conda, at the end
    extracted = written.stat().st_mtime_ns if quick and written.is_file() else 0
    for path, (sha256, size) in read_stated_hashes(folder).items():
        if path.endswith(".pyc"):
            continue
        try:
            status = os.stat(f"{folder}/{path}")
            if quick and status.st_size == size and status.st_mtime_ns <= extracted:
                continue
            is_same = hash_file(folder / path) == sha256
        except OSError:
            is_same = False
        if not is_same:
            yield folder / path


def _extract_again(record: Any) -> None:
    """Let conda extract a package as if no cache had it; raises OSError without a sound archive."""
    caches = PackageCacheData.all_caches_writable_first()
    known = [(cache, one) for cache in caches for one in tuple(cache.query(record))]
    archives = [one.package_tarball_full_path for _, one in known]
    archives += [url_to_path(record.url)] if record.url.startswith("file:") else []
    sound = next((one for one in archives if _is_sound(one, record)), None)
    try:
        for cache, one in known:
            cache.remove(one)
        fetching = ProgressiveFetchExtract((record,))
        fetching.prepare()
        caching, _ = fetching.paired_actions[record]
        if sound is not None:
            caching.url = path_to_url(sound)
        elif record.url.startswith("file:"):  # conda does not check what it copies
            raise FileNotFoundError("its archive is gone, or has another hash")
        fetching.execute()
    finally:
        for cache, _ in known:
            cache.reload()


def _is_sound(archive: str, record: Any) -> bool:
    """Return whether a file has the hash of the package; without a known one it has not."""
    for algorithm in ("sha256", "md5"):
        stated = record.get(algorithm, None)
        if stated:
            return Path(archive).is_file() and compute_sum(archive, algorithm) == stated
    return False
