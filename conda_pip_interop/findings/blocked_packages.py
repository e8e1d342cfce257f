"""`damaged`: folders in the place of files of a conda package."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.environment.paths import render_move
from conda_pip_interop.findings.base import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.findings.base import BuildCommand


@dataclass(frozen=True, kw_only=True)
class BlockedPackageFinding(Finding):
    """Folders are in the place of files of conda's ``owner``; ``blocked`` are their paths.

    conda would delete them to link the package again; what is in them may be a person's.
    """

    kind: ClassVar[str] = "damaged"
    repairable: ClassVar[bool] = False

    owner: CondaRecord
    blocked: tuple[Path, ...]

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        first, *others = self.blocked
        what = "is a folder" if not others else f"and {len(others)} more are folders"
        whose = f"conda's {self.owner.name} {self.owner.version}"
        return f"{whose} is damaged: {first} {what}, in the place of a file of the package."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.owner.name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"blocked": list(map(str, self.blocked))}

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: the folders are moved first."""
        moves = list(map(render_move, self.blocked))
        return [" && ".join([*moves, command(*words)]) for words in self.remedy]
