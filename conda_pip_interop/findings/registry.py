"""Findings: every fault that a snapshot proves; on a clean environment, none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from packaging.utils import NormalizedName

from conda_pip_interop.environment.claims import RecordedDistribution
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.ownership import Doubled, Intact, Overridden, Vanished
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import Snapshot
from conda_pip_interop.findings.base import (
    Evidence,
    Finding,
    FindingKind,
    build_evidence,
    present,
    reinstall,
)
from conda_pip_interop.findings.files import find_clobbered, find_damaged

__all__ = ["Evidence", "Finding", "FindingKind", "find_findings"]

_ORDER = {kind: number for number, kind in enumerate(FindingKind)}
_RECONCILE = (("conda", "pip", "reconcile"),)


def find_findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find every fault that the snapshot proves, in a stable order; ``unmet`` is elsewhere.

    A harm is told once: files of a distribution that is itself replaced or left over, and files
    that two packages list, are not told again as damage.
    """
    standing = tuple(_find_standing(snapshot))
    clobbered = tuple(find_clobbered(snapshot))
    told = {e.path for f in clobbered for e in f.evidence}
    interrupted = tuple(_find_interrupted(snapshot))
    judged = {e.path for f in (*standing, *interrupted) for e in f.evidence}
    found = [
        *standing,
        *interrupted,
        *clobbered,
        *find_damaged(snapshot, told=told, judged=judged),
        *_find_stranded(snapshot),
        *_find_leftovers(snapshot),
    ]
    return tuple(
        sorted(
            found,
            key=lambda f: (_ORDER[f.kind], f.conda or "", f.distribution or "", f.summary),
        )
    )


def _find_standing(snapshot: Snapshot) -> Iterator[Finding]:
    """Find what became of the distributions that records carry: one finding a record and name.

    A record may carry a name twice (egg-info and dist-info); the graver verdict is then told.
    """
    found: dict[tuple[PrefixPath, NormalizedName], Finding] = {}
    for carriers in snapshot.claims.by_name.values():
        for carrier in carriers:
            finding = _judge(snapshot, carrier)
            key = (carrier.record.path, carrier.name)
            if finding and (key not in found or _ORDER[finding.kind] < _ORDER[found[key].kind]):
                found[key] = finding
    yield from found.values()


def _judge(snapshot: Snapshot, carrier: RecordedDistribution) -> Finding | None:
    match snapshot.ownership.state_of(carrier):
        case Intact():
            return None
        case Overridden() as standing:
            return _build_overridden(snapshot, carrier, standing)
        case Doubled(others=others):
            return _build_doubled(carrier, others)
        case Vanished():
            return _build_vanished(carrier)


def _build_overridden(
    snapshot: Snapshot, carrier: RecordedDistribution, standing: Overridden
) -> Finding:
    by, record = standing.by, carrier.record
    if by.metadata == carrier.folder:
        changed = (PrefixPath(f"{carrier.folder}/{name}") for name in ("RECORD", "INSTALLER"))
        evidence = [build_evidence(snapshot, path, pip=by) for path in changed]
    else:
        evidence = [build_evidence(snapshot, carrier.path), present(by)]
    evidence += [present(other) for other in standing.others]
    return Finding(
        kind=FindingKind.OVERRIDDEN,
        conda=record.name,
        distribution=carrier.name,
        conda_version=record.version,
        pip_version=by.version,
        metadata=by.metadata,
        evidence=tuple(evidence),
        summary=f"pip's {by.name} {by.version} has replaced the files of conda's "
        f"{record.name} {record.version}.",
        remedy=(("conda", "pip", "restore", record.name),),
        details={
            "metadata_kept": standing.metadata_kept,
            "others": [other.metadata for other in standing.others],
        },
    )


def _build_doubled(carrier: RecordedDistribution, others: tuple[Distribution, ...]) -> Finding:
    record, first = carrier.record, others[0]
    versions = ", ".join(other.version for other in others)
    return Finding(
        kind=FindingKind.STALE_METADATA,
        conda=record.name,
        distribution=carrier.name,
        conda_version=record.version,
        pip_version=first.version,
        metadata=first.metadata,
        evidence=tuple(present(other) for other in others),
        summary=f"conda installed {record.name} {record.version} over pip's {first.name} "
        f"{versions}, whose metadata is still there.",
        remedy=_RECONCILE,
        details={"others": [other.metadata for other in others[1:]]},
    )


