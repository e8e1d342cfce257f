"""What a command has changed, package by package: the last line of every changing command."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.snapshot import Snapshot

_LINE_WIDTH: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledPackage:
    """A package of one of the managers."""

    name: str
    version: str
    manager: Manager


def describe_packages(past: str, label: str, packages: Sequence[InstalledPackage]) -> list[str]:
    """Describe what has become of packages: in one line, or in one a manager if that is long."""
    if not packages:
        return []
    packages = sorted(packages, key=lambda one: (one.name, one.manager))
    every = [f"{one.name} {one.version} ({one.manager})" for one in packages]
    line = f"{past} {count(len(packages), 'package')} in {label}: {', '.join(every)}"
    if len(line) <= _LINE_WIDTH:
        return [line]
    return [*_describe_by_manager(past, label, packages)]


def _describe_by_manager(
    past: str, label: str, packages: Sequence[InstalledPackage]
) -> Iterator[str]:
    for manager in ("conda", "pip"):
        its = [f"{one.name} {one.version}" for one in packages if one.manager == manager]
        if its:
            what = count(len(its), "package")
            yield f"{past} {what} in {label} with {manager}: {', '.join(its)}"


def find_installed(snapshot: Snapshot) -> frozenset[InstalledPackage]:
    """Return what is installed: of a package that pip has replaced, pip's."""
    from packaging.utils import canonicalize_name

    owners = [snapshot.ownership.owner_of(one) for one in snapshot.distributions]
    pips = [one for one in owners if isinstance(one, ByPip)]
    replaced = {one.in_place_of.name for one in pips if one.in_place_of is not None}
    return frozenset(
        [
            *(
                InstalledPackage(
                    name=canonicalize_name(one.distribution.name),
                    version=one.distribution.version,
                    manager="pip",
                )
                for one in pips
            ),
            *(
                InstalledPackage(name=one.name, version=one.version, manager="conda")
                for one in snapshot.records
                if one.name not in replaced
            ),
        ]
    )


def describe_difference(
    label: str, before: Iterable[InstalledPackage], after: Iterable[InstalledPackage]
) -> str:
    """Describe what was restored between two instants, and what was removed without another."""
    from packaging.utils import canonicalize_name

    old, new = frozenset(before), frozenset(after)
    restored = new - old
    names = {canonicalize_name(one.name) for one in new}
    removed = [one for one in old - new if canonicalize_name(one.name) not in names]
    return "\n".join(
        [
            *describe_packages("Removed", label, removed),
            *describe_packages("Restored", label, [*restored]),
        ]
    )
