"""What `resolve` asks of an installer of wheels, whichever tool it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.installers.pip_report import ReportItem


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvidedDistribution:
    """A distribution that is not pip's to choose: conda has decided name and version.

    `extra_requirements` are the `Requires-Dist` lines that an extra adds (with their `extra ==`
    marker); everything else that the distribution needs is conda's business and left out.
    """

    name: NormalizedName
    version: str
    extras: tuple[str, ...] = ()
    extra_requirements: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One thing that pip is asked for: a requirement, a path or a URL, as pip spells it.

    `hashes` (`sha256:…`) and `settings` (`--config-settings=…`) stand behind it in a requirements
    file. `in_file` is true where it was read from one: pip gives the settings of its command line
    to what its command line names alone, and expands `${NAME}` in files alone.
    """

    text: str
    editable: bool = False
    hashes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    in_file: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A distribution that pip has chosen. `line` gets that very one, by version or by commit.

    `origin` is its `direct_url.json` (PEP 610) where it is not from an index; `requested` is false
    for a dependency (PEP 376, REQUESTED).
    """

    name: NormalizedName
    version: str
    line: Line
    origin: Mapping[str, Any] | None = field(default=None, hash=False)
    requested: bool = True

    @property
    def editable(self) -> bool:
        """Whether its project's folder is used as it stands."""
        return self.line.editable

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


class Installer(Protocol):
    """Resolves, fetches and installs distributions for one environment."""

    def resolve(
        self,
        lines: tuple[Line, ...],
        *,
        provided: tuple[ProvidedDistribution, ...],
        with_deps: bool = True,
        ignore_installed: bool = False,
    ) -> tuple[ReportItem, ...]:
        """What would have to be installed for `lines`, with `provided` taken as installed.

        `ignore_installed`: whatever the environment has, as if it were empty.
        """
        ...

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> tuple[Path, ...]:
        """Download (or build) the wheels of `pins` into the folder `into`, editable ones not."""
        ...

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """Install exactly `pins`, from the folder `wheels`, into the folder `into` as a prefix.

        Nothing is read but the wheels; scripts still name the environment's Python.
        Editable ones are built where they are: in their folder, or a clone in the prefix's `src`.
        """
        ...
