"""Standing: how a record's distribution fares beside what else has its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from conda_pip_interop.core.claims import Carrier, Claims, is_absent, is_rewritten
from conda_pip_interop.core.distributions import Distribution
from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.snapshot import Snapshot, find_carrier


@dataclass(frozen=True, kw_only=True, slots=True)
class Intact:
    """It is there as conda linked it, or another record of the name has taken its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overridden:
    """pip's ``by`` is in its place; ``others`` are further distributions of the name, unclaimed.

    ``metadata_kept``: conda's metadata is still there (``pip install --ignore-installed``), but
    the files that both list are pip's.
    """

    by: Distribution
    others: tuple[Distribution, ...]
    metadata_kept: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubled:
    """It is there, and beside it the metadata of pip's ``others``, over which conda installed."""

    others: tuple[Distribution, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Vanished:
    """Its metadata is gone, and nothing has its name."""


Standing: TypeAlias = Intact | Overridden | Doubled | Vanished


def judge_carrier(snapshot: Snapshot, carrier: Carrier) -> Standing:
    """Tell how the distribution that a record carries fares; only what is proven counts."""
    claims, facts = snapshot.claims, snapshot.facts
    named = [d for d in snapshot.distributions if d.name == carrier.name]
    rivals = tuple(d for d in named if not claims.of(d.metadata_file))
    if is_absent(carrier, facts):
        if rivals:
            return _build_overridden(snapshot, rivals)
        return Intact() if named else Vanished()
    own = next((d for d in named if claims.same(d.metadata_file, carrier.path)), None)
    if own is not None and is_rewritten(claims, carrier, own, facts):
        return Overridden(by=own, others=rivals, metadata_kept=False)
    beside = tuple(d for d in rivals if claims.same(d.site_packages, carrier.site_packages))
    if not beside:
        return Intact()
    for rival in beside:
        if _is_payload_of(snapshot, carrier, rival):
            others = tuple(d for d in beside if d is not rival)
            return Overridden(by=rival, others=others, metadata_kept=True)
    return Doubled(others=beside)


def find_override(snapshot: Snapshot, distribution: Distribution) -> Carrier | None:
    """Return the record in whose place pip's distribution is; None if it is in no one's.

    Covers an override that is already written into its record as well as one only found.
    """
    claims = snapshot.claims
    own = find_carrier(claims, distribution)
    if own is not None:
        return (
            own if is_settled(own, distribution) or _rewrote(snapshot, own, distribution) else None
        )
    for carrier in claims.by_name.get(distribution.name, ()):
        standing = judge_carrier(snapshot, carrier)
        if isinstance(standing, Overridden) and standing.by.metadata == distribution.metadata:
            return carrier
    return None


def is_settled(carrier: Carrier, distribution: Distribution) -> bool:
    """Tell whether the record says itself that this distribution is in its place."""
    return distribution.name in carrier.record.overridden_by


def _rewrote(snapshot: Snapshot, carrier: Carrier, distribution: Distribution) -> bool:
    return is_rewritten(snapshot.claims, carrier, distribution, snapshot.facts)


def _build_overridden(snapshot: Snapshot, rivals: tuple[Distribution, ...]) -> Overridden:
    """Take of several the one that has most of its files on disk as it states them."""
    best = max(rivals, key=lambda rival: _count_own_files(snapshot, rival))
    others = tuple(rival for rival in rivals if rival is not best)
    return Overridden(by=best, others=others, metadata_kept=False)


def _count_own_files(snapshot: Snapshot, distribution: Distribution) -> int:
    facts = snapshot.facts
    return sum(
        file.sha256 is not None and file.path in facts and facts[file.path].sha256 == file.sha256
        for file in distribution.files or ()
    )


def _is_payload_of(snapshot: Snapshot, carrier: Carrier, rival: Distribution) -> bool:
    """Tell whether every file on which record and rival disagree is as the rival states it."""
    disagreed = 0
    for file in rival.files or ():
        allowed = _stated_by(snapshot.claims, carrier, file.path)
        if file.sha256 is None or not allowed or file.sha256 in allowed:
            continue
        fact = snapshot.facts.get(file.path)
        if fact is None or fact.sha256 != file.sha256:
            return False
        disagreed += 1
    return disagreed > 0


def _stated_by(claims: Claims, carrier: Carrier, path: PrefixPath) -> set[str | None]:
    return {
        sha256
        for claim in claims.of(path)
        if claim.record is carrier.record and claim.states_hash
        for sha256 in (claim.file.sha256, claim.file.sha256_in_prefix)
    }
