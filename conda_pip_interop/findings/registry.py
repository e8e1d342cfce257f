"""The kinds of findings, and the one function that finds them all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from conda_pip_interop.findings import (
    clobbered,
    corrupt_record,
    damaged,
    duplicate_record,
    leftover,
    lost_record,
    overridden,
    stale_metadata,
    stranded,
    unmet,
    vanished,
)

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import Finding

Find: TypeAlias = "Callable[[Snapshot, Sequence[Finding]], Iterable[Finding]]"

#: In the order in which they are found: a kind may look at the findings of those before it.
FINDERS: Final[tuple[Find, ...]] = (
    overridden.find,
    stale_metadata.find,
    vanished.find,
    leftover.find,
    clobbered.find,
    damaged.find,
    stranded.find,
    lost_record.find,
    corrupt_record.find,
    duplicate_record.find,
    unmet.find,
)
#: In the order in which they are shown.
KINDS: Final = (
    "corrupt-record",
    "overridden",
    "stale-metadata",
    "vanished",
    "lost-record",
    "duplicate-record",
    "damaged",
    "stranded",
    "clobbered",
    "unmet",
    "leftover",
)


def find_all(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find every fault that the snapshot proves, in a stable order; computed once for each."""
    return snapshot.view(_find_all)


def _find_all(snapshot: Snapshot) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for find in FINDERS:
        found += find(snapshot, tuple(found))
    order = {kind: number for number, kind in enumerate(KINDS)}
    return tuple(
        sorted(
            found,
            key=lambda one: (
                order[one.kind],
                one.conda_name or "",
                one.project or "",
                one.summary,
            ),
        )
    )
