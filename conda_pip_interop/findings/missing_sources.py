"""`damaged`: editable installs of folders that do not exist."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import Finding, metadata_evidence
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class MissingSourceFinding(Finding):
    """`one` is an editable install of the folder `source`, which does not exist.

    Only sought where a person asks: it may be on a disk that is not mounted.
    """

    kind: ClassVar[str] = "damaged"
    repairable: ClassVar[bool] = False

    one: Distribution
    source: str

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return (
            f"pip's {self.one.name} {self.one.version} is an editable install of {self.source}, "
            "which does not exist."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "uninstall", self.one.name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"editable": self.source}


def find_missing_sources(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find the editable installs whose folder does not exist; a harm is reported once."""
    judged = {finding.distribution for finding in earlier}
    for one in snapshot.distributions:
        if not one.editable or one in judged or os.path.lexists(one.editable):
            continue
        if isinstance(snapshot.ownership.owner_of(one), ByPip):
            evidence = (metadata_evidence(one),)
            yield MissingSourceFinding(
                distribution=one, one=one, source=one.editable, evidence=evidence
            )
