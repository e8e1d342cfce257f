"""`stale-metadata`: conda installed over pip's distribution; its metadata and leftovers remain."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.exclusive_files import build_removals, drop_path_lines
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.ownership import Doubled
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import RECONCILE, Finding, find_in_state, metadata_evidence
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class StaleMetadataFinding(Finding):
    """The metadata of ``stale`` is there beside conda's package of ``record``."""

    kind: ClassVar[str] = "stale-metadata"
    automatic: ClassVar[bool] = True

    record: CondaRecord
    stale: tuple[Distribution, ...]

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{self.event}, whose metadata is still there."

    @property
    def event(self) -> str:
        """What happened, without what is still there; no sentence yet."""
        record = self.record
        versions = ", ".join(one.version for one in self.stale)
        return (
            f"conda installed {record.name} {record.version} over pip's {self.stale[0].name} "
            f"{versions}"
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return RECONCILE

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"others": [one.metadata for one in self.stale[1:]]}

    def fix(self, snapshot: Snapshot) -> Plan:
        """Remove what only pip's RECORD lists, and the lines of development installs."""
        reason = f"conda installed {self.record.name} over it"
        files = tuple(
            removal for one in self.stale for removal in build_removals(one, snapshot, reason)
        )
        links = drop_path_lines(self._find_links(snapshot), snapshot, reason)
        return Plan(title="reconcile", steps=(*files, *links), fingerprint=snapshot.fingerprint)

    def repair(self, snapshot: Snapshot) -> Plan:
        """See `Finding.repair`; the plan shows packages, so what is removed here is said."""
        record = self.record
        notes = (
            f"Removes what is left of pip's {one.name} {one.version}: conda's {record.name} "
            f"{record.version} is in its place."
            for one in self.stale
        )
        return replace(self.fix(snapshot), notes=tuple(notes))

    def _find_links(self, snapshot: Snapshot) -> tuple[Distribution, ...]:
        """Find all stale development installs, if one of these is one: they share one file."""
        if all(one.layout != "egg-link" for one in self.stale):
            return ()
        return tuple(one for _, state in find_in_state(snapshot, Doubled) for one in state.others)


def find(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find distributions of pip's over which conda installed its own."""
    for recorded, state in find_in_state(snapshot, Doubled, earlier):
        yield StaleMetadataFinding(
            record=recorded.record,
            distribution=state.others[0],
            stale=state.others,
            evidence=tuple(map(metadata_evidence, state.others)),
        )
