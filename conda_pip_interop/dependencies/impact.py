"""Predict which of pip's distributions a conda transaction would break."""

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
class PackageChange:
    """A change of one conda package; ``after`` is None if removed, ``before`` if new.

    ``distributions`` are those that the package is known or guessed to contain; ``depends`` are the
    match specs of the new record; ``named``: the user named the package in the command.
    """

    name: str
    before: str | None
    after: str | None
    distributions: tuple[NormalizedName, ...]
    depends: tuple[str, ...] = ()
    named: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Breakage:
    """One distribution of pip's that a transaction would break.

    ``unmet``: ``change`` would no longer satisfy its ``requirement``; ``stranded``: Python's minor
    version would change; ``overwritten``: conda would link a distribution of its name; ``refused``:
    it replaced a conda package and does not satisfy the ``requirement`` of ``change`` on it;
    ``removed``: it replaced the conda package that would be removed.
    """

    kind: Literal["unmet", "stranded", "overwritten", "refused", "removed"]
    distribution: NormalizedName
    version: str
    change: PackageChange
    requirement: str | None = None


def forecast(
    snapshot: Snapshot,
    changes: Iterable[PackageChange],
    read_metadata: Callable[[Distribution], Metadata],
) -> tuple[Breakage, ...]:
    """Find what ``changes`` would break, without what is broken already."""
    pips = [one for one in snapshot.distributions if _is_owned_by_pip(snapshot, one)]
    if not pips:
        return ()
    by_name = {change.name: change for change in changes}
    changed = dict(_index_changes(snapshot, by_name))
    overwritten = [
        one for one in pips if one.name in changed and changed[one.name].after is not None
    ]
    found = [_build(one, "overwritten", changed[one.name]) for one in overwritten]
    python = by_name.get("python")
    if (
        python is not None
        and python.before
        and find_minor(python.after) != find_minor(python.before)
    ):
        return (
            *found,
            *(_build(one, "stranded", python) for one in pips if one not in overwritten),
        )
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    present = {one.name: one.version for one in (*snapshot.distributions, *pips)}
    for one in pips:
        found += (
            _build(one, "unmet", changed[canonicalize_name(requirement.name)], requirement)
            for requirement in parse_applying(read_metadata(one).requires_dist, environment)
            if _breaks(requirement, changed, present)
        )
    return tuple(found)


def _is_owned_by_pip(snapshot: Snapshot, distribution: Distribution) -> bool:
    return isinstance(snapshot.ownership.owner_of(distribution), ByPip)


def _index_changes(
    snapshot: Snapshot, by_name: Mapping[str, PackageChange]
) -> Iterator[tuple[NormalizedName, PackageChange]]:
    """Yield the changes by distribution name, from records and from guessed names."""
    for change in by_name.values():
        for name in change.distributions:
            yield name, change
    for name, recorded in snapshot.claims.by_name.items():
        for one in recorded:
            changed = by_name.get(one.record.name)
            same = one.version == one.record.version
            if changed is not None and (changed.after is None or same):
                yield name, changed


def _breaks(
    requirement: Requirement,
    changed: Mapping[NormalizedName, PackageChange],
    present: Mapping[NormalizedName, str],
) -> bool:
    """Return whether a requirement is satisfied now and would not be after the change.

    The installed version may be pip's and differ from that in conda's record.
    """
    name = canonicalize_name(requirement.name)
    change = changed.get(name)
    return (
        change is not None
        and _satisfies(requirement, present.get(name, change.before))
        and not _satisfies(requirement, change.after)
    )


def _satisfies(requirement: Requirement, version: str | None) -> bool:
    return version is not None and satisfies(requirement.specifier, version) is not False


def find_minor(version: str | None) -> str:
    """Return the minor version, such as `3.12`; empty if there is no version."""
    return ".".join((version or "").split(".")[:2])


def _build(
    one: Distribution,
    kind: Literal["unmet", "stranded", "overwritten"],
    change: PackageChange,
    requirement: Requirement | None = None,
) -> Breakage:
    return Breakage(
        kind=kind,
        distribution=one.name,
        version=one.version,
        change=change,
        requirement=None if requirement is None else str(requirement).partition(";")[0].strip(),
    )
