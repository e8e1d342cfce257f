"""What is installed, or would be, as the rules about what cannot be mixed name it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.environment.ownership import ByConda, ByPip
from conda_pip_interop.names.families import Member, build_conda_member, find_mixtures

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from conda_pip_interop.dependencies.impact import PackageChange
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.names.families import Mixture


def find_members(snapshot: Snapshot) -> Iterator[Member]:
    """Find what is installed, as the rules name it; what pip replaced of conda's counts as that."""
    replaced: set[CondaRecord] = set()
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        version = snapshot.ownership.version_of(one)
        replaced |= {owner.in_place_of} if isinstance(owner, ByPip) and owner.in_place_of else set()
        if isinstance(owner, ByConda):
            package = owner.record.name
            yield Member(name=one.name, version=version, manager="conda", package=package)
        else:
            package = one.name if owner.in_place_of is None else owner.in_place_of.name
            yield Member(name=one.name, version=version, manager="pip", package=package)
    for record in snapshot.records:
        if not record.overridden_by and record not in replaced:
            yield build_conda_member(record.name, record.version)


def find_new_mixtures(
    snapshot: Snapshot, changes: Collection[PackageChange]
) -> Iterator[tuple[Mixture, PackageChange]]:
    """Find what a transaction of conda's would mix, each with one of the packages that it links."""
    linked = {one.name: one for one in changes if one.after is not None}
    if not linked:
        return
    before = {one.key for one in find_mixtures(find_members(snapshot))}
    for mixture in find_mixtures(_find_members_after(snapshot, changes)):
        packages = (one.package for one in mixture.members if one.manager == "conda")
        change = next((linked[name] for name in packages if name in linked), None)
        if change is not None and mixture.key not in before:
            yield mixture, change


def _find_members_after(snapshot: Snapshot, changes: Collection[PackageChange]) -> Iterator[Member]:
    """Find what is installed after a transaction, by what the packages are guessed to contain."""
    changed = {one.name for one in changes}
    coming = {name for one in changes if one.after is not None for name in one.distributions}
    for one in find_members(snapshot):
        if one.name not in coming and one.package not in changed:
            yield one
    for change in changes:
        if change.after is not None:
            for name in change.distributions:
                yield Member(name=name, version=change.after, manager="conda", package=change.name)
            yield build_conda_member(change.name, change.after)
