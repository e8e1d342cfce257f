"""`vanished`: pip uninstalled the payload of a conda package; conda still has its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from packaging.utils import NormalizedName

from conda_pip_interop.changes.originals import keep_original
from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.ownership import Vanished
from conda_pip_interop.findings.base import Evidence, Finding, find_in_state, relink
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class VanishedFinding(Finding):
    """Nothing is left of the project ``name`` in the package of ``record``."""

    kind: ClassVar[str] = "vanished"
    automatic: ClassVar[bool] = True
    rewrites: ClassVar[bool] = True

    record: CondaRecord
    name: NormalizedName

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        package = f"{self.record.name} {self.record.version}"
        return f"{package} was removed by pip; conda still has its record."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        package = self.record.name
        return (("conda", "pip", "restore", package), ("conda", "remove", package))

    @property
    def project(self) -> NormalizedName:
        """See `Finding.project`."""
        return self.name

    def fix(self, snapshot: Snapshot) -> Plan:
        """Back the record up: a conda without this plugin deletes it (conda#14423)."""
        files = tuple(keep_original(self.record, snapshot.prefix.root))
        return Plan(title="reconcile", steps=files, fingerprint=snapshot.fingerprint)

    def repair(self, snapshot: Snapshot) -> Plan:
        """Link the very package again."""
        return relink(self.record, "its files are missing", snapshot)


def find(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find recorded distributions whose metadata is gone, without another of their name."""
    for recorded, _ in find_in_state(snapshot, Vanished, earlier):
        evidence = Evidence(
            path=recorded.path,
            claimed_by=(f"conda:{recorded.record.name}",),
            expected="present",
            found="absent",
        )
        yield VanishedFinding(record=recorded.record, name=recorded.name, evidence=(evidence,))
