"""`damaged`, where a person has to act: folders in the place of files, and missing sources."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import render_move
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import Finding, metadata_evidence
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import BuildCommand


@dataclass(frozen=True, kw_only=True)
class BlockedPackageFinding(Finding):
    """Folders are in the place of files of ``record`` or ``distribution``, at ``blocked``.

    conda would delete them to link the package again; what is in them may be a person's.
    """

    kind: ClassVar[str] = "damaged"
    repairable: ClassVar[bool] = False

    blocked: tuple[Path, ...]

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        first, *others = self.blocked
        what = "is a folder" if not others else f"and {len(others)} more are folders"
        return f"{self.label} is damaged: {first} {what}, in the place of a file of the package."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.conda_name or self.project or ""),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"blocked": list(map(str, self.blocked))}

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: the folders are moved first."""
        moves = list(map(render_move, self.blocked))
        return [" && ".join([*moves, command(*words)]) for words in self.remedy]


@dataclass(frozen=True, kw_only=True)
class MissingSourceFinding(Finding):
    """``distribution`` is an editable install of the folder ``source``, which does not exist.

    Only sought where a person asks: it may be on a disk that is not mounted.
    """

    kind: ClassVar[str] = "damaged"
    repairable: ClassVar[bool] = False

    distribution: Distribution
    source: str

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{self.label} is an editable install of {self.source}, which does not exist."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "uninstall", self.distribution.name),)

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
            yield MissingSourceFinding(
                distribution=one, source=one.editable, evidence=(metadata_evidence(one),)
            )
