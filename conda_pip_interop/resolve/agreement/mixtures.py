"""Refuse a plan that mixes what cannot be mixed (`names.families`), unless the user asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.dependencies.mixtures import find_members
from conda_pip_interop.dependencies.removal import build_uninstall
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.families import Member, build_conda_member, find_mixtures

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.names.families import Mixture
    from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
    from conda_pip_interop.resolve.agreement.resolution import Resolution


def refuse_mixtures(
    found: Resolution, snapshot: Snapshot, known: KnownPackages, target: Target
) -> None:
    """Raise InteropError `mixed` for what the plan mixes and is not mixed yet.

    The names that may replace conda's (`--break-other-managers`) may be mixed with it, too.
    """
    before = {one.key for one in find_mixtures(find_members(snapshot))}
    for mixture in find_mixtures(_find_after(found, snapshot, known)):
        asked = any(one.name in found.overwrite for one in mixture.members)
        if mixture.key not in before and not asked:
            raise _mixed(mixture, found, snapshot, target)


def _find_after(found: Resolution, snapshot: Snapshot, known: KnownPackages) -> Iterator[Member]:
    """Find what is installed after the plan."""
    solution = found.solution
    linked = solution.linked if solution is not None else ()
    gone = {one.name for one in (*linked, *(solution.unlinked if solution is not None else ()))}
    condas = known.find_contained(linked)
    items = {one.name: one for one in found.items}
    for one in find_members(snapshot):
        if one.manager == "conda" and one.package in gone:
            continue
        if one.name not in items and one.name not in condas:
            yield one
    for item in items.values():
        yield Member(name=item.name, version=item.version, manager="pip", package=item.name)
    for package in linked:
        for name, version in known.find_contained([package]).items():
            yield Member(name=name, version=version, manager="conda", package=package.name)
        yield build_conda_member(package.name, package.version)


def _mixed(mixture: Mixture, found: Resolution, snapshot: Snapshot, target: Target) -> InteropError:
    coming = {one.name for one in found.items}
    pips = [one for one in mixture.members if one.manager == "pip"]
    there = [one for one in pips if one.name not in coming]
    name = next((one.name for one in pips if one.name in coming), pips[0].name)
    hints = ["Install one of them."]
    if there:
        names = {one.name for one in there}
        installed = [one for one in snapshot.distributions if one.name in names]
        remove = target.command(*build_uninstall(snapshot, installed))
        hints = [f"To remove what is installed first: `{remove}`."]
    option = f"--break-other-managers={name}"
    hints.append(f"To have them together: add `{option}`.")
    return InteropError(
        "mixed",
        f"{mixture} would be installed together: {mixture.family.reason}.",
        hints=tuple(hints),
    )
