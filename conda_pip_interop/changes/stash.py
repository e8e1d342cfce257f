"""Stash: pip's payload moved aside before conda links packages of the same names.

conda then finds the places free: no clobber warnings, no second dist-info. The payload comes back
if the transaction fails or is interrupted, and is dropped when it succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda_pip_interop.changes.exclusive_files import build_removals
from conda_pip_interop.changes.plan import RemoveFile
from conda_pip_interop.environment.ownership import ByPip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class StashPlan:
    """Which of pip's distributions make way, for which packages (`name version`), file by file."""

    distributions: tuple[tuple[Distribution, str], ...]
    removals: tuple[RemoveFile, ...]


def plan_stash(snapshot: Snapshot, coming: Mapping[NormalizedName, str]) -> StashPlan:
    """What makes way for the distributions that packages about to be linked carry.

    `coming`: name of the distribution → its conda package. What a record lists already is conda's
    to unlink, and is left to it.
    """
    yielding = tuple(
        (one, coming[one.name])
        for one in snapshot.distributions
        if one.name in coming and snapshot.ownership.owner_of(one) == ByPip(distribution=one)
    )
    removals = {
        removal.path: removal
        for one, package in yielding
        for removal in build_removals(one, snapshot, f"conda installs {package}")
    }
    return StashPlan(distributions=yielding, removals=tuple(removals.values()))
