"""conda's part of a plan where it replaces what is not conda's: both are taken back together."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.journal import read_own_text
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.exclusive_files import exclusive_files, is_file
from conda_pip_interop.changes.override import read_override
from conda_pip_interop.changes.plan import RemoveFile, WriteFile
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.claims import find_edited
from conda_pip_interop.environment.conda_meta.records import CondaRecord, parse_conda_record
from conda_pip_interop.environment.file_facts import FactReader
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import CondaPart, FileAction, Plan
    from conda_pip_interop.environment.conda_meta.records import CondaFile
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target


@dataclass(kw_only=True)
class ReplacingPart:
    """Moves files of pip's and of nobody's, and edited ones, aside before conda links.

    conda would overwrite them, or unlink them with its packages, and undoing would not bring them
    back. This is an operation of its own, the head of what `undo` takes back; what follows is
    written as automatic. `overridden` are the records of packages that pip has replaced: name of
    the file → text.
    """

    part: CondaPart
    removals: tuple[RemoveFile, ...]
    overridden: Mapping[str, str]
    title: str
    prefix: Path
    _identifier: str | None = None

    def execute(self) -> None:
        """See `CondaPart.execute`; files come back if conda fails."""
        goal = self.part.find_goal()
        with open_operation(self.prefix, self.title, goal=goal) as operation:
            operation.apply(self.removals)
            self.part.execute()
        self._identifier = operation.folder.name

    @property
    def unlinked_names(self) -> frozenset[str]:
        """See `CondaPart.unlinked_names`."""
        return self.part.unlinked_names

    def list_created(self) -> tuple[PrefixPath, ...]:
        """See `CondaPart.list_created`."""
        return self.part.list_created()

    def find_carried(self) -> Mapping[NormalizedName, str]:
        """See `CondaPart.find_carried`."""
        return self.part.find_carried()

    def find_goal(self) -> PrefixPath | None:
        """See `CondaPart.find_goal`."""
        return self.part.find_goal()

    def download(self) -> None:
        """See `CondaPart.download`."""
        self.part.download()

    def roll_back(self) -> None:
        """See `CondaPart.roll_back`."""
        self.part.roll_back()
        with open_operation(self.prefix, self.title, keep=False) as operation:
            operation.apply(restore_overrides(self.overridden, self.prefix, pips_are_back=False))
            operation.apply(  # conda's own, linked again
                one for one in self.removals if os.path.lexists(to_disk(self.prefix, one.path))
            )
        if self._identifier is not None:
            undo(self.prefix, self._identifier)


def restore_overrides(
    records: Mapping[str, str], prefix: Path, *, pips_are_back: bool = True
) -> tuple[FileAction, ...]:
    """Build what makes packages overridden again, as their records say, after conda linked them.

    What conda has linked goes, unless others list it, or pip's files are in its place again, which
    the records list.
    """
    snapshot = read_snapshot(prefix, depth="names")
    actions: list[FileAction] = []
    for name, text in records.items():
        path = PrefixPath(f"conda-meta/{name}")
        record = parse_conda_record(text, path=path)
        if not (isinstance(record, CondaRecord) and record.overridden_by):
            continue
        kept = {file.path for file in record.files} if pips_are_back else set()
        for linked in (one for one in snapshot.records if one.path == path):
            actions += (
                RemoveFile(path=file.path, reason="undo")
                for file in linked.files
                if file.path not in kept
                and os.path.lexists(to_disk(prefix, file.path))
                and all(one.record.path == path for one in snapshot.claims.of(file.path))
            )
        actions.append(WriteFile(path=path, content=text.encode(), reason="undo"))
    return tuple(actions)


def find_replacing(plan: Plan, part: CondaPart, target: Target) -> ReplacingPart | None:
    """Find what moves aside for a plan's downloaded part; None if all it replaces is conda's."""
    coming, leaving = part.find_carried(), part.unlinked_names
    known = plan.snapshot or read_snapshot(target.prefix, depth="names")
    others = (*_find_unlisted(part.list_created(), known), *_find_edited(leaving, known))
    is_overridden = any(one.overridden_by and one.name in leaving for one in known.records)
    is_pips = coming.keys() & {one.name for one in known.distributions}
    if not (others or is_overridden or is_pips):
        return None
    snapshot = read_snapshot(target.prefix)
    overridden = [one for one in snapshot.records if one.overridden_by and one.name in leaving]
    removals = (
        *_find_removals(coming, snapshot),
        *find_overrides(overridden, snapshot),
        *others,
    )
    if not removals:
        return None
    return ReplacingPart(
        part=part,
        removals=removals,
        overridden={
            one.path.rpartition("/")[2]: read_own_text(target.prefix / one.path)
            for one in overridden
        },
        title=plan.title,
        prefix=target.prefix,
    )


def _find_unlisted(created: Iterable[PrefixPath], known: Snapshot) -> Iterator[RemoveFile]:
    """Find the files in conda's way that none of its records lists; compiled ones are a cache.

    A record of the same name is conda's own: of a noarch package that follows another Python.
    """
    records = {one.path for one in known.records}
    for path in created:
        place = f"{known.prefix.root}/{path}"  # a Path takes longer, and there are thousands
        in_the_way = os.path.lexists(place) and is_file(to_disk(known.prefix.root, path))
        is_condas = path in records or known.claims.of(path) or path.endswith(".pyc")
        if in_the_way and not is_condas:
            yield RemoveFile(path=path, reason="conda installs a file there")


def _find_edited(leaving: Collection[str], known: Snapshot) -> Iterator[RemoveFile]:
    """Find the files of packages that conda unlinks which are not as it has linked them."""
    reader, root = FactReader(known.prefix), known.prefix.root
    for record in known.records:
        if record.name in leaving and not record.overridden_by:
            linked = (root / record.path).stat().st_mtime_ns
            judge = functools.partial(_may_be_edited, linked, root)
            for path in find_edited(record, known.claims, reader, judge=judge):
                yield RemoveFile(path=path, reason=f"changed since conda installed {record.name}")


def _may_be_edited(linked: int, root: Path, file: CondaFile) -> bool:
    """Return whether a file must be hashed: conda writes the record last, at the time `linked`."""
    try:
        status = to_disk(root, file.path).lstat()
    except OSError:
        return False
    return status.st_mtime_ns > linked or status.st_size != file.size


def find_overrides(records: Iterable[CondaRecord], snapshot: Snapshot) -> Iterator[RemoveFile]:
    """Find pip's files in place of packages that conda unlinks."""
    for record in records:
        by = tuple(one for one in snapshot.distributions if one.name in record.overridden_by)
        for path in sorted(read_override(record, by, snapshot).payload):
            yield RemoveFile(path=path, reason=f"conda unlinks {record.name} {record.version}")


def _find_removals(
    coming: Mapping[NormalizedName, str], snapshot: Snapshot
) -> Iterator[RemoveFile]:
    """Find the files that only pip's distributions list; those in place of a record are conda's."""
    for one in snapshot.distributions:
        if one.name in coming and snapshot.ownership.owner_of(one) == ByPip(distribution=one):
            for path in exclusive_files(one, snapshot):
                yield RemoveFile(path=path, reason=f"conda installs {one.name} {coming[one.name]}")
