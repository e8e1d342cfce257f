"""`overridden`: pip replaced the payload of a conda record, and the record does not say so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import build_removals, drop_path_lines
from conda_pip_interop.changes.override import read_override, settle_override
from conda_pip_interop.changes.plan import FileAction
from conda_pip_interop.environment.claims import RecordedDistribution
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.ownership import Overridden
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import (
    Finding,
    build_evidence,
    find_in_state,
    metadata_evidence,
)
from conda_pip_interop.findings.metadata_faults import lacks_record
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class OverriddenFinding(Finding):
    """``distribution`` replaced files of ``record``; ``others`` are more distributions of the name.

    The findings of one record are fixed together, by ``fix_record``.
    """

    kind: ClassVar[str] = "overridden"
    automatic: ClassVar[bool] = True
    rewrites: ClassVar[bool] = True

    record: CondaRecord
    distribution: Distribution
    others: tuple[Distribution, ...]
    metadata_kept: bool

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        record, one = self.record, self.distribution
        return (
            f"pip's {one.name} {one.version} replaced the files of conda's "
            f"{record.name} {record.version}."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        if lacks_record(self.distribution):
            return (("conda", "pip", "repair", self.distribution.name),)
        return (("conda", "pip", "restore", self.record.name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {
            "metadata_kept": self.metadata_kept,
            "others": [other.metadata for other in self.others],
        }


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find what pip replaced: one finding for each record and name."""
    for recorded, state in find_in_state(snapshot, Overridden):
        yield _build(snapshot, recorded, state)


def _build(
    snapshot: Snapshot, recorded: RecordedDistribution, state: Overridden
) -> OverriddenFinding:
    by = state.by
    if by.metadata == recorded.folder:
        changed = (PrefixPath(f"{recorded.folder}/{name}") for name in ("RECORD", "INSTALLER"))
        evidence = [build_evidence(snapshot, path, pip=by) for path in changed]
    else:
        evidence = [build_evidence(snapshot, recorded.path), metadata_evidence(by)]
    return OverriddenFinding(
        record=recorded.record,
        distribution=by,
        others=state.others,
        metadata_kept=state.metadata_kept,
        evidence=(*evidence, *map(metadata_evidence, state.others)),
    )


def group_by_record(
    findings: Iterable[Finding], snapshot: Snapshot
) -> list[tuple[CondaRecord, list[OverriddenFinding]]]:
    """Group the `overridden` findings by record.

    Of several records that contain one distribution, the one of its own name comes first: it gets
    pip's payload.
    """
    groups: dict[CondaRecord, list[OverriddenFinding]] = {}
    for finding in findings:
        if isinstance(finding, OverriddenFinding):
            groups.setdefault(finding.record, []).append(finding)
    grouped = [(one, groups[one]) for one in snapshot.records if one in groups]
    return sorted(grouped, key=lambda pair: not any(map(_is_namesake, pair[1])))


def _is_namesake(finding: OverriddenFinding) -> bool:
    return canonicalize_name(finding.record.name) == finding.distribution.name


def fix_record(
    record: CondaRecord,
    findings: Sequence[OverriddenFinding],
    snapshot: Snapshot,
    taken: set[PrefixPath],
) -> Iterable[FileAction]:
    """Rewrite a record to what is there, and remove what further distributions alone list.

    `taken` is the part of pip's payload that other records have got; it grows. Nothing is done
    where a distribution has no RECORD.
    """
    by = tuple(dict.fromkeys(one.distribution for one in findings))
    if any(one.files is None for one in by):
        return
    override = read_override(record, by, snapshot, taken=taken)
    taken |= override.payload
    yield from settle_override(override, snapshot)
    for finding in findings:
        reason = f"replaced by pip's {finding.distribution.name} {finding.distribution.version}"
        for other in finding.others:
            for removal in build_removals(other, snapshot, reason):
                if removal.path not in override.payload:
                    yield removal
        yield from drop_path_lines(finding.others, snapshot, reason)
