"""Predict which of pip's distributions a conda transaction would break."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.dependencies.requirements import (
    find_subdir,
    marker_environment,
    parse_applying,
    satisfies,
)
from conda_pip_interop.environment.conda_meta.conda_python import name_series
from conda_pip_interop.environment.metadata import Metadata
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.snapshot import Snapshot
from conda_pip_interop.environment.versions import choose_version
from conda_pip_interop.names.families import Mixture
from conda_pip_interop.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageChange:
    """A change of one conda package; ``after`` is None if removed, ``before`` if new.

    ``distributions`` are those that the package is known or guessed to contain; ``depends`` are the
    match specs of the new record; ``named``: the user named the package, or a project that it is
    guessed to contain, to the command. ``builds`` are those before and after.
    """

    name: str
    before: str | None
    after: str | None
    distributions: tuple[NormalizedName, ...]
    depends: tuple[str, ...] = ()
    named: bool = False
    builds: tuple[str, str] = ("", "")

    @property
    def series(self) -> tuple[str, str]:
        """Of Python: the minor versions before and after (`3.12`, `3.13t`), "" for none."""
        before, after = self.builds
        return name_series(self.before or "", before), name_series(self.after or "", after)


@dataclass(frozen=True, kw_only=True, slots=True)
class Breakage:
    """One distribution of pip's that a transaction would break.

    ``unmet``: ``change`` would no longer satisfy its ``requirement``; ``stranded``: Python's minor
    version would change; ``overwritten``: conda would link a distribution of its name; ``refused``:
    it replaced a conda package and does not satisfy the ``requirement`` of ``change`` on it;
    ``removed``: it replaced the conda package that would be removed; ``mixed``: ``change`` would
    make the ``mixture`` that it is part of, unless the command ``removal`` is run before.
    ``expected``: nothing breaks, since the user named the package, or conda links the version that
    pip installed.
    """

    kind: Literal["unmet", "stranded", "overwritten", "refused", "removed", "mixed"]
    installed: Distribution
    change: PackageChange
    requirement: str | None = None
    mixture: Mixture | None = None
    removal: tuple[str, ...] = ()
    expected: bool = False

    @property
    def distribution(self) -> NormalizedName:
        """The name of the distribution."""
        return self.installed.name

    @property
    def version(self) -> str:
        """The version of the distribution."""
        return self.installed.version


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
    found = [_build_overwritten(one, changed[one.name]) for one in overwritten]
    python = by_name.get("python")
    if python is not None and python.before and python.series[0] != python.series[1]:
        return (
            *found,
            *(_build(one, "stranded", python) for one in pips if one not in overwritten),
        )
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    version_of = snapshot.ownership.version_of
    present = {one.name: version_of(one) for one in (*snapshot.distributions, *pips)}
    for one in (one for one in pips if one not in overwritten):
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
            version = choose_version(
                name, one.version, package=one.record.name, package_version=one.record.version
            )
            same = version == one.record.version
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


def _build_overwritten(one: Distribution, change: PackageChange) -> Breakage:
    expected = change.named or (not _is_development(one) and _is_same(one.version, change.after))
    return Breakage(
        kind="overwritten",
        installed=one,
        change=change,
        expected=expected,
    )


def _is_development(one: Distribution) -> bool:
    """Return whether it was installed from sources that may differ from a release."""
    return one.editable is not None or "vcs_info" in (one.direct_url or {})


def _is_same(version: str, other: str | None) -> bool:
    try:
        return Version(version) == Version(other or "")
    except InvalidVersion:
        return version == other


def _build(
    one: Distribution,
    kind: Literal["unmet", "stranded"],
    change: PackageChange,
    requirement: Requirement | None = None,
) -> Breakage:
    return Breakage(
        kind=kind,
        installed=one,
        change=change,
        requirement=None if requirement is None else str(requirement).partition(";")[0].strip(),
    )
