"""Stash: pip's payload moved aside before conda links packages of the same names.

conda then reports no clobbered paths and leaves no second dist-info. The payload is put back if
the transaction fails or is interrupted, and removed when it succeeds.
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
    """The distributions of pip that are replaced, each with its conda package (`name version`)."""

    distributions: tuple[tuple[Distribution, str], ...]
    removals: tuple[RemoveFile, ...]


def plan_stash(snapshot: Snapshot, coming: Mapping[NormalizedName, str]) -> StashPlan:
    """Plan what is moved aside for the distributions in packages that conda is about to link.

    `coming` maps the name of a distribution to its conda package. Files that a record lists are
    left to conda, which unlinks them.
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
