"""`damaged`: files of a distribution or a conda package are gone or foreign, or RECORD lies."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.plan import InstallPip, Plan
from conda_pip_interop.environment.conda_meta.records import CondaFile, CondaRecord
from conda_pip_interop.environment.file_facts import PLAIN_FILE, FileFact
from conda_pip_interop.environment.origin import find_local
from conda_pip_interop.environment.ownership import ByConda, ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.environment.shared_files import EMPTY_SHA256, is_harmless
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.site_packages.record import InstalledFile
from conda_pip_interop.findings.base import (
    Evidence,
    Finding,
    build_evidence,
    build_folder_evidence,
    relink,
)
from conda_pip_interop.findings.kinds.clobbered import ClobberedFinding
from conda_pip_interop.findings.kinds.overridden import OverriddenFinding
from conda_pip_interop.findings.kinds.vanished import VanishedFinding
from conda_pip_interop.findings.manual_damage import BlockedPackageFinding
from conda_pip_interop.findings.metadata_faults import (
    describe_fault,
    find_fault,
    find_missing_record,
    find_package_faults,
    lacks_record,
)
from conda_pip_interop.findings.overwritten import find_conda_content, find_overwritten
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class _Damage(Finding):
    """``missing`` files are gone, ``overwritten`` have foreign content; or metadata has a fault."""

    kind: ClassVar[str] = "damaged"
    rewrites: ClassVar[bool] = True

    missing: int = 0
    overwritten: int = 0
    fault: str | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        if self.fault is not None:
            return describe_fault(self.label, self.fault)
        return f"{self.label} is damaged: {_describe(self.missing, self.overwritten)}."

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"missing": self.missing, "overwritten": self.overwritten}


@dataclass(frozen=True, kw_only=True)
class DamagedFinding(_Damage):
    """Files of pip's ``distribution``, or its metadata, are damaged.

    ``otherwise`` works also where nothing has it to install it again. What ``clobbers`` a package
    of conda's would do so again: it goes.
    """

    distribution: Distribution
    otherwise: tuple[tuple[str, ...], ...] = ()
    clobbers: ClobberedFinding | None = None

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        if self.clobbers is not None:
            return self.clobbers.remedy
        return (("conda", "pip", "repair", self.distribution.name), *self.otherwise)

    @property
    def restores(self) -> CondaRecord | None:
        """See `Finding.restores`."""
        return None if self.clobbers is None else self.clobbers.restores

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        if self.fault is not None:
            return {"outside": list(self.distribution.outside)}
        return super().details

    def fix(self, snapshot: Snapshot) -> Plan:
        """Install it again, from where it came from."""
        if self.clobbers is not None:
            return self.clobbers.repair(snapshot)
        step = InstallPip(
            name=self.distribution.name,
            version=self.distribution.version,
            reason="its files are missing or changed",
            distribution=self.distribution,
        )
        return Plan(title="repair", steps=(step,), fingerprint=snapshot.fingerprint)


@dataclass(frozen=True, kw_only=True)
class DamagedPackageFinding(_Damage):
    """Files of conda's package of ``record``, or its metadata, are damaged."""

    record: CondaRecord

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.record.name),)

    def fix(self, snapshot: Snapshot) -> Plan:
        """Link the very package again."""
        return relink(self.record, "its files are missing or changed", snapshot)


