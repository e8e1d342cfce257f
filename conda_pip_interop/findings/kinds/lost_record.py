"""`lost-record`: conda deleted the record of a package that pip had changed (conda#14423).

It is proved by the history, which says that conda linked the package and not that it removed it.
If a later transaction counts it as removed, it is proved by files of that very package that no one
lists, or by pip's distribution in its place: it was there before, or we remember the loss.
"""

from __future__ import annotations

import glob
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.atomic.files import identify_file
from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER, read_own_text
from conda_pip_interop.changes.exclusive_files import read_compiled
from conda_pip_interop.changes.originals import is_lost_remembered, lost_path
from conda_pip_interop.changes.plan import RemoveFile, UnlinkConda, WriteFile
from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE, Linked, read_history
from conda_pip_interop.environment.conda_meta.packaged_record import read_packaged_record
from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    claimed_metadata,
    parse_conda_record,
)
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, read_regular, to_disk
from conda_pip_interop.environment.versions import choose_version
from conda_pip_interop.findings.base import Evidence, Finding, metadata_evidence
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from conda_pip_interop.changes.plan import Step
    from conda_pip_interop.environment.ownership import Ownership
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot

#: What a URL may have and conda leaves out in the history: a user with a password, a token.
_CREDENTIALS: Final = regex(r"(?<=://)[^/@]+@|/t/[^/]+(?=/)")


@dataclass(frozen=True, kw_only=True)
class LostRecordFinding(Finding):
    """``linked`` has no record any more; ``record`` is what it said, if the package is known.

    ``by`` are pip's distributions that replaced it; ``orphans`` are files of it, unchanged, that
    no package lists; ``gone``: neither its own nor other distributions are there.
    """

    kind: ClassVar[str] = "lost-record"

    linked: Linked
    by: tuple[Distribution, ...]
    orphans: tuple[PrefixPath, ...]
    gone: bool

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return (
            f"conda's record of {self.linked.name} {self.linked.version} is missing, although the "
            f"package was not removed; {self.describe_rest()}."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        name = self.linked.name
        return (
            ("conda", "pip", "repair", name),
            ("conda", "pip", "repair", "--clean-up", name),
        )

    @property
    def conda_name(self) -> str:
        """See `Finding.conda_name`."""
        return self.linked.name

    @property
    def conda_version(self) -> str:
        """See `Finding.conda_version`."""
        return self.linked.version

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"package_available": self.record is not None, "written_off": self.linked.removed}

    @property
    def names(self) -> frozenset[str]:
        """The names it goes by: conda's, and those of its distributions."""
        carried = claimed_metadata(self.record) if self.record is not None else ()
        return frozenset(
            {self.linked.name, *(one.name for one in carried), *(one.name for one in self.by)}
        )

    def describe_rest(self) -> str:
        """Describe what is there of the package, or what replaced it."""
        parts = [f"pip's {one.name} {one.version} replaced it" for one in self.by]
        if not parts and self.record is None:
            parts = ["the package is in no package cache"]
        elif not parts:
            parts = ["its files are gone" if self.gone else "its files are there"]
        if self.orphans and (self.by or self.gone):
            count = len(self.orphans)
            parts.append(f"{count} orphaned file{'s are' if count > 1 else ' is'} left")
        return ", and ".join(parts)


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[LostRecordFinding]:
    """Find the lost records, by name.

    Packages in the caches that linked ones come from are read; only names that the history has,
    and no file in conda-meta, are examined.
    """
    for linked in _find_missing(snapshot):
        found = _judge(linked, snapshot)
        if found is not None:
            yield found


def _find_missing(snapshot: Snapshot) -> list[Linked]:
    """Find the packages that the history says are linked and that have no file in conda-meta."""
    present = {one.name for one in snapshot.records}
    present |= {Path(one.path).stem.rsplit("-", 2)[0] for one in snapshot.unreadable}
    linked = read_history(snapshot.prefix.root)
    return [linked[name] for name in sorted(linked.keys() - present)]


def _judge(linked: Linked, snapshot: Snapshot) -> LostRecordFinding | None:
    lost = build_lost(linked, read_lost(linked, snapshot), snapshot)
    is_there = lost.orphans or _is_whole(lost, snapshot) or _is_remembered(lost, snapshot)
    return lost if is_there or not linked.removed else None


