"""A copy of an environment as it will be once operations are undone, made of links."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeAlias

from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.changes.atomic.journal import (
    JOURNAL_FOLDER,
    ORIGINALS_FOLDER,
    STATE_FOLDER,
)
from conda_pip_interop.changes.atomic.rollback import read_conda_change
from conda_pip_interop.changes.undoing.undone import find_stashed
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE
from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    as_packaged,
    parse_conda_record,
    read_conda_records,
)
from conda_pip_interop.environment.paths import READ_LIMIT, PrefixPath, to_disk

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from conda_pip_interop.changes.atomic.journal import Journal

#: A file as it will be: its text, where its content is, or None if there will be none.
Content: TypeAlias = str | Path | None
#: Our own folders are real ones in the copy: what is behind a link is not trusted.
_OWN: Final = (STATE_FOLDER, ORIGINALS_FOLDER)


@contextlib.contextmanager
def open_preview(
    prefix: Path, journals: Iterable[Journal], *, without: Iterable[PrefixPath] = ()
) -> Iterator[Path]:
    """Make the copy in a temporary folder: journals (oldest first) undone, `without` these files.

    Nothing in the environment changes. conda's packages that come back have the content that they
    have in the package cache; what is not there is an empty file.
    """
    contents = {**find_contents(prefix, journals), **dict.fromkeys(without)}
    with TemporaryDirectory(prefix="conda-pip-interop-") as folder:
        _mirror(prefix, Path(folder), contents)
        yield Path(folder)


def find_contents(prefix: Path, journals: Iterable[Journal]) -> dict[PrefixPath, Content]:
    """Find the files that undoing journals (oldest first) changes: the first change counts."""
    contents: dict[PrefixPath, Content] = {}
    linked: set[PrefixPath] = set()
    unlinked: dict[PrefixPath, str] = {}
    folders = HeldFolders(root=prefix)
    for journal in journals:
        change = read_conda_change(prefix, journal)
        if change is not None:
            contents.setdefault(HISTORY_FILE, change.history)
            linked |= {PrefixPath(f"conda-meta/{name}") for name in change.linked}
            texts = {PrefixPath(f"conda-meta/{one}"): text for one, text in change.unlinked.items()}
            unlinked = texts | unlinked
            for path, text in {**dict.fromkeys(linked), **texts}.items():
                contents.setdefault(path, text)
        for step in journal.steps:
            if step.kind in ("write", "remove"):
                before = find_stashed(journal, step, folders)
                contents.setdefault(step.path, before.path if isinstance(before, Place) else before)
    packaged = _find_linked(prefix, linked)
    for path, text in unlinked.items():
        record = parse_conda_record(text, path=path)
        if isinstance(record, CondaRecord) and not record.overridden_by:  # else they are pip's
            packaged.update(_find_packaged(record))
    return packaged | contents


def _find_linked(prefix: Path, linked: Collection[PrefixPath]) -> dict[PrefixPath, Content]:
    """Find the files of packages that are unlinked: no other record lists them."""
    records, _ = read_conda_records(prefix)
    kept = {file.path for one in records if one.path not in linked for file in one.files}
    files = (file.path for one in records if one.path in linked for file in one.files)
    return dict.fromkeys(path for path in files if path not in kept)


def _find_packaged(record: CondaRecord) -> Iterator[tuple[PrefixPath, Content]]:
    folder = Path(record.extracted_package_dir or "")
    for file in record.files:
        if file.path.endswith(".pyc"):
            continue
        places = (folder / one for one in (file.path, as_packaged(file.path)))
        yield file.path, next((one for one in places if os.path.lexists(one)), "")


def _mirror(prefix: Path, copy: Path, contents: Mapping[PrefixPath, Content]) -> None:
    """Link what stays, folder by folder where something changes; write what changes."""
    folders = {"", "conda-meta", *_OWN}
    for path in contents:
        above = path.rpartition("/")[0]
        while above not in folders:
            folders.add(above)
            above = above.rpartition("/")[0]
    for folder in sorted(folders):
        (copy / folder).mkdir(exist_ok=True)
        for entry in _list_entries(prefix / folder):
            path = PrefixPath(f"{folder}/{entry.name}".lstrip("/"))
            if path in contents or path in folders or path == JOURNAL_FOLDER:
                continue
            link = shutil.copyfile if folder in _OWN and _is_own_file(entry) else _link
            link(Path(entry.path), copy / path)
    for path, content in contents.items():
        if isinstance(content, str):
            to_disk(copy, path).write_text(content, encoding="utf-8", errors="surrogateescape")
        elif content is not None:
            _link(content, to_disk(copy, path))
    for folder in sorted(folders, reverse=True):  # those below first
        with contextlib.suppress(OSError):  # not empty
            (copy / folder).rmdir()


def _is_own_file(entry: os.DirEntry[str]) -> bool:
    """Return whether it is a file as we write them: no link, and no larger than is read."""
    return entry.is_file(follow_symlinks=False) and entry.stat().st_size <= READ_LIMIT


def _list_entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _link(source: Path, place: Path) -> None:
    """Link a file or a folder; a link is made again. Copy it where links cannot be made."""
    try:
        place.symlink_to(source.readlink() if source.is_symlink() else source)
    except OSError:  # Windows lets few users make them
        if source.is_dir():
            shutil.copytree(source, place, symlinks=True, ignore_dangling_symlinks=True)
        else:
            shutil.copyfile(source, place)
