"""The findings that undoing would bring: an undo ends in no state worse than it began."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.changes.undoing.preview import find_contents, open_preview
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import Finding


def find_brought(prefix: Path, operations: Sequence[Sequence[Journal]]) -> tuple[Finding, ...]:
    """Find what there would be once operations (newest first) are undone, and is not there now.

    What was there before the oldest of them comes back with the rest: that is none of it.
    """
    snapshot = read_snapshot(prefix)
    known = {one.key for one in find_all(snapshot)}
    undone = _flatten(reversed(operations))
    with open_preview(prefix, undone) as copy:
        coming = find_all(read_snapshot(copy, mirrors=prefix))
        brought = [one for one in coming if one.key not in known]
    if not brought:
        return ()
    listed = list_operations(prefix)
    oldest = next(at for at, one in enumerate(listed) if one[0].identifier == undone[0].identifier)
    chosen = {one.identifier: one for one in undone}
    every = [chosen.get(one.identifier, one) for one in _flatten(listed[oldest:])]
    later = [one for one in every if one.conda is None or one in undone]
    time, contents = _find_time(prefix, operations[-1]), find_contents(prefix, later)
    newer = {*_find_newer(snapshot, time, contents)}
    for one in later:
        if one.conda is not None:
            newer |= {PrefixPath(f"conda-meta/{name}") for name in one.conda.linked}
    with open_preview(prefix, map(_keep_linked, later), without=newer) as copy:
        earlier = read_snapshot(copy, mirrors=prefix)
        is_known = earlier.prefix.python is not None  # the one before it has gone since
        before = {one.key for one in find_all(earlier)} if is_known else set()
    return tuple(one for one in brought if one.key not in before)


def _keep_linked(journal: Journal) -> Journal:
    """Keep the files that a command of conda's linked: what it has overwritten was no fault."""
    change = journal.conda
    return journal if change is None else replace(journal, conda=replace(change, linked=()))


def _flatten(operations: Iterable[Sequence[Journal]]) -> list[Journal]:
    return [journal for one in operations for journal in one]


def _find_time(prefix: Path, operation: Sequence[Journal]) -> int:
    """Return when an operation was done, in nanoseconds."""
    head = operation[0]
    if head.conda is None:
        return (prefix / head.folder / "journal.jsonl").stat().st_mtime_ns
    linked = (prefix / "conda-meta" / name for name in head.conda.linked)
    times = [one.stat().st_mtime_ns for one in linked if one.is_file()]
    return max(times, default=int((datetime.fromisoformat(head.started).timestamp() + 1) * 1e9))


def _find_newer(
    snapshot: Snapshot, time: int, undone: Collection[PrefixPath]
) -> Iterator[PrefixPath]:
    """Find the files of what conda and pip have installed since, without a journal of ours."""
    root, ownership = snapshot.prefix.root, snapshot.ownership
    newer = [one for one in snapshot.records if _is_newer(root, one.path, time, undone)]
    older = {file.path for one in snapshot.records if one not in newer for file in one.files}
    for record in newer:
        yield record.path
        yield from (file.path for file in record.files if file.path not in older)
    for one in (*snapshot.distributions, *snapshot.stranded):
        path = PrefixPath(f"{one.metadata}/RECORD")
        if isinstance(ownership.owner_of(one), ByPip) and _is_newer(root, path, time, undone):
            yield from (file.path for file in one.files or () if file.path not in older)


def _is_newer(root: Path, path: PrefixPath, time: int, undone: Collection[PrefixPath]) -> bool:
    try:
        return path not in undone and to_disk(root, path).lstat().st_mtime_ns > time
    except OSError:
        return False
