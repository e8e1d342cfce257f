"""The EXTERNALLY-MANAGED marker: absent, ours or foreign; and the text of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.prefix import Prefix

MARKER_NAME = "EXTERNALLY-MANAGED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """No marker; ``path`` is where it would be, None where there is no Python."""

    path: PrefixPath | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Ours:
    """A marker that we wrote and nobody edited; ``stale``: it was written for another prefix.

    (conda copies untracked files when it clones.) ``policy`` is the policy source it was written
    for, ``version`` the version of this project that wrote it.
    """

    path: PrefixPath
    version: str
    policy: str
    prefix: str
    stale: bool
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreign:
    """A marker that is not ours to touch; ``owner`` is the conda record that lists it, if any."""

    path: PrefixPath
    owner: str | None


MarkerState: TypeAlias = Absent | Ours | Foreign


def read_marker(
    prefix: Prefix, *, owners: Mapping[PrefixPath, str] | None = None
) -> MarkerState:
    """Read the marker that the prefix's own Python obeys.

    ``owners`` maps paths to the conda record that lists them; a marker found in it is foreign.
    """
    return read_markers(prefix, owners=owners)[0]


def read_markers(
    prefix: Prefix, *, owners: Mapping[PrefixPath, str] | None = None
) -> tuple[MarkerState, ...]:
    """Read the current marker first (maybe Absent), then those of other Pythons' folders."""
    raise NotImplementedError


def render_marker(
    *,
    env_name: str | None,
    prefix: Path,
    is_base: bool,
    policy_source: str,
    message: str | None,
    version: str,
) -> str:
    """Write the text of a marker of ours, signature line included."""
    raise NotImplementedError
