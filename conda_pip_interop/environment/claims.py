"""Claims: which records list a path, and which records contain which distributions."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from packaging.utils import NormalizedName

from conda_pip_interop.environment.conda_meta.history import read_history
from conda_pip_interop.environment.conda_meta.records import (
    CondaFile,
    CondaRecord,
    claimed_metadata,
)
from conda_pip_interop.environment.file_facts import FactReader, FileFact
from conda_pip_interop.environment.paths import PrefixPath, fold_path
from conda_pip_interop.environment.prefix import Prefix
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.site_packages.record import InstalledFile
from conda_pip_interop.values import dataclass


class Claim(NamedTuple):
    """The entry of one file in one record; a NamedTuple as `CondaFile` is."""

    record: CondaRecord
    file: CondaFile

    def allows(self, sha256: str) -> bool:
        """Return whether this is the hash of the file in the package or after linking."""
        return sha256 in {self.file.sha256, self.file.sha256_in_prefix}

    @property
    def states_hash(self) -> bool:
        """Return whether the record has a usable hash of the file.

        That of a symlink is not usable: builders hash the link's target or nothing.
        """
        return self.file.expected_sha256 is not None and self.file.path_type != "softlink"

    @property
    def may_be_folder(self) -> bool:
        """Return whether the package itself has a folder there, or a link that leads to one."""
        return self.file.path_type in ("directory", "softlink", "")


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedDistribution:
    """A distribution that a record contains; ``path`` is its metadata file."""

    record: CondaRecord
    name: NormalizedName
    version: str
    path: PrefixPath

    @property
    def folder(self) -> PrefixPath:
        """The dist-info or egg-info folder; of a flat egg-info, the file itself."""
        head, _, last = self.path.rpartition("/")
        return PrefixPath(head) if last in {"METADATA", "PKG-INFO"} else self.path

    @property
    def site_packages(self) -> PrefixPath:
        """The site-packages folder that contains it."""
        return PrefixPath(self.folder.rpartition("/")[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """All claims of the records of one prefix; keys are case-folded if the file system is."""

    folds_case: bool
    by_path: Mapping[str, tuple[Claim, ...]]
    by_name: Mapping[NormalizedName, tuple[RecordedDistribution, ...]]

    def of(self, path: PrefixPath) -> tuple[Claim, ...]:
        """Return the claims on ``path``, in the order of the records' file names."""
        return self.by_path.get(self.key(path) if self.folds_case else path, ())

    def find_above(self, files: Iterable[InstalledFile]) -> Iterator[tuple[InstalledFile, Claim]]:
        """Find the files in a folder that a record lists as a file: only one can be there."""
        known: dict[str, tuple[Claim, ...]] = {}
        for file in files:
            folder = file.path.rpartition("/")[0]
            if folder not in known:
                known[folder] = tuple(self._find_above(folder))
            for claim in known[folder]:
                yield file, claim

    def _find_above(self, folder: str) -> Iterator[Claim]:
        while folder:
            yield from (one for one in self.of(PrefixPath(folder)) if not one.may_be_folder)
            folder = folder.rpartition("/")[0]

    def key(self, path: PrefixPath) -> str:
        """Return the key under which ``path`` is compared."""
        return fold_path(path, folds_case=self.folds_case)

    def list_sizes(self, path: PrefixPath) -> frozenset[int]:
        """List the sizes that records state for ``path``, in bytes."""
        sizes = (claim.file.size for claim in self.of(path))
        return frozenset(size for size in sizes if size is not None)

    def is_disputed(self, path: PrefixPath) -> bool:
        """Return whether several records list ``path``, with different hashes."""
        found = self.of(path)
        return len(found) > 1 and len({claim.file.expected_sha256 for claim in found}) > 1

    def find_recorded(self, distribution: Distribution) -> RecordedDistribution | None:
        """Return the recorded distribution with the metadata file of ``distribution``, if any."""
        for recorded in self.by_name.get(distribution.name, ()):
            if self.same(recorded.path, distribution.metadata_file):
                return recorded
        for claim in self.of(distribution.metadata_file):
            return RecordedDistribution(
                record=claim.record,
                name=distribution.name,
                version=distribution.version,
                path=claim.file.path,
            )
        return None

    def same(self, one: PrefixPath, other: PrefixPath) -> bool:
        """Return whether two paths are the same to the file system."""
        return self.key(one) == self.key(other)


def find_edited(
    record: CondaRecord,
    claims: Claims,
    reader: FactReader,
    *,
    judge: Callable[[CondaFile], bool],
) -> Iterator[PrefixPath]:
    """Find the files of a record whose content no record states: somebody has edited them.

    A link to a folder in their place is an edit, too. Only those that `judge` accepts are hashed.
    What states no hash cannot be judged: links, and what conda generates.
    """
    for file in record.files:
        stating = [one for one in claims.of(file.path) if one.states_hash]
        if not stating or not judge(file):
            continue
        fact = reader.read_hash(file.path, claims.list_sizes(file.path))
        if fact.sha256 is None:
            is_edited = fact.kind == "symlink" and fact.size is None
        else:
            is_edited = not any(one.allows(fact.sha256) for one in stating)
        if is_edited:
            yield file.path


def find_superseded(
    records: Iterable[CondaRecord], reader: FactReader, root: Path
) -> Iterator[CondaRecord]:
    """Find the records of names that have several, without the one that is valid.

    A crash of conda leaves such, and conda lives with them. The valid one lists what is there; of
    equals, it is the one that conda's history counts as linked, or that was written last.
    """
    by_name: dict[str, list[CondaRecord]] = {}
    for record in records:
        by_name.setdefault(record.name, []).append(record)
    for same in by_name.values():
        if len(same) > 1:
            valid = _choose_valid(same, reader, root)
            yield from (one for one in same if one is not valid)


