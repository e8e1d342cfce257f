"""Snapshot: everything that the decisions need to know of one prefix at one instant."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from conda_pip_interop.environment.claims import (
    Claims,
    RecordedDistribution,
    build_claims,
    is_absent,
    is_record_changed,
    is_rewritten,
)
from conda_pip_interop.environment.conda_records import CondaRecord, Unreadable, read_conda_meta
from conda_pip_interop.environment.distributions import Distribution, Leftover, read_distributions
from conda_pip_interop.environment.file_facts import FactReader, FileFact
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.environment.prefix import Prefix, read_prefix
from conda_pip_interop.protection.markers import MarkerState, find_marker_paths, read_markers


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One prefix, read once.

    ``distributions`` are those of the prefix's own site-packages, conda's included; ``stranded``
    those in other Pythons' site-packages that no record claims; ``leftovers`` are unjudged, some
    may be claimed; ``markers`` has the current one first; ``facts`` holds just the paths that are
    contested or serve as evidence; ``claims`` indexes ``records``.
    """

    prefix: Prefix
    records: tuple[CondaRecord, ...]
    unreadable: tuple[Unreadable, ...]
    distributions: tuple[Distribution, ...]
    stranded: tuple[Distribution, ...]
    leftovers: tuple[Leftover, ...]
    markers: tuple[MarkerState, ...]
    claims: Claims
    facts: Mapping[PrefixPath, FileFact]
    fingerprint: str

    @property
    def marker(self) -> MarkerState:
        """The marker that the prefix's own Python obeys."""
        return self.markers[0]


def read_snapshot(root: Path) -> Snapshot:
    """Read the prefix at ``root``; raises InteropError ``not-an-environment``.

    The fingerprint is taken first: what changes while the rest is read then shows as a change.
    """
    prefix = read_prefix(root)
    fingerprint = read_fingerprint(prefix)
    records, unreadable = read_conda_meta(prefix.root)
    claims = build_claims(records, folds_case=prefix.folds_case)
    reader = FactReader(prefix)
    distributions: tuple[Distribution, ...] = ()
    leftovers: tuple[Leftover, ...] = ()
    if prefix.python is not None:
        distributions, leftovers = read_distributions(
            prefix, prefix.python.site_packages, vouched=_find_vouched(claims, reader)
        )
    marker_owners = {
        path: claim.record.name
        for path in find_marker_paths(prefix)
        for claim in claims.of(path)[:1]
    }
    return Snapshot(
        prefix=prefix,
        records=records,
        unreadable=unreadable,
        distributions=distributions,
        stranded=tuple(_read_stranded(prefix, claims)),
        leftovers=leftovers,
        markers=read_markers(prefix, owners=marker_owners),
        claims=claims,
        facts=_read_facts(reader, claims, distributions),
        fingerprint=fingerprint,
    )


def _read_stranded(prefix: Prefix, claims: Claims) -> Iterator[Distribution]:
    for site_packages in prefix.other_site_packages:
        found, _ = read_distributions(prefix, site_packages)
        yield from (d for d in found if not claims.of(d.metadata_file))


def find_recorded(claims: Claims, distribution: Distribution) -> RecordedDistribution | None:
    """Return the record that lists this very metadata, if one does."""
    for carrier in claims.by_name.get(distribution.name, ()):
        if claims.same(carrier.path, distribution.metadata_file):
            return carrier
    for claim in claims.of(distribution.metadata_file):
        return RecordedDistribution(
            record=claim.record,
            name=distribution.name,
            version=distribution.version,
            path=claim.file.path,
        )
    return None


