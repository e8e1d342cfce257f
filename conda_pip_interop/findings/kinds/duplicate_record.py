"""`duplicate-record`: a crash of conda left several records of one package in conda-meta."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.exclusive_files import read_compiled
from conda_pip_interop.changes.override import is_unchanged
from conda_pip_interop.changes.plan import Plan, RemoveFile
from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.conda_meta.records import claimed_metadata
from conda_pip_interop.environment.paths import to_disk
from conda_pip_interop.findings.base import Evidence, Finding
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class DuplicateRecordFinding(Finding):
    """``record`` describes what is installed, ``superseded`` do not."""

    kind: ClassVar[str] = "duplicate-record"

    record: CondaRecord
    superseded: tuple[CondaRecord, ...]

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        others = ", ".join(f"{one.version} ({one.build})" for one in self.superseded)
        return (
            f"conda-meta has {len(self.superseded) + 1} records of {self.record.name}: "
            f"{self.record.version} ({self.record.build}), which is valid, and {others}, left over."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.record.name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"superseded": [one.path for one in self.superseded]}

    @property
    def names(self) -> frozenset[str]:
        """The names it goes by: conda's, and those of its distributions."""
        both = (self.record, *self.superseded)
        return frozenset(
            {self.record.name, *(one.name for record in both for one in claimed_metadata(record))}
        )

    def fix(self, snapshot: Snapshot) -> Plan:
        """Remove the superseded records, and the unchanged files that only they list."""
        steps = tuple(
            RemoveFile(path=path, reason=f"left over of conda's {one.name} {one.version}")
            for one in self.superseded
            for path in (one.path, *_find_own_files(one, self.superseded, snapshot))
        )
        paths = ", ".join(one.path for one in self.superseded)
        note = f"Removes {paths} and unchanged files that no other package lists."
        fingerprint = snapshot.fingerprint
        return Plan(title="repair", steps=steps, notes=(note,), fingerprint=fingerprint)


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find the names that have more than one record."""
    by_name: dict[str, list[CondaRecord]] = {}
    for record in snapshot.superseded:
        by_name.setdefault(record.name, []).append(record)
    for record in snapshot.records:
        if record.name in by_name:
            both = (record, *by_name[record.name])
            evidence = tuple(Evidence(path=one.path) for one in both)
            yield DuplicateRecordFinding(record=record, superseded=both[1:], evidence=evidence)


def _find_own_files(
    record: CondaRecord, superseded: Sequence[CondaRecord], snapshot: Snapshot
) -> Iterator[PrefixPath]:
    root = snapshot.prefix.root
    for file in record.files:
        shared = snapshot.ownership.is_shared(file.path, records=superseded)
        if shared or not os.path.lexists(to_disk(root, file.path)):
            continue
        if is_unchanged(Claim(record=record, file=file), root):
            yield file.path
            if file.path.endswith(".py"):
                yield from read_compiled(file.path, root)


def find_names(snapshot: Snapshot) -> frozenset[NormalizedName]:
    """Return the distributions that nothing is changed of unasked while the finding lasts."""
    both = (*snapshot.superseded, *snapshot.records)
    names = {record.name for record in snapshot.superseded}
    return frozenset(
        one.name for record in both if record.name in names for one in claimed_metadata(record)
    )
