"""What the use cases ask of an installer of wheels, whichever tool it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.pip.report import ReportItem


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldDistribution:
    """A distribution that is not pip's to choose: conda has decided name and version.

    `extra_requirements` are the `Requires-Dist` lines that an extra adds (with their `extra ==`
    marker); everything else that the distribution needs is conda's business and left out.
    """

    name: NormalizedName
    version: str
    extras: tuple[str, ...] = ()
    extra_requirements: tuple[str, ...] = ()


class Installer(Protocol):
    """Resolves, fetches and installs distributions for one environment."""

    def resolve(
        self, requirements: tuple[str, ...], *, held: tuple[HeldDistribution, ...]
    ) -> tuple[ReportItem, ...]:
        """What would have to be installed for `requirements`, with `held` taken as installed."""
        ...

    def fetch(self, pins: tuple[str, ...], *, into: Path) -> tuple[Path, ...]:
        """Download (or build) the wheels of `pins` (`name==version`) into the folder `into`."""
        ...

    def install(self, pins: tuple[str, ...], *, wheels: Path) -> None:
        """Install exactly `pins`, from the folder `wheels`, without looking at dependencies."""
        ...
