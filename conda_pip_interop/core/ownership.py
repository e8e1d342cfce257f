"""Ownership: who answers for a path, and for a distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.core.distributions import Distribution
from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ByConda:
    """A conda record lists it."""

    record: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByPip:
    """A distribution's RECORD lists it and no conda record does.

    ``in_place_of`` names the conda record whose payload this distribution has replaced, whether
    that is already written into the record (see CondaRecord.overridden_by) or only found.
    """

    distribution: NormalizedName
    in_place_of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Nobody:
    """Neither a record nor a RECORD lists it."""


Owner: TypeAlias = ByConda | ByPip | Nobody


class Ownership:
    """The owners of all paths of one snapshot."""

    def owner(self, path: PrefixPath) -> Owner:
        """Return the one owner: conda's record before pip's distribution before nobody.

        An unlisted ``.pyc`` belongs to the owner of its source.
        """
        raise NotImplementedError

    def claims(self, path: PrefixPath) -> tuple[ByConda | ByPip, ...]:
        """Return all that list the path, records first."""
        raise NotImplementedError


def owners_of(snapshot: Snapshot) -> Ownership:
    """Index the claims of a snapshot."""
    raise NotImplementedError


def owner_of_distribution(snapshot: Snapshot, distribution: Distribution) -> ByConda | ByPip:
    """Tell whose a distribution is: conda's if, and only if, a record's payload it is."""
    raise NotImplementedError
