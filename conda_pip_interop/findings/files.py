"""Findings about files: listed by both managers, missing, or overwritten."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.file_facts import FileFact
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.record import InstalledFile
from conda_pip_interop.environment.snapshot import Snapshot
from conda_pip_interop.findings.base import (
    Evidence,
    Finding,
    FindingKind,
    build_evidence,
    reinstall,
)

_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def find_clobbered(snapshot: Snapshot) -> Iterator[Finding]:
    """Find paths of pip's distributions that a record of another name lists too."""
    for distribution in snapshot.distributions:
        if not isinstance(snapshot.ownership.owner_of(distribution), ByPip):
            continue
        carriers = snapshot.claims.by_name.get(distribution.name, ())
        carrying = {carrier.record.path for carrier in carriers}
        contested: dict[PrefixPath, list[tuple[InstalledFile, Claim]]] = {}
        for file in distribution.files or ():
            for claim in snapshot.claims.of(file.path):
                if claim.record.path in carrying or _is_settled(claim, distribution):
                    continue
                if _is_conflict(file, claim, snapshot.facts.get(file.path)):
                    contested.setdefault(claim.record.path, []).append((file, claim))
        for pairs in contested.values():
            yield _build_clobbered(snapshot, distribution, pairs)


def _is_settled(claim: Claim, distribution: Distribution) -> bool:
    return distribution.name in claim.record.overridden_by


def _is_conflict(file: InstalledFile, claim: Claim, fact: FileFact | None) -> bool:
    """Tell whether it matters that both list the file: not where it is empty or the same."""
    if file.path.endswith(".pyc") or claim.file.path_type == "directory":
        return False
    if file.sha256 is not None and claim.allows(file.sha256):
        return False
    return file.sha256 != _EMPTY_SHA256 and (fact is None or fact.size != 0)


def _build_clobbered(
    snapshot: Snapshot, distribution: Distribution, pairs: list[tuple[InstalledFile, Claim]]
) -> Finding:
    record = pairs[0][1].record
    on_disk = Counter(
        _tell_content(file, claim, snapshot.facts.get(file.path)) for file, claim in pairs
    )
    stated = {file.path: file.sha256 for file, _ in pairs}
    count = "a file" if len(stated) == 1 else f"{len(stated)} files"
    return Finding(
        kind=FindingKind.CLOBBERED,
        conda=record.name,
        distribution=distribution.name,
        conda_version=record.version,
        pip_version=distribution.version,
        metadata=distribution.metadata,
        evidence=tuple(
            build_evidence(snapshot, path, pip=distribution, stated=sha)
            for path, sha in stated.items()
        ),
        summary=f"conda's {record.name} {record.version} and pip's {distribution.name} "
        f"{distribution.version} both installed {count}.",
        remedy=(
            ("conda", "run", "python", "-m", "pip", "uninstall", distribution.name),
            ("conda", "remove", record.name),
        ),
        details={"on_disk": dict(on_disk)},
    )


def _tell_content(file: InstalledFile, claim: Claim, fact: FileFact | None) -> str:
    if fact is None or fact.sha256 is None:
        return "absent" if fact and fact.kind == "absent" else "unknown"
    if fact.sha256 == file.sha256:
        return "pip"
    return "conda" if claim.allows(fact.sha256) else "other"


def find_damaged(
    snapshot: Snapshot, *, told: set[PrefixPath], judged: set[PrefixPath]
) -> Iterator[Finding]:
    """Find pip's distributions whose files are gone, or are no longer theirs."""
    for distribution in snapshot.distributions:
        if snapshot.claims.of(distribution.metadata_file) or distribution.metadata_file in judged:
            continue
        missing: list[Evidence] = []
        changed: list[Evidence] = []
        for file in distribution.files or ():
            if file.path in told or _is_dispensable(distribution, file):
                continue
            fact = snapshot.facts.get(file.path)
            if fact is not None and fact.kind == "absent":
                missing.append(_tell(snapshot, distribution, file))
            elif _is_overwritten(snapshot, file, fact):
                changed.append(_tell(snapshot, distribution, file))
        if missing or changed:
            yield _build_broken(distribution, missing, changed)
        elif distribution.layout == "dist-info" and (fault := distribution.record_fault):
            yield _build_untrusted(distribution, fault)


def _build_untrusted(distribution: Distribution, fault: str) -> Finding:
    """Tell of a RECORD that pip would follow, or fail on, when it removes the distribution."""
    evidence = Evidence(
        path=PrefixPath(f"{distribution.metadata}/RECORD"),
        claimed_by=(f"pip:{distribution.name}",),
        expected=None,
        found="present",
    )
    said = f"does not say which files are its own: {fault}"
    return _build_damaged(distribution, (evidence,), said, {"outside": list(distribution.outside)})


def _tell(snapshot: Snapshot, distribution: Distribution, file: InstalledFile) -> Evidence:
    return build_evidence(snapshot, file.path, pip=distribution, stated=file.sha256)


def _is_overwritten(snapshot: Snapshot, file: InstalledFile, fact: FileFact | None) -> bool:
    """Tell whether other content is there and a record answers for it, not a user's edit."""
    if fact is None or file.sha256 is None or fact.sha256 in {None, file.sha256}:
        return False
    return bool(snapshot.claims.of(file.path))


def _is_dispensable(distribution: Distribution, file: InstalledFile) -> bool:
    """Tell whether a file may be missing without harm: caches, notes of the installer, emptiness.

    Empty ``__init__.py`` are shared by namespace packages; uninstalling one takes the file along.
    """
    notes = {f"{distribution.metadata}/{n}" for n in ("INSTALLER", "REQUESTED", "direct_url.json")}
    return file.path.endswith(".pyc") or file.sha256 == _EMPTY_SHA256 or file.path in notes


def _count(files: list[Evidence]) -> str:
    return f"{len(files)} of its files {'is' if len(files) == 1 else 'are'}"


def _build_broken(
    distribution: Distribution, missing: list[Evidence], changed: list[Evidence]
) -> Finding:
    told = [f"{_count(missing)} missing"] if missing else []
    told += [f"{_count(changed)} overwritten"] if changed else []
    return _build_damaged(
        distribution,
        (*missing, *changed),
        f"is broken: {' and '.join(told)}",
        {"missing": len(missing), "overwritten": len(changed)},
    )


def _build_damaged(
    distribution: Distribution,
    evidence: tuple[Evidence, ...],
    said: str,
    details: Mapping[str, object],
) -> Finding:
    return Finding(
        kind=FindingKind.DAMAGED,
        conda=None,
        distribution=distribution.name,
        conda_version=None,
        pip_version=distribution.version,
        metadata=distribution.metadata,
        evidence=evidence,
        summary=f"pip's {distribution.name} {distribution.version} {said}.",
        remedy=(reinstall(distribution),),
        details=details,
    )
