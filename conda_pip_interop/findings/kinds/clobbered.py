"""`clobbered`: a conda package and a distribution of another name claim one path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.exclusive_files import exclusive_files
from conda_pip_interop.changes.plan import LinkConda, Plan, RemoveFile, RemovePip
from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.shared_files import EMPTY_SHA256, is_harmless
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.site_packages.record import InstalledFile
from conda_pip_interop.findings.base import Finding, build_evidence, build_link
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.file_facts import FileFact
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class ClobberedFinding(Finding):
    """``record`` and ``distribution`` both list the paths of the evidence.

    ``on_disk`` counts whose content is there: conda, pip, other, absent or unknown.
    ``by_replaces`` is the record of another conda package that pip's has replaced.
    """

    kind: ClassVar[str] = "clobbered"
    rewrites: ClassVar[bool] = True

    record: CondaRecord
    distribution: Distribution
    by_replaces: CondaRecord | None
    on_disk: tuple[tuple[str, int], ...]

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        record, one = self.record, self.distribution
        return (
            f"conda's {record.name} {record.version} and pip's {one.name} {one.version} "
            f"both installed {count(len(self.evidence), 'file')}."
        )

    @property
    def restores(self) -> CondaRecord | None:
        """See `Finding.restores`."""
        return self.by_replaces

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        if self.by_replaces is not None:
            return (("conda", "pip", "restore", self.by_replaces.name),)
        return (("conda", "pip", "uninstall", self.distribution.name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"on_disk": dict(self.on_disk)}

    def repair(self, snapshot: Snapshot) -> Plan:
        """Remove pip's distribution, and link again what it had overwritten of conda's."""
        name, version = self.distribution.name, self.distribution.version
        others = (
            one
            for one in snapshot.distributions
            if one.name == name and one.metadata != self.distribution.metadata
        )
        kept = {file.path for one in others for file in one.files or ()}
        files = exclusive_files(self.distribution, snapshot)
        return Plan(
            title="repair",
            steps=(
                RemovePip(name=name, version=version, reason=f"overwrites {self.record.name}"),
                *(
                    RemoveFile(path=path, reason=f"pip's {name} {version}")
                    for path in files
                    if path not in kept
                ),
                *relink_contested((self.distribution,), snapshot),
            ),
            fingerprint=snapshot.fingerprint,
        )


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find paths of pip's distributions that a record of another name lists too."""
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        if not isinstance(owner, ByPip):
            continue
        carrying = {entry.record for entry in snapshot.claims.by_name.get(one.name, ())}
        contested: dict[CondaRecord, list[tuple[InstalledFile, Claim]]] = {}
        for file, claim in _find_conflicts(one, snapshot):
            if claim.record not in carrying and one.name not in claim.record.overridden_by:
                contested.setdefault(claim.record, []).append((file, claim))
        for record, pairs in contested.items():
            yield _build(snapshot, record, owner, pairs)


def relink_contested(
    distributions: Iterable[Distribution], snapshot: Snapshot
) -> Iterator[LinkConda]:
    """Link the packages again whose files these distributions of pip have overwritten."""
    found: dict[CondaRecord, str] = {}
    for one in distributions:
        for file, claim in _find_conflicts(one, snapshot):
            fact = snapshot.facts.get(file.path)
            if fact is None or fact.sha256 is None or not claim.allows(fact.sha256):
                found.setdefault(claim.record, one.name)
        for claim in _find_shared(one, snapshot):
            found.setdefault(claim.record, one.name)
    for record, name in found.items():
        yield build_link(record, f"pip's {name} overwrote its files")


def _find_shared(one: Distribution, snapshot: Snapshot) -> Iterator[Claim]:
    """Find the claims on files that both can share, where pip's content is there, not conda's."""
    for file in one.files or ():
        fact = snapshot.facts.get(file.path)
        if file.sha256 is not None and fact is not None and fact.sha256 == file.sha256:
            for claim in snapshot.claims.of(file.path):
                known = claim.states_hash and claim.record not in snapshot.superseded
                if known and not claim.allows(file.sha256):
                    yield claim


def _find_conflicts(one: Distribution, snapshot: Snapshot) -> Iterator[tuple[InstalledFile, Claim]]:
    """Find the files of a distribution that valid records list, too, with other content.

    An emptied file is damage. One in a folder that is in the place of a file is a conflict, too.
    """
    for file, claim in snapshot.claims.find_above(one.files or ()):
        if claim.record not in snapshot.superseded:
            yield file, claim
    for file in one.files or ():
        for claim in snapshot.claims.of(file.path):
            fact = snapshot.facts.get(file.path)
            emptied = fact is not None and fact.size == 0 and file.sha256 != EMPTY_SHA256
            if (
                claim.record not in snapshot.superseded
                and not emptied
                and not is_harmless(file, claim, root=snapshot.prefix.root)
            ):
                yield file, claim


def _build(
    snapshot: Snapshot,
    record: CondaRecord,
    owner: ByPip,
    pairs: Sequence[tuple[InstalledFile, Claim]],
) -> ClobberedFinding:
    by = owner.distribution
    stated: dict[PrefixPath, str | None] = {claim.file.path: file.sha256 for file, claim in pairs}
    return ClobberedFinding(
        record=record,
        distribution=by,
        by_replaces=owner.in_place_of,
        evidence=tuple(
            build_evidence(snapshot, path, pip=by, stated=sha256) for path, sha256 in stated.items()
        ),
        on_disk=tuple(
            Counter(
                _describe_content(file, claim, snapshot.facts.get(file.path))
                for file, claim in pairs
            ).items()
        ),
    )


def _describe_content(file: InstalledFile, claim: Claim, fact: FileFact | None) -> str:
    if fact is None or fact.sha256 is None:
        return "absent" if fact and fact.kind == "absent" else "unknown"
    if fact.sha256 == file.sha256:
        return "pip"
    return "conda" if claim.allows(fact.sha256) else "other"