def _find_vouched(claims: Claims, reader: FactReader) -> frozenset[PrefixPath]:
    """Find the dist-info folders whose RECORD is, by its hash, the one that conda linked."""
    vouched = set()
    for carrier in (carrier for found in claims.by_name.values() for carrier in found):
        if carrier.name in carrier.record.overridden_by:
            continue  # listed by the record, but pip's: its own RECORD still counts
        record = PrefixPath(f"{carrier.folder}/RECORD")
        stated = [claim for claim in claims.of(record) if claim.states_hash]
        sha256 = reader.hash(record).sha256 if stated else None
        if sha256 is not None and any(claim.allows(sha256) for claim in stated):
            vouched.add(carrier.folder)
    return frozenset(vouched)


def _read_facts(
    reader: FactReader, claims: Claims, distributions: Iterable[Distribution]
) -> Mapping[PrefixPath, FileFact]:
    """Look at what ownership rests on, and hash no more than is in question.

    Of a record whose metadata is as linked: the metadata, RECORD and INSTALLER. Of one where it is
    not: every file. Of pip's distributions: that their files exist, and the content of those that
    a record lists too, or of all where a record or a second distribution has the same name.
    """
    carriers = [carrier for found in claims.by_name.values() for carrier in found]
    for carrier in carriers:
        reader.look(carrier.path)
        for name in ("RECORD", "INSTALLER") if carrier.path.endswith("METADATA") else ():
            path = PrefixPath(f"{carrier.folder}/{name}")
            if claims.of(path):
                reader.hash(path)
    for carrier in carriers:
        if is_absent(carrier, reader.facts) or is_record_changed(claims, carrier, reader.facts):
            for file in carrier.record.files:
                if not file.path.endswith(".pyc"):
                    reader.hash(file.path)
    named = Counter(distribution.name for distribution in distributions)
    for distribution in distributions:
        doubled = named[distribution.name] > 1 or distribution.name in claims.by_name
        _read_distribution_facts(reader, claims, distribution, doubled=doubled)
    return reader.facts


def _read_distribution_facts(
    reader: FactReader, claims: Claims, distribution: Distribution, *, doubled: bool
) -> None:
    carrier = find_recorded(claims, distribution)
    treated = carrier is not None and distribution.name in carrier.record.overridden_by
    if carrier is None or treated:
        is_pips = True
    else:
        is_pips = is_rewritten(claims, carrier, distribution, reader.facts)
    if not is_pips:
        return
    for file in distribution.files or ():
        if file.path.endswith(".pyc"):
            continue
        others = [c for c in claims.of(file.path) if not carrier or c.record is not carrier.record]
        if others or (doubled and not treated):
            reader.hash(file.path)
        else:
            reader.look(file.path)


def read_fingerprint(prefix: Prefix) -> str:
    """Digest what must not change between plan and apply: records, dist-infos, their RECORDs."""
    digest = hashlib.sha256()
    _digest_folder(digest.update, prefix.root, PrefixPath("conda-meta"), (".json",))
    folders = (prefix.python.site_packages,) if prefix.python else ()
    for site_packages in (*folders, *prefix.other_site_packages):
        suffixes = (".dist-info", ".egg-info", ".egg-link")
        _digest_folder(digest.update, prefix.root, site_packages, suffixes)
    return digest.hexdigest()


class _Update(Protocol):
    def __call__(self, data: bytes, /) -> None: ...


def _digest_folder(
    update: _Update, root: Path, folder: PrefixPath, suffixes: tuple[str, ...]
) -> None:
    """Add name, size and time of each entry with one of the suffixes, and of a RECORD in it."""
    try:
        names = sorted(n for n in os.listdir(to_disk(root, folder)) if n.endswith(suffixes))
    except OSError as error:
        update(f"{folder}\0{error.errno}\n".encode())
        return
    for name in names:
        inner = (name,) if name.endswith((".json", ".egg-link")) else (name, f"{name}/RECORD")
        for part in inner:
            try:
                seen = os.lstat(root / folder / part)
            except OSError:
                continue
            line = f"{folder}/{part}\0{seen.st_size}\0{seen.st_mtime_ns}\n"
            update(line.encode("utf-8", errors="surrogateescape"))