def _build_vanished(carrier: RecordedDistribution) -> Finding:
    record = carrier.record
    return Finding(
        kind=FindingKind.VANISHED,
        conda=record.name,
        distribution=carrier.name,
        conda_version=record.version,
        pip_version=None,
        metadata=None,
        evidence=(
            Evidence(
                path=carrier.path,
                claimed_by=(f"conda:{record.name}",),
                expected="present",
                found="absent",
            ),
        ),
        summary=f"The files of conda's {record.name} {record.version} have been uninstalled "
        "behind conda's back.",
        remedy=(("conda", "pip", "restore", record.name), ("conda", "remove", record.name)),
    )


def _find_stranded(snapshot: Snapshot) -> Iterator[Finding]:
    python = snapshot.prefix.python
    now = f"this environment now has Python {python.minor}" if python else "Python is gone"
    versions = {d.name: d.version for d in snapshot.distributions}
    for distribution in snapshot.stranded:
        yield Finding(
            kind=FindingKind.STRANDED,
            conda=None,
            distribution=distribution.name,
            conda_version=None,
            pip_version=distribution.version,
            metadata=distribution.metadata,
            evidence=(present(distribution),),
            summary=f"pip's {distribution.name} {distribution.version} stayed behind in "
            f"{distribution.site_packages}: {now}.",
            remedy=(("conda", "pip", "repair"),)
            if distribution.name in versions
            else (reinstall(distribution),),
            details={"present_version": versions.get(distribution.name)},
        )


def _find_leftovers(snapshot: Snapshot) -> Iterator[Finding]:
    """Find remains that no record has a part in; claimed ones belong to another finding."""
    if not snapshot.leftovers:
        return
    claimed = {
        "/".join(key.split("/")[:depth])
        for key in snapshot.claims.by_path
        for depth in {leftover.path.count("/") + 1 for leftover in snapshot.leftovers}
    }
    words = {
        "tilde-folder": "what pip set aside while it replaced a package",
        "no-metadata": "a metadata folder without its METADATA",
    }
    for leftover in snapshot.leftovers:
        if snapshot.claims.key(leftover.path) not in claimed:
            what = f"{words[leftover.reason]}; nothing reads it"
            yield _build_leftover(leftover.path, what, leftover.reason)


def _find_interrupted(snapshot: Snapshot) -> Iterator[Finding]:
    """Find metadata that conda has linked and no record lists, beside pip's of that name.

    conda writes a package's record after its files: it was killed between. Nothing is said where
    a file is not as pip's distribution has it: then conda's may be what is there.
    """
    unlisted = [d for d in snapshot.distributions if not snapshot.claims.of(d.metadata_file)]
    pips = [d for d in unlisted if d.installer != "conda"]
    for one in unlisted:
        if one.installer != "conda" or one.name in snapshot.claims.by_name:
            continue
        other = next((d for d in pips if d.name == one.name and _prevails(snapshot, d, one)), None)
        if other is not None:
            what = (
                "metadata that conda has linked and no record lists, "
                f"beside pip's {other.name} {other.version}"
            )
            found = _build_leftover(one.metadata, what, "no-record")
            seen = replace(found.evidence[0], path=one.metadata_file)
            yield replace(found, distribution=one.name, metadata=one.metadata, evidence=(seen,))


def _prevails(snapshot: Snapshot, one: Distribution, other: Distribution) -> bool:
    """Tell whether all files on which two distributions disagree are as the first states them."""
    stated = {file.path: file.sha256 for file in other.files or ()}
    disputed = [f for f in one.files or () if f.sha256 and stated.get(f.path, f.sha256) != f.sha256]
    facts = (snapshot.facts.get(file.path) for file in disputed)
    return one.files is not None and all(
        fact is not None and fact.sha256 == file.sha256
        for file, fact in zip(disputed, facts, strict=True)
    )


def _build_leftover(path: PrefixPath, what: str, reason: str) -> Finding:
    return Finding(
        kind=FindingKind.LEFTOVER,
        conda=None,
        distribution=None,
        conda_version=None,
        pip_version=None,
        metadata=None,
        evidence=(Evidence(path=path, claimed_by=(), expected="absent", found="present"),),
        summary=f"{path} is {what}.",
        remedy=_RECONCILE,
        details={"reason": reason},
    )