def find(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find distributions of pip and packages of conda whose files are gone or no longer theirs.

    A harm is reported once: not the files of a distribution or a package that is itself replaced
    or left over, nor files that two packages list. What replaced a package is judged as any other.
    """
    clobbering = {one.distribution: one for one in earlier if isinstance(one, ClobberedFinding)}
    clobbered = {e.path for f in earlier if isinstance(f, ClobberedFinding) for e in f.evidence}
    judged = {e.path for f in earlier if not isinstance(f, ClobberedFinding) for e in f.evidence}
    judged -= {
        one.distribution.metadata_file for one in earlier if isinstance(one, OverriddenFinding)
    }
    for one in _find_damaged_distributions(snapshot, clobbered, judged):
        if isinstance(one, DamagedFinding) and one.distribution in clobbering:
            yield replace(one, clobbers=clobbering[one.distribution])
        else:
            yield one
    replaced = {f.record for f in earlier if isinstance(f, OverriddenFinding | VanishedFinding)}
    faults = dict(find_package_faults(snapshot))
    foreign = find_overwritten(snapshot)
    for record in snapshot.records:
        if record not in replaced:
            yield from _find_damaged_package(
                snapshot, record, clobbered, foreign, faults.get(record)
            )


def _find_damaged_package(
    snapshot: Snapshot,
    record: CondaRecord,
    clobbered: Collection[PrefixPath],
    foreign: Collection[PrefixPath],
    fault: tuple[PrefixPath, str] | None,
) -> Iterator[Finding]:
    """Find what a package has lost; what pip put in its place is judged by pip's RECORD."""
    instead = [one for one in snapshot.distributions if one.name in record.overridden_by]
    if any(map(lacks_record, instead)):
        return
    judged = {file.path for one in instead for file in one.files or ()}
    missing, overwritten, blocked = [], [], []
    for file in record.files:
        if file.path.endswith(".pyc") or file.path in judged:
            continue
        fact = snapshot.facts.get(file.path, PLAIN_FILE)
        if (
            fact.kind == "dir"
            and file.path_type not in ("directory", "softlink")
            and file.path not in clobbered
        ):
            blocked.append(build_folder_evidence(snapshot, file.path))
        if _is_missing(fact, file) and file.path not in clobbered:
            missing.append(build_evidence(snapshot, file.path))
        elif (
            file.path in foreign
            or (fact.sha256 is not None and _is_foreign(snapshot, file, fact.sha256))
            or (fact.kind == "symlink" and _is_foreign_link(snapshot, file, fact.sha256))
        ):
            overwritten.append(build_evidence(snapshot, file.path))
    if blocked:
        yield BlockedPackageFinding(
            record=record,
            blocked=tuple(to_disk(snapshot.prefix.root, one.path) for one in blocked),
            evidence=(*blocked, *missing, *overwritten),
        )
    elif missing or overwritten:
        yield DamagedPackageFinding(
            record=record,
            missing=len(missing),
            overwritten=len(overwritten),
            evidence=(*missing, *overwritten),
        )
    elif fault is not None:
        path, told = fault
        yield DamagedPackageFinding(
            record=record,
            fault=told,
            evidence=(build_evidence(snapshot, path),),
        )


def _is_missing(fact: FileFact, file: CondaFile) -> bool:
    """Return whether nothing is there that can be read; packages may have links that dangle."""
    is_dead_link = fact.kind == "dangling" and file.path_type not in ("softlink", "")
    return is_dead_link or fact.kind in {"absent", "special"}


def _is_foreign(snapshot: Snapshot, file: CondaFile, sha256: str) -> bool:
    """Return whether content is of none of the packages that list it: several records do."""
    claims = snapshot.claims.of(file.path)
    return (
        snapshot.claims.is_disputed(file.path)
        and all(claim.states_hash and not claim.allows(sha256) for claim in claims)
        and not any(isinstance(one, ByPip) for one in snapshot.ownership.claimants(file.path))
    )


def _is_foreign_link(snapshot: Snapshot, file: CondaFile, sha256: str | None) -> bool:
    """Return whether a symbolic link is in the place of a file, and does not lead to its content.

    conda links files by symbolic links if `always_softlink` is set; records then say so.
    """
    claims = snapshot.claims.of(file.path)
    if any(one.file.path_type in ("softlink", "directory", "") for one in claims):
        return False
    return sha256 is None or not any(one.allows(sha256) for one in claims)


def _find_damaged_distributions(
    snapshot: Snapshot, clobbered: Collection[PrefixPath], judged: Collection[PrefixPath]
) -> Iterator[Finding]:
    for one in snapshot.distributions:
        if isinstance(snapshot.ownership.owner_of(one), ByConda) or one.metadata_file in judged:
            continue
        missing: list[Evidence] = []
        overwritten: list[Evidence] = []
        blocked: list[Evidence] = []
        condas = {*find_conda_content(snapshot, one)}
        for file in one.files or ():
            fact = snapshot.facts.get(file.path)
            is_missing = fact is not None and fact.kind in {"absent", "dangling", "special"}
            if fact is not None and fact.kind == "dir" and file.encoded is not None:
                blocked.append(build_folder_evidence(snapshot, file.path, pip=one))
            if not (is_missing or file.path in condas) and not _is_overwritten(
                snapshot, one, file, fact
            ):
                continue
            if file.path not in clobbered and not _is_dispensable(one, file):
                harm = build_evidence(snapshot, file.path, pip=one, stated=file.sha256)
                (missing if is_missing else overwritten).append(harm)
        if blocked:
            yield BlockedPackageFinding(
                distribution=one,
                blocked=tuple(to_disk(snapshot.prefix.root, one.path) for one in blocked),
                evidence=(*blocked, *missing, *overwritten),
            )
        elif missing or overwritten:
            yield DamagedFinding(
                distribution=one,
                missing=len(missing),
                overwritten=len(overwritten),
                otherwise=tuple(_find_other_ways(snapshot, one)),
                evidence=(*missing, *overwritten),
            )
        elif one.layout == "dist-info" and (
            fault := find_fault(snapshot, one) or find_missing_record(snapshot, one)
        ):
            path, told = fault
            evidence = Evidence(
                path=path,
                claimed_by=(f"pip:{one.name}",),
                found="present"
                if os.path.lexists(to_disk(snapshot.prefix.root, path))
                else "absent",
            )
            yield DamagedFinding(distribution=one, fault=told, evidence=(evidence,))


def _find_other_ways(snapshot: Snapshot, one: Distribution) -> Iterator[tuple[str, ...]]:
    """Find the commands that end the damage without the files that it was installed from."""
    override = snapshot.ownership.override_of(one)
    source = find_local(str((one.direct_url or {}).get("url", "")))
    if override is not None:
        yield "conda", "pip", "restore", override.record.name
    elif source is not None and not source.exists():
        yield "conda", "pip", "uninstall", one.name


def _is_overwritten(
    snapshot: Snapshot, one: Distribution, file: InstalledFile, fact: FileFact | None
) -> bool:
    """Return whether other content is there that another package lists: a user's edit is none.

    A symbolic link that leads to other content, or to a folder, is none of the installer's.
    """
    if fact is not None and fact.kind == "symlink" and file.encoded is not None:
        return fact.sha256 is None or file.sha256 not in {None, fact.sha256}
    if fact is None or fact.sha256 is None or file.sha256 in {None, fact.sha256}:
        return False
    root = snapshot.prefix.root
    return any(
        one.name not in claim.record.overridden_by and not is_harmless(file, claim, root=root)
        for claim in snapshot.claims.of(file.path)
    )


def _is_dispensable(one: Distribution, file: InstalledFile) -> bool:
    """Return whether a file may be missing without harm: caches, installer's notes, empty files.

    Empty ``__init__.py`` are shared by namespace packages; uninstalling one removes the file.
    """
    if file.path.endswith(".pyc") or file.sha256 == EMPTY_SHA256:
        return True
    folder, _, name = file.path.rpartition("/")
    return folder == one.metadata and name in ("INSTALLER", "REQUESTED", "direct_url.json")


def _describe(missing: int, overwritten: int) -> str:
    counts = {"missing": missing, "overwritten": overwritten}
    return " and ".join(
        f"{number} of its files {'is' if number == 1 else 'are'} {what}"
        for what, number in counts.items()
        if number
    )