def build_lost(linked: Linked, record: CondaRecord | None, snapshot: Snapshot) -> LostRecordFinding:
    """Find what is there of a package, and what replaced it; less is known without its record."""
    root = snapshot.prefix.root
    by = tuple(_find_in_place(linked, record, snapshot))
    orphans = tuple(_find_orphans(record, snapshot.ownership, root)) if record is not None else ()
    carried = claimed_metadata(record) if record is not None else ()
    there = any(os.path.lexists(to_disk(root, one.path)) for one in carried)
    gone = record is not None and not (by or there or (orphans and not carried))
    record_path = PrefixPath(f"conda-meta/{linked.stem}.json")
    gone_record = Evidence(path=record_path, expected="present", found="absent")
    left = (Evidence(path=path, expected="absent") for path in orphans)
    return LostRecordFinding(
        record=record,
        distribution=by[0] if by else None,
        linked=linked,
        by=by,
        orphans=orphans,
        gone=gone,
        evidence=(gone_record, *map(metadata_evidence, by), *left),
    )


def _is_whole(lost: LostRecordFinding, snapshot: Snapshot) -> bool:
    """Return whether the package's own metadata is there, which conda would have removed."""
    names = _find_names(lost.linked, lost.record)
    return any(
        _is_own(one, lost.linked, lost.record, snapshot.prefix.root)
        for one in snapshot.distributions
        if one.name in names and snapshot.ownership.owner_of(one) == ByPip(distribution=one)
    )


def _is_remembered(lost: LostRecordFinding, snapshot: Snapshot) -> bool:
    """Return whether pip's distribution was there before conda counted the package as removed."""
    root = snapshot.prefix.root
    if not lost.by:
        return False
    return is_lost_remembered(lost.linked.stem, root) or any(
        _was_there(one, lost.linked, root) for one in lost.by
    )


def _was_there(one: Distribution, linked: Linked, root: Path) -> bool:
    """Return whether a distribution was written between linking and removal, and is whole.

    The history has full seconds: that of the removal counts, up to the moment in which conda wrote
    it if that was its last. A removal by conda would have removed the files that both list.
    """
    try:
        written = to_disk(root, PrefixPath(f"{one.metadata}/RECORD")).lstat().st_mtime
        start, end = map(_parse_time, (linked.linked_at, linked.removed_at))
        changed = (root / HISTORY_FILE).lstat().st_mtime
    except (OSError, ValueError, OverflowError):
        return False
    end = changed if int(changed) == int(end) else end + 1
    files = (to_disk(root, file.path) for file in one.files or () if file.path.endswith(".py"))
    return start <= written < end and all(map(os.path.lexists, files))


