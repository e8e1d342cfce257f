"""What `resolve` needs of an installer, pip or uv."""

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
    """A distribution that conda provides, so that pip does not choose it.

    `extra_requirements` are the `Requires-Dist` lines that an extra adds (with their `extra ==`
    marker); its other dependencies are left to conda.
    """

    name: NormalizedName
    version: str
    extras: tuple[str, ...] = ()
    extra_requirements: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One requirement, path or URL, as pip spells it.

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
    """A distribution that pip chose; `line` installs exactly it, by version or by commit.

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


def is_wheel(url: str) -> bool:
    """Whether a URL, or a path, leads to a wheel; a marker may follow it."""
    return url.partition("#")[0].partition(" ;")[0].rstrip().endswith(".whl")


def build_direct_line(name: str, url: str, origin: Mapping[str, Any]) -> Line:
    """Build the requirement (PEP 508) for `url`, at the commit that `origin` (PEP 610) has."""
    vcs = origin.get("vcs_info")
    source = f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url
    subdirectory = origin.get("subdirectory")
    fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
    return Line(text=f"{name} @ {source}{fragment}", in_file=True)


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
        """Resolve what would be installed for `lines`; `provided` counts as installed.

        `ignore_installed`: resolve as if the environment were empty.
        """
        ...

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> None:
        """Download (or build) the wheels of `pins` into the folder `into`, editable ones not."""
        ...

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """Install exactly `pins`, from the folder `wheels`, into the folder `into` as a prefix.

        Nothing is read but the wheels; scripts still name the environment's Python.
        Editable ones are built where they are: in their folder, or a clone in the prefix's `src`.
        """
        ...
