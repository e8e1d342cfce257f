"""Forecast: what a conda transaction would break of what pip has installed. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.requirements import (
    find_subdir,
    marker_environment,
    parse_applying,
    satisfies,
)
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.metadata import Metadata
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What conda would do to one package; ``after`` is None where it goes, ``before`` where new.

    ``projects``: the distributions that the package is known or guessed to carry; ``depends``: the
    match specs of what is linked.
    """

    name: str
    before: str | None
    after: str | None
    projects: tuple[NormalizedName, ...]
    depends: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Breakage:
    """One thing of pip's that a transaction would break.

    ``unmet``: ``requirement`` of ``distribution`` would no longer be met by ``change``;
    ``stranded``: Python's minor version changes under it; ``overwritten``: conda links its name.
    ``refused``: the other way round, ``distribution`` is in the place of a package of conda's of
    which ``change`` has the ``requirement``.
    """

    kind: Literal["unmet", "stranded", "overwritten", "refused"]
    distribution: NormalizedName
    version: str
    change: Change
    requirement: str | None = None


def forecast(
    snapshot: Snapshot,
    changes: Iterable[Change],
    read_metadata: Callable[[Distribution], Metadata],
) -> tuple[Breakage, ...]:
    """Find what ``changes`` would break; what is broken already is not told again."""
    pips = [one for one in snapshot.distributions if _is_pips(snapshot, one)]
    if not pips:
        return ()
    by_name = {change.name: change for change in changes}
    moved = dict(_carried_changes(snapshot, by_name))
    overwritten = [one for one in pips if one.name in moved and moved[one.name].after is not None]
    found = [_build(one, "overwritten", moved[one.name]) for one in overwritten]
    python = by_name.get("python")
    if python is not None and python.before and _minor(python.after) != _minor(python.before):
        return (
            *found,
            *(_build(one, "stranded", python) for one in pips if one not in overwritten),
        )
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    present = {one.name: one.version for one in (*snapshot.distributions, *pips)}
    for one in pips:
        found += (
            _build(one, "unmet", moved[canonicalize_name(requirement.name)], requirement)
            for requirement in parse_applying(read_metadata(one).requires_dist, environment)
            if _breaks(requirement, moved, present)
        )
    return tuple(found)


def _is_pips(snapshot: Snapshot, distribution: Distribution) -> bool:
    return isinstance(snapshot.ownership.owner_of(distribution), ByPip)


def _carried_changes(
    snapshot: Snapshot, by_name: Mapping[str, Change]
) -> Iterator[tuple[NormalizedName, Change]]:
    """The changes by distribution name: what records carry, else what the name tells."""
    for change in by_name.values():
        for name in change.projects:
            yield name, change
    for name, carriers in snapshot.claims.by_name.items():
        for carrier in carriers:
            moved = by_name.get(carrier.record.name)
            same = carrier.version == carrier.record.version
            if moved is not None and (moved.after is None or same):
                yield name, moved


def _breaks(
    requirement: Requirement,
    moved: Mapping[NormalizedName, Change],
    present: Mapping[NormalizedName, str],
) -> bool:
    """Tell whether what is there now meets a requirement, and what conda would bring does not.

    What is there may be pip's, of another version than conda's record says.
    """
    name = canonicalize_name(requirement.name)
    change = moved.get(name)
    return (
        change is not None
        and _meets(requirement, present.get(name, change.before))
        and not _meets(requirement, change.after)
    )


def _meets(requirement: Requirement, version: str | None) -> bool:
    return version is not None and satisfies(requirement.specifier, version) is not False


def _minor(version: str | None) -> str | None:
    return None if version is None else ".".join(version.split(".")[:2])


def _build(
    one: Distribution,
    kind: Literal["unmet", "stranded", "overwritten"],
    change: Change,
    requirement: Requirement | None = None,
) -> Breakage:
    return Breakage(
        kind=kind,
        distribution=one.name,
        version=one.version,
        change=change,
        requirement=None if requirement is None else str(requirement).partition(";")[0].strip(),
    )
