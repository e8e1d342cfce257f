"""`vanished`: pip uninstalled the payload of a conda package; conda still has its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from packaging.utils import NormalizedName

from conda_pip_interop.changes.originals import keep_original
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.environment.claims import RecordedDistribution
from conda_pip_interop.environment.ownership import Vanished
from conda_pip_interop.findings.base import Evidence, Finding, find_in_state, relink
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class VanishedFinding(Finding):
    """Nothing is left of ``recorded``."""

    kind: ClassVar[str] = "vanished"
    automatic: ClassVar[bool] = True
    rewrites: ClassVar[bool] = True

    recorded: RecordedDistribution

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        record = self.recorded.record
        return f"{record.name} {record.version} was removed by pip; conda still has its record."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        name = self.recorded.record.name
        return (("conda", "pip", "restore", name), ("conda", "remove", name))

    @property
    def project(self) -> NormalizedName:
        """See `Finding.project`."""
        return self.recorded.name

    def fix(self, snapshot: Snapshot) -> Plan:
        """Back the record up: a conda without this plugin deletes it (conda#14423)."""
        files = tuple(keep_original(self.recorded.record, snapshot.prefix.root))
        return Plan(title="reconcile", steps=files, fingerprint=snapshot.fingerprint)

    def repair(self, snapshot: Snapshot) -> Plan:
        """Link the very package again."""
        return relink(self.recorded.record, "its files are missing", snapshot)


def find(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find recorded distributions whose metadata is gone, without another of their name."""
    for recorded, _ in find_in_state(snapshot, Vanished, earlier):
        evidence = Evidence(
            path=recorded.path,
            claimed_by=(f"conda:{recorded.record.name}",),
            expected="present",
            found="absent",
        )
        yield VanishedFinding(record=recorded.record, recorded=recorded, evidence=(evidence,))
