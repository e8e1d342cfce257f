"""Known packages: installed, resolved by pip, or in conda's solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from conda_pip_interop.environment.conda_records import claimed_metadata
from conda_pip_interop.environment.distributions import read_requirements
from conda_pip_interop.environment.origin import find_content
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.installers.interface import ProvidedDistribution
from conda_pip_interop.names.versions import parse_version
from conda_pip_interop.resolve.assignment import InstalledPackage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.metadata import Metadata
    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.installers.pip_report import ReportItem
    from conda_pip_interop.resolve.solver import Conda, CondaPackage, Solution


class KnownPackages:
    """The snapshot and pip's answers so far; grows while a plan is made."""

    def __init__(self, snapshot: Snapshot, conda: Conda) -> None:
        self.snapshot = snapshot
        self._conda = conda
        self._distributions = {one.name: one for one in snapshot.distributions}
        self._read: dict[NormalizedName, Metadata] = {}
        self._items: dict[NormalizedName, ReportItem] = {}
        self.installed = {
            name: InstalledPackage(version=one.version, manager=self._manager(one))
            for name, one in self._distributions.items()
        }

    def learn(self, items: Iterable[ReportItem]) -> bool:
        """Remember what pip would install and its dependencies; return whether anything is new."""
        fresh = {one.name: one for one in items if self._items.get(one.name) != one}
        self._items.update(fresh)
        return bool(fresh)

    @property
    def direct_names(self) -> frozenset[NormalizedName]:
        """The names that came from a URL or a path (PEP 610)."""
        return frozenset(name for name, one in self._items.items() if one.is_direct)

    def find_direct(self) -> list[Requirement]:
        """Return the direct requirements by name, with their requested extras."""
        return [
            Requirement(f"{name}[{','.join(self._items[name].requested_extras)}]")
            for name in sorted(self.direct_names)
        ]

    def find_items(self, names: Collection[NormalizedName]) -> tuple[ReportItem, ...]:
        """Return what pip resolved these names to."""
        return tuple(self._items[name] for name in sorted(names) if name in self._items)

    def is_from_pip(self, name: NormalizedName) -> bool:
        """Return whether pip installed it."""
        return name in self.installed and self.installed[name].manager == "pip"

    def has_source(self, item: ReportItem) -> bool:
        """Return whether pip installed this commit or archive (PEP 610); a folder may change."""
        there = self._distributions.get(item.name)
        if there is None or there.direct_url is None or not self.is_from_pip(item.name):
            return False
        installed, wanted = find_content(there.direct_url), find_content(item.origin)
        return wanted is not None and installed == wanted

    def knows_needs(self, name: NormalizedName) -> bool:
        """Whether the requirements of a name are known."""
        return name in self._items or name in self._distributions

    def find_requires(self, name: NormalizedName) -> tuple[str, ...]:
        """Return the `Requires-Dist` lines: as pip resolved it, else as installed, else none."""
        if name in self._items:
            return self._items[name].requires_dist
        metadata = self._find_metadata(name)
        return () if metadata is None else metadata.requires_dist

    def _find_extras(self, name: NormalizedName) -> tuple[str, ...]:
        if name in self._items:
            return self._items[name].provides_extra
        metadata = self._find_metadata(name)
        return () if metadata is None else metadata.provides_extra

    def _find_metadata(self, name: NormalizedName) -> Metadata | None:
        if name in self._distributions and name not in self._read:
            self._read[name] = read_requirements(self.snapshot.prefix, self._distributions[name])
        return self._read.get(name)

    def _manager(self, distribution: Distribution) -> Manager:
        owner = self.snapshot.ownership.owner_of(distribution)
        return "conda" if isinstance(owner, ByConda) else "pip"

    def build_provided(
        self, solution: Solution | None, *, free: Collection[NormalizedName]
    ) -> tuple[ProvidedDistribution, ...]:
        """Build what conda provides after its transaction, without `free`, which pip may choose."""
        versions = {
            name: one.version for name, one in self.installed.items() if one.manager == "conda"
        }
        if solution is not None:
            for gone in self.find_contained(solution.unlinked):
                versions.pop(gone, None)
            versions.update(self.find_contained(solution.linked))
        return tuple(
            ProvidedDistribution(
                name=name,
                version=version,
                extras=self._find_extras(name),
                extra_requirements=tuple(
                    line for line in self.find_requires(name) if "extra" in line.partition(";")[2]
                ),
            )
            for name, version in sorted(versions.items())
            if name not in free
        )

    def find_contained(self, packages: Iterable[CondaPackage]) -> dict[NormalizedName, str]:
        """Find the distributions in packages: from the record if installed, else by name."""
        recorded = {one.name: one for one in self.snapshot.records}
        contained: dict[NormalizedName, str] = {}
        for package in packages:
            record = recorded.get(package.name)
            if record is not None and record.version == package.version:
                contained.update({one.name: one.version for one in claimed_metadata(record)})
            elif package.needs_python and parse_version(package.version) is not None:
                for name in self._conda.find_projects(package):
                    contained[name] = package.version
        return contained
