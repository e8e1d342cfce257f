"""`unmet`, too: what pip put in a package's place is not what another package depends on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from packaging.requirements import Requirement

from conda_pip_interop.changes.plan import Plan
from conda_pip_interop.dependencies.replaced import (
    RefusedDepend,
    describe_refused,
    find_refused,
    find_replaced,
)
from conda_pip_interop.findings.base import Evidence, Finding
from conda_pip_interop.findings.kinds.unmet import UnmetFinding, find_restorable
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class RefusedDependFinding(Finding):
    """``refused`` replaced a package whose record's ``depends`` do not accept it."""

    kind: ClassVar[str] = "unmet"

    record: CondaRecord
    refused: RefusedDepend
    restorable: CondaRecord | None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        by = self.refused.by
        return (
            describe_refused(
                f"{self.record.name} {self.record.version}",
                self.refused.requirement,
                f"{by.name} {by.version}",
            )
            + "."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`: ``restorable`` is the package that it replaced, if that fits."""
        if self.restorable is not None:
            return (("conda", "pip", "restore", self.restorable.name),)
        return (("conda", "pip", "install", self.refused.requirement),)

    @property
    def restores(self) -> CondaRecord | None:
        """See `Finding.restores`."""
        return self.restorable

    def repair(self, snapshot: Snapshot) -> Plan:
        """Install what satisfies it."""
        requirements = (self.refused.requirement,)
        return Plan(title="repair", requirements=requirements, fingerprint=snapshot.fingerprint)

    @property
    def key(self) -> str:
        """See `Finding.key`: a package may refuse several distributions."""
        return f"{super().key}:{self.refused.requirement}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"requirement": self.refused.requirement, "installed": self.refused.by.version}


def find(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[RefusedDependFinding]:
    """Find what conda's ``depends`` prove, and no Requires-Dist has proved already."""
    replaced = find_replaced(snapshot)
    unmet = (one for one in earlier if isinstance(one, UnmetFinding))
    known = {(one.record, evidence.path) for one in unmet for evidence in one.evidence}
    for record in snapshot.records if replaced else ():
        for refused in find_refused(record.name, record.depends, replaced):
            by = refused.by
            if (record, by.metadata_file) not in known:
                evidence = Evidence(
                    path=by.metadata_file,
                    claimed_by=(f"pip:{by.name}",),
                    expected=refused.requirement,
                    found=by.version,
                )
                yield RefusedDependFinding(
                    record=record,
                    refused=refused,
                    restorable=find_restorable(snapshot, by, Requirement(refused.requirement)),
                    evidence=(evidence,),
                )
