"""Snapshot: one prefix, read at one instant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import Final, Literal, TypeAlias, TypeVar, cast

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.claims import (
    Claims,
    RecordedDistribution,
    build_claims,
    find_links,
    find_superseded,
    is_absent,
    is_record_changed,
    is_rewritten,
)
from conda_pip_interop.environment.conda_meta.conda_python import build_empty_prefix
from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    Unreadable,
    read_conda_records,
)
from conda_pip_interop.environment.file_facts import FactReader, FileFact
from conda_pip_interop.environment.metadata import (
    Headers,
    Metadata,
    build_metadata,
    parse_metadata_name,
    read_header_file,
)
from conda_pip_interop.environment.ownership import Ownership
from conda_pip_interop.environment.paths import PrefixPath, path_below, to_disk
from conda_pip_interop.environment.prefix import Prefix, read_prefix
from conda_pip_interop.environment.quick_check import (
    METADATA_SUFFIXES,
    find_claimed,
    read_fingerprint,
)
from conda_pip_interop.environment.site_packages.distributions import (
    Distribution,
    Leftover,
    list_entries,
    read_distributions,
    read_requirements,
)
from conda_pip_interop.values import dataclass, regex

#: The name at the beginning of a requirement (PEP 508).
_NAME: Final = regex(r"[A-Za-z0-9][A-Za-z0-9._-]*")
Depth: TypeAlias = Literal["names", "files"]
View = TypeVar("View")


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """One prefix, read once; its derived views are computed at most once.

    ``records`` has one for each name; further records of a name are ``superseded``: they claim
    files, but their distributions do not count. ``distributions`` are those in the current
    site-packages, conda's included; ``stranded`` are those in other Pythons' site-packages that no
    record claims; ``leftovers`` may be claimed by a record; ``facts`` has only paths that are
    contested or serve as evidence, or are no plain files, of the ``folders`` that were read;
    ``claims`` indexes ``records`` and ``superseded``.
    """

    prefix: Prefix
    records: tuple[CondaRecord, ...]
    superseded: tuple[CondaRecord, ...]
    unreadable: tuple[Unreadable, ...]
    distributions: tuple[Distribution, ...]
    stranded: tuple[Distribution, ...]
    leftovers: tuple[Leftover, ...]
    claims: Claims
    facts: Mapping[PrefixPath, FileFact]
    folders: frozenset[str]
    fingerprint: str
    _views: dict[object, object] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @property
    def names(self) -> frozenset[str]:
        """The names of all that is installed: distributions, and packages of conda."""
        return frozenset({one.name for one in self.distributions} | {r.name for r in self.records})

    @cached_property
    def ownership(self) -> Ownership:
        """The owners of all paths and distributions."""
        return Ownership(self.claims, self.facts, self.distributions, self.stranded)

    def read_metadata(self, distribution: Distribution) -> Metadata:
        """Read what a distribution requires; its metadata is read once."""
        known = self._views.get(distribution)
        if not isinstance(known, Metadata):
            known = self._views[distribution] = read_requirements(self.prefix, distribution)
        return known

    def keep_metadata(self, known: Mapping[Distribution, Metadata]) -> None:
        """Keep what `read_metadata` would read."""
        for distribution, metadata in known.items():
            self._views[distribution] = metadata

    def view(self, build: Callable[[Snapshot], View]) -> View:
        """Return ``build(self)``, computed once; for views that packages above this one define."""
        if build not in self._views:
            self._views[build] = build(self)
        return cast("View", self._views[build])


def read_snapshot(root: Path, *, depth: Depth = "files", mirrors: Path | None = None) -> Snapshot:
    """Read the prefix at ``root`` (see `Prefix`); raises InteropError ``not-an-environment``.

    With ``depth`` "names" a RECORD is read only if two claims on one distribution compete; with
    "files" all RECORDs and facts of contested files are read. The fingerprint is read first, so
    that a change during the rest shows as one.
    """
    prefix = read_prefix(root, mirrors=mirrors)
    fingerprint = read_fingerprint(prefix.root).digest
    found, unreadable = read_conda_records(prefix.root)
    reader = FactReader(prefix)
    superseded = tuple(find_superseded(found, reader, prefix.root))
    records = tuple(record for record in found if record not in superseded)
    prefix = replace(prefix, links=find_links(records, prefix))
    claims = build_claims(records, folds_case=prefix.folds_case, superseded=superseded)
    distributions: tuple[Distribution, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    if prefix.python is not None:
        site_packages = prefix.python.site_packages
        unread = set(_find_verified(claims, reader))
        if depth == "names":
            unread |= _find_uncontested(prefix, site_packages, claims)
        distributions, leftovers = read_distributions(prefix, site_packages, unread=unread)
    return Snapshot(
        prefix=prefix,
        records=records,
        superseded=superseded,
        unreadable=unreadable,
        distributions=distributions,
        stranded=tuple(_read_stranded(prefix, claims, depth)),
        leftovers=leftovers,
        claims=claims,
        facts=_read_facts(reader, claims, distributions, records if depth == "files" else ()),
        folders=frozenset(reader.folders),
        fingerprint=fingerprint,
    )


def read_closure(root: Path, names: Iterable[NormalizedName]) -> Snapshot | None:
    """Read only these names and whatever they may require, as `read_snapshot` reads them.

    Their owners, versions and requirements are those of a whole snapshot; nothing else of it is
    there. None where that takes more: without Python, where one of the names is not there, where a
    name has several distributions or one that is not a dist-info folder, where several records, or
    unreadable ones, concern it, and where metadata of conda's is gone.
    """
    prefix = read_prefix(root)
    if prefix.python is None:
        return None
    site_packages = prefix.python.site_packages
    found = _find_closure(prefix, site_packages, names)
    if found is None:
        return None
    headers = {entry: read for entry, read, _ in found.values()}
    packages = {"python", *found}
    claimed: set[str] = set()

    def concerns(name: str, content: bytes) -> bool:
        listed = find_claimed(content)
        claimed.update(listed)
        package = canonicalize_name(name.rsplit("-", 2)[0])
        return package in packages or not headers.keys().isdisjoint(listed)

    records, unreadable = read_conda_records(prefix.root, concerns=concerns)
    vanished = claimed.difference(one.name for one in list_entries(prefix, site_packages))
    if unreadable or vanished or len(records) != len({one.name for one in records}):
        return None
    claims = build_claims(records, folds_case=prefix.folds_case)
    reader = FactReader(prefix)
    unread = _find_verified(claims, reader) | _find_uncontested(prefix, site_packages, claims)
    distributions, _ = read_distributions(prefix, site_packages, unread=unread, headers=headers)
    if {one.name for one in distributions} != found.keys():
        return None
    snapshot = replace(
        build_empty_snapshot(root, prefix),
        records=records,
        distributions=distributions,
        claims=claims,
        facts=_read_facts(reader, claims, distributions, ()),
        folders=frozenset(reader.folders),
    )
    snapshot.keep_metadata({one: found[one.name][2] for one in distributions})
    return snapshot


def _find_closure(
    prefix: Prefix, site_packages: PrefixPath, names: Iterable[NormalizedName]
) -> Mapping[NormalizedName, tuple[str, Headers, Metadata]] | None:
    """Find the dist-info folders of the names, and of what the METADATA in them name; see above."""
    folder = to_disk(prefix.root, site_packages)
    present: dict[NormalizedName, list[str]] = {}
    for entry in (one.name for one in list_entries(prefix, site_packages)):
        if entry.endswith(METADATA_SUFFIXES):
            name, _ = parse_metadata_name(entry.rpartition(".")[0])
            present.setdefault(name, []).append(entry)
    found: dict[NormalizedName, tuple[str, Headers, Metadata]] = {}
    waiting = list(names)
    if any(name not in present for name in waiting):
        return None
    while waiting:
        name = waiting.pop()
        if name in found or name not in present:
            continue
        entry, *others = present[name]
        if others or not entry.endswith(".dist-info"):
            return None
        headers = read_header_file(f"{folder}/{entry}/METADATA") or {}
        metadata = build_metadata(headers)
        found[name] = entry, headers, metadata
        required = map(_NAME.match, metadata.requires_dist)
        waiting += [canonicalize_name(match[0]) for match in required if match is not None]
    return found


def build_empty_snapshot(root: Path, prefix: Prefix | None = None) -> Snapshot:
    """Build the snapshot of an environment that does not exist yet, or of which nothing is read."""
    prefix = prefix or build_empty_prefix(root)
    return Snapshot(
        prefix=prefix,
        records=(),
        superseded=(),
        unreadable=(),
        distributions=(),
        stranded=(),
        leftovers=(),
        claims=build_claims((), folds_case=prefix.folds_case),
        facts={},
        folders=frozenset(),
        fingerprint="",
    )


def _read_stranded(prefix: Prefix, claims: Claims, depth: Depth) -> Iterator[Distribution]:
    for site_packages in prefix.other_site_packages:
        unread = _find_uncontested(prefix, site_packages, claims) if depth == "names" else ()
        found, _ = read_distributions(prefix, site_packages, unread=unread)
        yield from (d for d in found if not claims.of(d.metadata_file))


def _find_verified(claims: Claims, reader: FactReader) -> frozenset[PrefixPath]:
    """Find the dist-info folders whose RECORD has the hash of the one that conda linked."""
    verified = set()
    for entry in (entry for found in claims.by_name.values() for entry in found):
        if entry.name in entry.record.overridden_by:
            continue  # the record lists what pip installed, so its RECORD is needed
        record = PrefixPath(f"{entry.folder}/RECORD")
        stated = [claim for claim in claims.of(record) if claim.states_hash]
        sha256 = reader.read_hash(record).sha256 if stated else None
        if sha256 is not None and any(claim.allows(sha256) for claim in stated):
            verified.add(entry.folder)
    return frozenset(verified)


def _find_uncontested(
    prefix: Prefix, site_packages: PrefixPath, claims: Claims
) -> frozenset[PrefixPath]:
    """Find the dist-info folders whose owner and origin are known without their RECORD.

    Those are names that appear once, in no conda record, and without setuptools' editable files.
    """
    names = [one.name for one in list_entries(prefix, site_packages)]
    stems = {name: name.rpartition(".")[0] for name in names if name.endswith(METADATA_SUFFIXES)}
    projects = {name: parse_metadata_name(stem)[0] for name, stem in stems.items()}
    count = Counter(projects.values())
    editable = "\n".join(name for name in names if name.startswith("__editable__")).lower()
    return frozenset(
        path_below(site_packages, name)
        for name, project in projects.items()
        if count[project] == 1
        and project not in claims.by_name
        and project.replace("-", "_") not in editable
    )


def _read_facts(
    reader: FactReader,
    claims: Claims,
    distributions: Iterable[Distribution],
    records: Iterable[CondaRecord],
) -> Mapping[PrefixPath, FileFact]:
    """Read the evidence of ownership and damage, hashing only contested files and links.

    For a record with unchanged metadata these are the metadata, RECORD and INSTALLER; for others
    all files. Of ``records`` it is whether their files exist, and the hashes of those on which
    records disagree. For pip's distributions it is whether their files exist, and the hashes of
    those that a record lists too, or of all if a record or another distribution has the same name.
    """
    for file in (file for record in records for file in record.files):
        if not file.path.endswith(".pyc"):
            is_link = reader.read_kind(file.path).kind == "symlink"
            if (is_link and file.path_type != "softlink") or claims.is_disputed(file.path):
                reader.read_hash(file.path, claims.list_sizes(file.path))
    recorded = [entry for found in claims.by_name.values() for entry in found]
    for entry in recorded:
        reader.read_kind(entry.path)
        for name in ("RECORD", "INSTALLER") if entry.path.endswith("METADATA") else ():
            path = PrefixPath(f"{entry.folder}/{name}")
            if claims.of(path):
                reader.read_hash(path)
    _read_changed(reader, claims, recorded)
    named = Counter(distribution.name for distribution in distributions)
    for distribution in distributions:
        doubled = named[distribution.name] > 1 or distribution.name in claims.by_name
        _read_distribution_facts(reader, claims, distribution, doubled=doubled)
    return reader.facts


def _read_changed(
    reader: FactReader, claims: Claims, recorded: Iterable[RecordedDistribution]
) -> None:
    """Hash all files of the records whose metadata is gone or changed."""
    for entry in recorded:
        if is_absent(entry, reader.facts) or is_record_changed(claims, entry, reader.facts):
            for file in entry.record.files:
                if not file.path.endswith(".pyc"):
                    reader.read_hash(file.path, claims.list_sizes(file.path))


def _read_distribution_facts(
    reader: FactReader, claims: Claims, distribution: Distribution, *, doubled: bool
) -> None:
    entry = claims.find_recorded(distribution)
    settled = entry is not None and distribution.name in entry.record.overridden_by
    if not (entry is None or settled or is_rewritten(claims, entry, distribution, reader.facts)):
        return
    every = doubled and not settled
    for file in distribution.files or ():
        if file.path.endswith(".pyc"):
            continue
        claimed = claims.of(file.path)
        is_link = reader.read_kind(file.path).kind == "symlink"
        is_others = claimed and any(not entry or c.record is not entry.record for c in claimed)
        if every or is_link or is_others:
            reader.read_hash(file.path, claims.list_sizes(file.path))
