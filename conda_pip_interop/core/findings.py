"""Findings: the faults between the two managers, each proven by its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from packaging.utils import NormalizedName

from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.snapshot import Snapshot


class FindingKind(str, Enum):
    """The faults of the design's section 4."""

    OVERRIDDEN = "overridden"
    STALE_METADATA = "stale-metadata"
    VANISHED = "vanished"
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


def find_findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find every fault that the snapshot proves, in a stable order; ``unmet`` is elsewhere."""
    raise NotImplementedError
