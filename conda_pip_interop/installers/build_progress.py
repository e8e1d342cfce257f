"""What pip is building, by its output: builds take long, and a person waits for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Final

from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass, regex

#: pip's words before the steps of one requirement.
_TAKEN: Final = regex(r"(?:Collecting|Processing|Obtaining) (?P<what>\S+?)@?(?=\s|$)")
_PREPARING: Final = regex(
    r"\s+(?:Installing build dependencies|Getting requirements to build|Preparing)\b.*: started"
)
_BUILDING: Final = regex(r"\s*Building (?:wheel|editable) for (?P<name>\S+)\b.*: started")


@dataclass(kw_only=True)
class BuildProgress:
    """Calls `report` with what one run of pip prepares and builds; `versions` are by name."""

    report: Callable[[str], None]
    versions: Mapping[str, str] = field(default_factory=dict)
    _taken: str | None = None

    def read(self, line: str) -> None:
        """Read a line of pip's output."""
        if (taken := _TAKEN.match(line)) is not None:
            self._taken = hide_password(taken["what"])
        elif self._taken is not None and _PREPARING.match(line):
            self.report(f"Preparing metadata of {self._taken}")
            self._taken = None
        elif (building := _BUILDING.match(line)) is not None:
            name = building["name"]
            self.report(f"Building {name} {self.versions.get(name, '')}".rstrip())
