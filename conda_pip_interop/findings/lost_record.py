"""Lost records: conda's own `list` has deleted them when pip had touched the package (conda#14423).

What proves one: the history says that conda has linked the package and not that it has removed it;
or, once a later transaction has written it off, files of that very package which nobody lists.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.files import hash_file
from conda_pip_interop.changes.journal import ORIGINALS_FOLDER
from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.conda_history import Linked, parse_linked
from conda_pip_interop.environment.conda_records import (
    CondaRecord,
    carries_distribution,
    claimed_metadata,
    parse_conda_record,
    read_packaged_record,
)
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.findings.base import Evidence, Finding, FindingKind, present

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.environment.conda_records import CondaFile
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.ownership import Ownership
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class LostRecord:
    """A record that is gone; `record` is what it said, None where the package is at hand no more.

    `by`: pip's distributions in its place; `orphans`: files of it, unchanged, that nobody lists;
    `gone`: neither its own nor other distributions are there.
    """

    linked: Linked
    record: CondaRecord | None
    by: tuple[Distribution, ...]
    orphans: tuple[PrefixPath, ...]
    gone: bool

    @property
    def names(self) -> frozenset[str]:
        """What it may be called: conda's name, and those of its distributions."""
        carried = claimed_metadata(self.record) if self.record is not None else ()
        return frozenset(
            {self.linked.name, *(one.name for one in carried), *(one.name for one in self.by)}
        )


def find_lost_records_in(snapshot: Snapshot) -> tuple[LostRecord, ...]:
    """The lost records of an environment, by name.

    Reads packages in the caches of those that are linked; only names that the history has, and no
    record, are looked into.
    """
    missing = _find_missing(snapshot)
    if not missing:
        return ()
    ownership = snapshot.ownership
    caches = sorted(
        {
            Path(one.extracted_package_dir).parent
            for one in snapshot.records
            if one.extracted_package_dir
        }
    )
    found = (_judge(one, caches, snapshot, ownership) for one in missing)
    return tuple(one for one in found if one is not None)


def find_lost_records(snapshot: Snapshot) -> Iterator[Finding]:
    """The same as findings."""
    return map(_build_finding, find_lost_records_in(snapshot))


def _find_missing(snapshot: Snapshot) -> list[Linked]:
    """What the history has linked, and no file in conda-meta has the name of."""
    root = snapshot.prefix.root
    try:
        text = (root / "conda-meta" / "history").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    present = {one.name for one in snapshot.records}
    present |= {Path(one.path).stem.rsplit("-", 2)[0] for one in snapshot.unreadable}
    linked = parse_linked(text)
    return [linked[name] for name in sorted(linked.keys() - present)]


def _judge(
    linked: Linked, caches: Iterable[Path], snapshot: Snapshot, ownership: Ownership
) -> LostRecord | None:
    record = _read_record(linked, caches, snapshot)
    root = snapshot.prefix.root
    if record is None and linked.removed:
        return None
    orphans = tuple(_find_orphans(record, ownership, root)) if record is not None else ()
    if linked.removed and not orphans:
        return None
    by = tuple(_find_in_place(linked, record, snapshot))
    if record is None and not by:
        return None
    carried = claimed_metadata(record) if record is not None else ()
    gone = not by and not any(os.path.lexists(to_disk(root, one.path)) for one in carried)
    return LostRecord(linked=linked, record=record, by=by, orphans=orphans, gone=gone)


def _read_record(linked: Linked, caches: Iterable[Path], snapshot: Snapshot) -> CondaRecord | None:
    """What the record said: as we have kept it, else as the package in a cache has it."""
    root = snapshot.prefix.root
    try:
        text = (root / ORIGINALS_FOLDER / f"{linked.stem}.json").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        pass
    else:
        kept = parse_conda_record(text, path=PrefixPath(f"conda-meta/{linked.stem}.json"))
        if isinstance(kept, CondaRecord):
            return kept
    for cache in caches:
        folder = cache / linked.stem
        if carries_distribution(folder):
            record = read_packaged_record(folder, snapshot.prefix)
            if record is not None and linked.source.endswith(record.subdir):
                return record
    return None


def _find_orphans(record: CondaRecord, ownership: Ownership, root: Path) -> Iterator[PrefixPath]:
    for file in record.files:
        if os.path.lexists(root / file.path) and _is_telling(file):
            claim = Claim(record=record, file=file)
            if not ownership.claimants(file.path) and _is_as_linked(claim, root):
                yield file.path


def _is_telling(file: CondaFile) -> bool:
    """Whether a file of that content says where it came from: an empty one does not."""
    known = file.expected_sha256 is not None and file.path_type != "softlink"
    return known and file.size != 0 and not file.path.endswith(".pyc")


def _find_in_place(
    linked: Linked, record: CondaRecord | None, snapshot: Snapshot
) -> Iterator[Distribution]:
    names: set[NormalizedName] = {canonicalize_name(linked.name)}
    if record is not None:
        names = {one.name for one in claimed_metadata(record)}
    root = snapshot.prefix.root
    for one in snapshot.distributions:
        if one.name not in names or (record is not None and _is_own(one, record, root)):
            continue
        if snapshot.ownership.owner_of(one) == ByPip(distribution=one):
            yield one


def _is_own(distribution: Distribution, record: CondaRecord, root: Path) -> bool:
    """Whether a distribution is the package's own after all: its RECORD is as conda linked it."""
    path = f"{distribution.metadata}/RECORD"
    if not os.path.lexists(root / path):  # egg-info
        path = distribution.metadata_file
    claims = [Claim(record=record, file=file) for file in record.files if file.path == path]
    return bool(claims) and _is_as_linked(claims[0], root)


def _is_as_linked(claim: Claim, root: Path) -> bool:
    """Whether a file is there, and as the package has it; what cannot be read proves nothing."""
    on_disk = to_disk(root, claim.file.path)
    try:
        return on_disk.is_file() and claim.allows(hash_file(on_disk))
    except OSError:
        return False


def _build_finding(lost: LostRecord) -> Finding:
    linked, first = lost.linked, next(iter(lost.by), None)
    record = PrefixPath(f"conda-meta/{linked.stem}.json")
    evidence = [Evidence(path=record, claimed_by=(), expected="present", found="absent")]
    evidence += map(present, lost.by)
    evidence += (
        Evidence(path=path, claimed_by=(), expected="absent", found="present")
        for path in lost.orphans
    )
    return Finding(
        kind=FindingKind.LOST_RECORD,
        conda=linked.name,
        distribution=None if first is None else first.name,
        conda_version=linked.version,
        pip_version=None if first is None else first.version,
        metadata=None if first is None else first.metadata,
        evidence=tuple(evidence),
        summary=f"conda's record of {linked.name} {linked.version} is gone, though nobody has "
        f"removed the package; {tell_rest(lost)}.",
        remedy=(
            ("conda", "pip", "repair", linked.name),
            ("conda", "pip", "repair", "--clean-up", linked.name),
        ),
        details={"package_at_hand": lost.record is not None, "written_off": linked.removed},
    )


def tell_rest(lost: LostRecord) -> str:
    """What is there of a lost record's package, or in place of it, in words."""
    parts = [f"pip's {one.name} {one.version} is in its place" for one in lost.by]
    if not parts:
        parts = ["its files are gone" if lost.gone else "its files are there"]
    if lost.orphans:
        count = len(lost.orphans)
        what = (
            "a file of it that nobody lists is"
            if count == 1
            else f"{count} files of it that nobody lists are"
        )
        parts.append(f"{what} left")
    return ", and ".join(parts)
