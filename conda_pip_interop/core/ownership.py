"""Ownership: who answers for a path, and for a distribution."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.core.claims import Claims
from conda_pip_interop.core.distributions import Distribution
from conda_pip_interop.core.paths import PrefixPath
from conda_pip_interop.core.snapshot import Snapshot, find_carrier
from conda_pip_interop.core.standing import find_override

_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/.]+)\.[^/]+\.pyc")


@dataclass(frozen=True, kw_only=True, slots=True)
class ByConda:
    """A conda record lists it."""

    record: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByPip:
    """A distribution's RECORD lists it and no conda record does.

    ``in_place_of`` is said of a distribution only: the conda record whose payload it has replaced,
    whether that is already written into the record (CondaRecord.overridden_by) or only found.
    """

    distribution: NormalizedName
    in_place_of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Nobody:
    """Neither a record nor a RECORD lists it."""


Owner: TypeAlias = ByConda | ByPip | Nobody


@dataclass(frozen=True, kw_only=True, slots=True)
class Ownership:
    """The owners of all paths of one snapshot; build it once with `owners_of`."""

    conda: Claims
    pip: Mapping[str, tuple[NormalizedName, ...]]

    def owner(self, path: PrefixPath) -> Owner:
        """Return the one owner: conda's record before pip's distribution before nobody."""
        found = self.claims(path)
        return found[0] if found else Nobody()

    def claims(self, path: PrefixPath) -> tuple[ByConda | ByPip, ...]:
        """Return all that list the path, records first, each once.

        An unlisted ``.pyc`` is whose its source is.
        """
        key = self.conda.key(path)
        found: list[ByConda | ByPip] = []
        found += (ByConda(record=claim.record.name) for claim in self.conda.by_path.get(key, ()))
        found += (ByPip(distribution=name) for name in self.pip.get(key, ()))
        if not found and (match := _CACHED.fullmatch(path)):
            return self.claims(PrefixPath(f"{match['folder']}{match['stem']}.py"))
        return tuple(dict.fromkeys(found))


def owners_of(snapshot: Snapshot) -> Ownership:
    """Index the claims of a snapshot: all records', and the RECORDs of what is pip's."""
    pip: dict[str, tuple[NormalizedName, ...]] = {}
    for distribution in (*snapshot.distributions, *snapshot.stranded):
        if isinstance(owner_of_distribution(snapshot, distribution), ByPip):
            paths = [file.path for file in distribution.files or ()]
            for path in (*paths, distribution.metadata_file):
                key = snapshot.claims.key(path)
                pip[key] = (*pip.get(key, ()), distribution.name)
    return Ownership(conda=snapshot.claims, pip=pip)


def owner_of_distribution(snapshot: Snapshot, distribution: Distribution) -> ByConda | ByPip:
    """Tell whose a distribution is: conda's if, and only if, it is what a record linked."""
    override = find_override(snapshot, distribution)
    if override is not None:
        return ByPip(distribution=distribution.name, in_place_of=override.record.name)
    carrier = find_carrier(snapshot.claims, distribution)
    if carrier is not None:
        return ByConda(record=carrier.record.name)
    return ByPip(distribution=distribution.name)