def _parse_time(text: str) -> float:
    return time.mktime(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


def read_lost(linked: Linked, snapshot: Snapshot) -> CondaRecord | None:
    """Read the lost record: our copy of it, else that of the package in a cache."""
    root = snapshot.prefix.root
    text = read_own_text(root / ORIGINALS_FOLDER / f"{linked.stem}.json")
    kept = parse_conda_record(text, path=PrefixPath(f"conda-meta/{linked.stem}.json"))
    if isinstance(kept, CondaRecord):
        return kept
    for cache in snapshot.view(_find_caches):
        for folder in (cache / linked.stem, *_find_wheels(cache, linked)):
            record = read_packaged_record(folder, snapshot.prefix)
            if record is not None and _is_of(record, linked):
                return record
    return None


def _find_wheels(cache: Path, linked: Linked) -> Iterator[Path]:
    """Find what may be the extracted wheel of a channel, which is named after its file."""
    if linked.build.endswith("_none_any_0"):
        name = glob.escape(f"{linked.name.replace('-', '_')}-{linked.version}")
        yield from cache.glob(f"{name}-*-none-any")


def _is_of(record: CondaRecord, linked: Linked) -> bool:
    """Return whether a package is from the channel in the history; names may be of any URL."""
    if "://" not in linked.source:
        return not linked.source or linked.source.endswith(record.subdir)
    channel = record.channel.removesuffix(f"/{record.subdir}")
    sources = (record.url.rpartition("/")[0], f"{channel}/{record.subdir}")
    return any(_CREDENTIALS.sub("", one) == linked.source for one in sources)


def _find_caches(snapshot: Snapshot) -> list[Path]:
    folders = (one.extracted_package_dir for one in snapshot.records)
    return sorted({Path(folder).parent for folder in folders if folder})


def _find_orphans(record: CondaRecord, ownership: Ownership, root: Path) -> Iterator[PrefixPath]:
    for file in record.files:
        claim = Claim(record=record, file=file)
        if not os.path.lexists(root / file.path) or not _identifies_package(claim):
            continue
        if not ownership.claimants(file.path) and _is_as_linked(claim, root):
            yield file.path


def _identifies_package(claim: Claim) -> bool:
    """Return whether the content of a file identifies its package; an empty file does not."""
    return claim.states_hash and claim.file.size != 0 and not claim.file.path.endswith(".pyc")


def _find_in_place(
    linked: Linked, record: CondaRecord | None, snapshot: Snapshot
) -> Iterator[Distribution]:
    names = _find_names(linked, record)
    for one in snapshot.distributions:
        if one.name not in names or _is_own(one, linked, record, snapshot.prefix.root):
            continue
        if snapshot.ownership.owner_of(one) == ByPip(distribution=one):
            yield one


def _find_names(linked: Linked, record: CondaRecord | None) -> set[NormalizedName]:
    """Find the distributions of a package; without its record, that of its name."""
    if record is None:
        return {canonicalize_name(linked.name)}
    return {one.name for one in claimed_metadata(record)}


def _is_own(
    distribution: Distribution, linked: Linked, record: CondaRecord | None, root: Path
) -> bool:
    """Return whether a distribution is the package's own: its RECORD is as conda linked it.

    Without the package, it is the one that conda says it installed, of that version.
    """
    if record is None:
        version = choose_version(
            distribution.name,
            distribution.version,
            package=linked.name,
            package_version=linked.version,
        )
        return distribution.installer == "conda" and version == linked.version
    path = f"{distribution.metadata}/RECORD"
    if not os.path.lexists(root / path):  # egg-info
        path = distribution.metadata_file
    claims = [Claim(record=record, file=file) for file in record.files if file.path == path]
    return bool(claims) and _is_as_linked(claims[0], root)


def _is_as_linked(claim: Claim, root: Path) -> bool:
    """Return whether a file exists as the package has it; False if it cannot be read."""
    on_disk = to_disk(root, claim.file.path)
    try:
        return on_disk.is_file() and claim.allows(identify_file(on_disk))
    except OSError:
        return False


def build_clean_up(chosen: Collection[LostRecordFinding], root: Path) -> Iterator[Step]:
    """Remove orphaned files, compiled ones included, and add the removal to conda's history.

    The section repeats the difference even if conda counts the package as removed already: one
    without any stands for an empty environment.
    """
    for one in chosen:
        yield UnlinkConda(
            name=one.linked.name,
            version=one.linked.version,
            reason=f"its record is missing; {one.describe_rest()}",
        )
    for one in chosen:
        if is_lost_remembered(one.linked.stem, root):
            yield RemoveFile(path=lost_path(one.linked.stem), reason="it is settled")
        reason = f"orphaned file of conda's {one.linked.name} {one.linked.version}"
        for path in one.orphans:
            yield RemoveFile(path=path, reason=reason)
            if path.endswith(".py"):
                for compiled in read_compiled(path, root):
                    yield RemoveFile(path=compiled, reason=reason)
    if not chosen:
        return
    names = [one.linked.name for one in chosen]
    section = [
        time.strftime("==> %Y-%m-%d %H:%M:%S <=="),
        f"# cmd: conda pip repair --clean-up {' '.join(names)}",
        *(f"-{one.linked.text}" for one in chosen),
        f"# remove specs: {names}",
    ]
    yield WriteFile(
        path=HISTORY_FILE,
        content=read_regular(root / HISTORY_FILE) + "\n".join([*section, ""]).encode(),
        reason="conda does not count it as installed any more",
        mode=(root / HISTORY_FILE).stat().st_mode & 0o777,
    )