def _choose_valid(same: Sequence[CondaRecord], reader: FactReader, root: Path) -> CondaRecord:
    shared = frozenset.intersection(*(frozenset(one.files) for one in same))
    linked = {one.stem for one in read_history(root).values()}

    def rank(one: CondaRecord) -> tuple[float, bool, float]:
        path = root / one.path
        return _rate(one, shared, reader), path.stem in linked, path.stat().st_mtime

    return max(same, key=rank)


def _rate(record: CondaRecord, shared: Collection[CondaFile], reader: FactReader) -> float:
    """Return the part of a record's files that are there, without those that are ``shared``."""
    own = [file for file in record.files if file not in shared]
    there = sum(_is_there(Claim(record=record, file=file), reader) for file in own)
    return there / len(own) if own else 0


def _is_there(claim: Claim, reader: FactReader) -> bool:
    fact = reader.read_hash(claim.file.path)
    if fact.sha256 is None or not claim.states_hash:
        return fact.kind != "absent"
    return claim.allows(fact.sha256)


def find_links(records: Iterable[CondaRecord], prefix: Prefix) -> tuple[tuple[str, str], ...]:
    """Find `Prefix.links`, without those above a site-packages folder, whose path is settled."""
    root = os.path.realpath(prefix.root)
    own = prefix.python.site_packages if prefix.python else ""
    settled = tuple(f"{one}/" for one in (own, *prefix.other_site_packages))
    links: dict[str, str] = {}
    for path in (
        file.path for one in records for file in one.files if file.path_type == "softlink"
    ):
        on_disk = f"{root}/{path}"
        if os.path.isdir(on_disk) and not any(one.startswith(f"{path}/") for one in settled):
            goal = os.path.relpath(os.path.realpath(on_disk), root).replace(os.sep, "/")
            if goal != path and goal.partition("/")[0] != "..":
                links[f"{path}/"] = "" if goal == "." else f"{goal}/"
    return tuple(links.items())


def build_claims(
    records: Iterable[CondaRecord],
    *,
    folds_case: bool,
    superseded: Iterable[CondaRecord] = (),
) -> Claims:
    """Index the file lists of records; of superseded ones only which paths they list."""
    by_path: dict[str, tuple[Claim, ...]] = {}
    by_name: dict[NormalizedName, tuple[RecordedDistribution, ...]] = {}
    records = tuple(records)
    for record in (*records, *superseded):
        for file in record.files:
            key = fold_path(file.path, folds_case=folds_case)
            claim = Claim(record, file)
            by_path[key] = (*by_path[key], claim) if key in by_path else (claim,)
    for record in records:
        for item in claimed_metadata(record):
            recorded = RecordedDistribution(
                record=record, name=item.name, version=item.version, path=item.path
            )
            by_name[item.name] = (*by_name.get(item.name, ()), recorded)
    return Claims(folds_case=folds_case, by_path=by_path, by_name=by_name)


def is_absent(recorded: RecordedDistribution, facts: Mapping[PrefixPath, FileFact]) -> bool:
    """Return whether the metadata that the record lists is missing; unreadable is not missing."""
    fact = facts.get(recorded.path)
    return fact is not None and fact.kind == "absent"


def is_record_changed(
    claims: Claims, recorded: RecordedDistribution, facts: Mapping[PrefixPath, FileFact]
) -> bool:
    """Return whether the RECORD of a recorded distribution is not the one that conda linked."""
    return _is_changed(claims, PrefixPath(f"{recorded.folder}/RECORD"), facts)


def is_rewritten(
    claims: Claims,
    recorded: RecordedDistribution,
    distribution: Distribution,
    facts: Mapping[PrefixPath, FileFact],
) -> bool:
    """Return whether another installer wrote the same version's dist-info over conda's.

    ``distribution`` is what is read from the metadata that ``recorded`` lists. A changed RECORD is
    not enough evidence. One more fact is required: a changed INSTALLER, a file that installers
    write and the record does not list, or RECORD rows whose hashes differ from the record's. Of
    what pip had already replaced it is enough.
    """
    if not is_record_changed(claims, recorded, facts):
        return False
    if distribution.name in recorded.record.overridden_by and distribution.files is not None:
        return True  # the record lists what pip had installed before
    folder = recorded.folder
    return (
        _is_changed(claims, PrefixPath(f"{folder}/INSTALLER"), facts)
        or (distribution.requested and not claims.of(PrefixPath(f"{folder}/REQUESTED")))
        or (
            distribution.direct_url is not None
            and not claims.of(PrefixPath(f"{folder}/direct_url.json"))
        )
        or _states_other_content(claims, recorded, distribution)
    )


def _is_changed(claims: Claims, path: PrefixPath, facts: Mapping[PrefixPath, FileFact]) -> bool:
    """Return whether a file's hash is known and fits none of the records that list it."""
    stated = [claim for claim in claims.of(path) if claim.states_hash]
    fact = facts.get(path)
    if not stated or fact is None or fact.sha256 is None:
        return False
    return not any(claim.allows(fact.sha256) for claim in stated)


def _states_other_content(
    claims: Claims, recorded: RecordedDistribution, distribution: Distribution
) -> bool:
    for file in distribution.files or ():
        if file.sha256 is None or file.path.startswith(f"{recorded.folder}/"):
            continue
        own = [c for c in claims.of(file.path) if c.record is recorded.record and c.states_hash]
        if own and not any(claim.allows(file.sha256) for claim in own):
            return True
    return False
