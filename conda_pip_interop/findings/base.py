"""Finding: one fault between the two managers, with its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from packaging.utils import NormalizedName

from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import Snapshot

_SEEN = {
    "file": "present",
    "symlink": "present",
    "dir": "present",
    "absent": "absent",
    "unreadable": "unreadable",
}


class FindingKind(str, Enum):
    """The faults of the design's section 4."""

    OVERRIDDEN = "overridden"
    STALE_METADATA = "stale-metadata"
    VANISHED = "vanished"
    LOST_RECORD = "lost-record"
    DAMAGED = "damaged"
    STRANDED = "stranded"
    CLOBBERED = "clobbered"
    UNMET = "unmet"
    LEFTOVER = "leftover"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One path: who claims it (``conda:click``, ``pip:click``), what should be there, what is.

    ``expected`` and ``found`` are hex sha256, or a plain word such as ``absent``.
    """

    path: PrefixPath
    claimed_by: tuple[str, ...]
    expected: str | None
    found: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One fault; ``remedy`` holds whole command lines as argv, the preferred one first.

    ``metadata`` is the dist-info path of the pip distribution it is about, where there is one.
    """

    kind: FindingKind
    conda: str | None
    distribution: NormalizedName | None
    conda_version: str | None
    pip_version: str | None
    metadata: PrefixPath | None
    evidence: tuple[Evidence, ...]
    summary: str
    remedy: tuple[tuple[str, ...], ...]
    details: Mapping[str, object] | None = None


def reinstall(distribution: Distribution) -> tuple[str, ...]:
    """Build the command that puts a distribution of pip's in place again, from its source."""
    return ("conda", "pip", "repair", distribution.name)


def present(distribution: Distribution) -> Evidence:
    """Tell that the metadata of a distribution of pip's is there."""
    return Evidence(
        path=distribution.metadata_file,
        claimed_by=(f"pip:{distribution.name}",),
        expected=None,
        found="present",
    )


def build_evidence(
    snapshot: Snapshot,
    path: PrefixPath,
    *,
    pip: Distribution | None = None,
    stated: str | None = None,
) -> Evidence:
    """Tell of one path who lists it, what should be there, and what is.

    ``stated`` is the sha256 in ``pip``'s RECORD; a record's word, where there is one, goes first.
    """
    claims = snapshot.claims.of(path)
    claimed_by = [f"conda:{claim.record.name}" for claim in claims]
    expected = next((claim.file.expected_sha256 for claim in claims), None) or stated
    if pip is not None:
        claimed_by.append(f"pip:{pip.name}")
    fact = snapshot.facts.get(path)
    found = None if fact is None else fact.sha256 or _SEEN[fact.kind]
    return Evidence(path=path, claimed_by=tuple(claimed_by), expected=expected, found=found)
