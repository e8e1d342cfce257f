"""The kinds of findings, and the one function that finds them all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from conda_pip_interop.environment.paths import find_links_outside
from conda_pip_interop.findings.kinds import (
    clobbered,
    corrupt_record,
    damaged,
    duplicate_record,
    leftover,
    lost_record,
    mixed,
    overridden,
    refused_depend,
    shadowed,
    stale_metadata,
    stranded,
    unmet,
    vanished,
)
from conda_pip_interop.findings.manual_damage import find_missing_sources

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
    refused_depend.find,
    mixed.find,
)
#: These are only sought where a person asks.
ASKED_FINDERS: Final[tuple[Find, ...]] = (shadowed.find, find_missing_sources)
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
    "mixed",
    "unmet",
    "shadowed",
    "leftover",
)


def find_all(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find every fault that the snapshot proves, in a stable order; computed once for each."""
    return snapshot.view(_find_all)


def find_asked(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Find what `find_all` does, and what is only sought where a person asks."""
    found = find_all(snapshot)
    return _sort([*found, *(one for find in ASKED_FINDERS for one in find(snapshot, found))])


def _find_all(snapshot: Snapshot) -> tuple[Finding, ...]:
    found: list[Finding] = []
    for find in FINDERS:
        found += (_add_links(one, snapshot) for one in find(snapshot, tuple(found)))
    return _sort(found)


def _sort(found: list[Finding]) -> tuple[Finding, ...]:
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


def _add_links(finding: Finding, snapshot: Snapshot) -> Finding:
    """Add the links through which the remedies would change files outside of the environment."""
    if not finding.rewrites:
        return finding
    files = finding.record.files if finding.record else ()
    paths = {file.path for file in files} | {one.path for one in finding.evidence}
    if finding.distribution is not None:
        paths |= {file.path for file in finding.distribution.files or ()}
    links = find_links_outside(snapshot.prefix.root, paths)
    return dataclasses.replace(finding, links=links) if links else finding
