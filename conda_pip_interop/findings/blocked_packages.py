"""`damaged`: folders in the place of files of a conda package or a distribution of pip's."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.environment.paths import render_move
from conda_pip_interop.findings.base import Finding
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

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
        whose = (
            f"conda's {self.conda_name} {self.conda_version}"
            if self.record
            else f"pip's {self.project} {self.pip_version}"
        )
        return f"{whose} is damaged: {first} {what}, in the place of a file of the package."

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
