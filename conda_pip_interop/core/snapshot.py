"""Snapshot: everything that the decisions need to know of one prefix at one instant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from conda_pip_interop.core.conda_meta import CondaRecord, Unreadable
from conda_pip_interop.core.distributions import Distribution, Leftover
from conda_pip_interop.core.markers import MarkerState
from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.prefix import Prefix


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFact:
    """What was seen at a path; ``size`` and ``sha256`` (hex) only where they were needed."""

    kind: Literal["file", "symlink", "dir", "absent", "unreadable"]
    size: int | None
    sha256: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """One prefix, read once.

    ``distributions`` are those of the prefix's own site-packages, conda's included; ``stranded``
    those in other Pythons' site-packages that no record claims; ``markers`` has the current one
    first; ``facts`` holds just the paths that are contested or serve as evidence.
    """

    prefix: Prefix
    records: tuple[CondaRecord, ...]
    unreadable: tuple[Unreadable, ...]
    distributions: tuple[Distribution, ...]
    stranded: tuple[Distribution, ...]
    leftovers: tuple[Leftover, ...]
    markers: tuple[MarkerState, ...]
    facts: Mapping[PrefixPath, FileFact]
    fingerprint: str

    @property
    def marker(self) -> MarkerState:
        """The marker that the prefix's own Python obeys."""
        return self.markers[0]


def read_snapshot(root: Path) -> Snapshot:
    """Read the prefix at ``root``; raises InteropError ``not-an-environment``."""
    raise NotImplementedError


def read_fingerprint(prefix: Prefix) -> str:
    """Digest what must not change between plan and apply: records, dist-infos, their RECORDs."""
    raise NotImplementedError
