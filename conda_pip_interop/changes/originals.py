"""Originals: records as conda wrote them, kept while pip's payload, or none, is in their place."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.files import remove_file, write_file
from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER, is_trusted, read_own_text
from conda_pip_interop.changes.atomic.rollback import KEPT_DAYS
from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    parse_conda_record,
    render_record_json,
)
from conda_pip_interop.environment.paths import PrefixPath, read_regular

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from conda_pip_interop.environment.snapshot import Snapshot

_SECONDS_A_DAY: Final = 86_400


def original_path(record: CondaRecord) -> PrefixPath:
    """Where a record is kept as conda wrote it."""
    return PrefixPath(f"{ORIGINALS_FOLDER}/{record.path.rpartition('/')[2]}")


def read_original(record: CondaRecord, root: Path) -> CondaRecord:
    """A record as conda wrote it, where we keep it; the record itself where we do not."""
    original = parse_conda_record(read_own_text(root / original_path(record)), path=record.path)
    return original if isinstance(original, CondaRecord) else record


def keep_original(record: CondaRecord, root: Path) -> Iterator[WriteFile]:
    """Keep a record as conda wrote it, or would have where it is lost, unless that is done."""
    kept = original_path(record)
    if not record.overridden_by and not os.path.lexists(root / kept):
        on_disk = root / record.path
        text = render_record_json(record.raw)
        is_there = on_disk.is_file()
        yield WriteFile(
            path=kept,
            content=read_regular(on_disk) if is_there else text.encode(),
            reason="the record as conda wrote it",
            mode=on_disk.stat().st_mode & 0o777 if is_there else None,
        )


def count_originals(root: Path) -> int:
    """How many records are kept as conda wrote them."""
    return sum(1 for _ in (root / ORIGINALS_FOLDER).glob("*.json"))


def prune_originals(snapshot: Snapshot, altered: Collection[str]) -> None:
    """Forget the originals of records that are as conda linked them again.

    `altered` are the conda packages that pip replaced or removed. The original of a record that is
    gone is kept for `KEPT_DAYS`: a conda without this plugin may have deleted it (conda#14423).
    """
    folder = snapshot.prefix.root / ORIGINALS_FOLDER
    if not folder.is_dir() or not is_trusted(snapshot.prefix.root):
        return
    changed = {one.name for one in snapshot.records if one.overridden_by} | {*altered}
    linked = {one.name for one in snapshot.records} - changed
    oldest = time.time() - KEPT_DAYS * _SECONDS_A_DAY
    for kept in folder.glob("*.json"):
        path = PrefixPath(f"{ORIGINALS_FOLDER}/{kept.name}")
        name = kept.name.rsplit("-", 2)[0]  # of NAME-VERSION-BUILD.json
        if name in linked or (name not in changed and kept.lstat().st_mtime < oldest):
            remove_file(snapshot.prefix.root, path)


def lost_path(stem: str) -> PrefixPath:
    """Return where we remember that a record (NAME-VERSION-BUILD) is lost."""
    return PrefixPath(f"{ORIGINALS_FOLDER}/{stem}.lost")


def is_lost_remembered(stem: str, root: Path) -> bool:
    """Return whether a record was found to be lost; conda's history forgets it."""
    return os.path.lexists(root / lost_path(stem))


def remember_lost(stems: Collection[str], root: Path) -> None:
    """Remember which records are lost, and forget those that are not any more."""
    folder = root / ORIGINALS_FOLDER
    if not is_trusted(root):
        return
    for path in folder.glob("*.lost"):
        if path.stem not in stems:
            remove_file(root, lost_path(path.stem))
    for stem in stems:
        if not is_lost_remembered(stem, root):
            write_file(root, lost_path(stem), b"")
