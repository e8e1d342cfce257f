"""Known packages: installed, resolved by pip, or in conda's solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.requirements import parse_requirement
from conda_pip_interop.environment.conda_meta.records import find_carried
from conda_pip_interop.environment.origin import find_content
from conda_pip_interop.environment.ownership import ByConda, Vanished
from conda_pip_interop.environment.versions import choose_version, parse_version
from conda_pip_interop.installers.interface import ProvidedDistribution, build_provided
from conda_pip_interop.names.extras import explain_missing_extras
from conda_pip_interop.resolve.agreement.assignment import InstalledPackage, list_installed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from conda_pip_interop.environment.claims import RecordedDistribution
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.metadata import Metadata
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.installers.pip.report import ReportItem
    from conda_pip_interop.names.package_contents import PackagedDistribution
    from conda_pip_interop.resolve.solver import Conda, CondaPackage, Solution


class KnownPackages:
    """The snapshot and pip's answers so far; grows while a plan is made."""

    def __init__(self, snapshot: Snapshot, conda: Conda) -> None:
        self.snapshot = snapshot
        self._conda = conda
        self._distributions = {one.name: one for one in snapshot.distributions}
        self._items: dict[NormalizedName, ReportItem] = {}
        self._packaged: dict[CondaPackage, tuple[PackagedDistribution, ...]] = {}
        self._linked: dict[NormalizedName, Metadata] = {}
        self.installed = list_installed(snapshot)
        self._vanished = self._find_vanished()
        self.installed |= {
            name: InstalledPackage(version=one.version, manager="conda")
            for name, one in self._vanished.items()
        }
        self._provided = self._find_provided(None)

    def _find_vanished(self) -> dict[NormalizedName, RecordedDistribution]:
        """Find what pip removed of conda's: conda has it installed, and can link it again."""
        ownership, claims = self.snapshot.ownership, self.snapshot.claims
        return {
            one.name: one
            for name in claims.by_name.keys() - self._distributions.keys()
            for one in claims.by_name[name]
            if isinstance(ownership.state_of(one), Vanished)
        }

    def find_relinked(
        self, kept: Iterable[NormalizedName], solution: Solution | None, *, with_deps: bool
    ) -> tuple[CondaRecord, ...]:
        """Find the packages to link again: of `kept`, or needed by them or by what conda links."""
        names = {*kept}
        changed = {one.name for one in (*solution.linked, *solution.unlinked)} if solution else ()
        if with_deps and self._vanished:
            packages = {one.name for one in solution.linked} if solution else set()
            packages |= {*self.find_packages(names)}
            packages |= {one.record.name for name, one in self._vanished.items() if name in names}
            names |= self.find_dependencies(packages, solution).keys()
        records = {one.record.name: one.record for one in map(self._vanished.get, names) if one}
        return tuple(records[name] for name in sorted(records.keys() - changed))

    def learn(self, items: Iterable[ReportItem]) -> bool:
        """Remember what pip would install and its dependencies; return whether anything is new."""
        fresh = {one.name: one for one in items if self._items.get(one.name) != one}
        self._items.update(fresh)
        return bool(fresh)

    def learn_solution(self, solution: Solution | None) -> bool:
        """Take `solution` as what conda does; return whether packages were read that were not yet.

        Only what is downloaded can be read.
        """
        before = len(self._packaged)
        self._linked = {}
        for package in () if solution is None else solution.linked:
            found = self._packaged.get(package)
            if found is None and solution is not None:
                found = solution.read_contents(package)
            if found is not None:
                self._packaged[package] = found
                self._linked.update({one.name: one.metadata for one in found})
        self._provided = self._find_provided(solution)
        return len(self._packaged) > before

    def _find_provided(self, solution: Solution | None) -> frozenset[str]:
        """Find the names that conda has after its transaction: distributions, and its packages."""
        linked, unlinked = (solution.linked, solution.unlinked) if solution else ((), ())
        packages = {canonicalize_name(one.name) for one in self.snapshot.records}
        packages -= {canonicalize_name(one.name) for one in unlinked}
        packages |= {canonicalize_name(one.name) for one in linked}
        pips = {name for name, one in self.installed.items() if one.manager == "pip"}
        return frozenset((packages - pips) | self._find_versions(solution).keys())

    def is_provided(self, name: NormalizedName) -> bool:
        """Return whether conda has a name after its transaction."""
        return name in self._provided

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

    def is_recorded(self, package: str) -> bool:
        """Return whether conda has installed a package, which it may link again."""
        return any(one.name == package for one in self.snapshot.records)

    def has_source(self, item: ReportItem) -> bool:
        """Return whether pip installed this commit or archive (PEP 610); a folder may change."""
        there = self._distributions.get(item.name)
        if there is None or there.direct_url is None or not self.is_from_pip(item.name):
            return False
        installed, wanted = find_content(there.direct_url), find_content(item.origin)
        return wanted is not None and installed == wanted

    def is_in_place(self, item: ReportItem) -> bool:
        """Return whether pip has this folder as editable, with the same version and needs."""
        there = self._distributions.get(item.name)
        if there is None or not self.is_from_pip(item.name) or there.version != item.version:
            return False
        metadata = self._find_metadata(item.name)
        needs = () if metadata is None else metadata.requires_dist
        is_there = there.direct_url == item.origin and needs == item.requires_dist
        return is_there and item.origin.get("dir_info", {}).get("editable") is True

    def knows_needs(self, name: NormalizedName) -> bool:
        """Whether the requirements of a name are known."""
        return name in self._linked or name in self._items or name in self._distributions

    def find_requires(self, name: NormalizedName) -> tuple[str, ...]:
        """Return the `Requires-Dist` lines: as pip resolved it, else as installed, else none."""
        if name in self._items:
            return self._items[name].requires_dist
        metadata = self._find_metadata(name)
        return () if metadata is None else metadata.requires_dist

    def find_conda_requires(self, name: NormalizedName) -> tuple[str, ...]:
        """Return the `Requires-Dist` lines of conda's package, as far as it is downloaded."""
        if name in self._linked:
            return self._linked[name].requires_dist
        if name in self._distributions and not self.is_from_pip(name):
            return self.snapshot.read_metadata(self._distributions[name]).requires_dist
        return self.find_requires(name)

    def explain_extras(self, requirement: Requirement) -> tuple[str, ...]:
        """Say which extras a project does not have, as far as its metadata is known."""
        known = self._find_known(canonicalize_name(requirement.name))
        return () if known is None else explain_missing_extras(requirement, known)

    def _find_extras(self, name: NormalizedName) -> tuple[str, ...]:
        known = self._find_known(name)
        return () if known is None else known.provides_extra

    def _find_known(self, name: NormalizedName) -> Metadata | ReportItem | None:
        """Return what conda links, else what pip would install, else what is installed."""
        return self._linked.get(name) or self._items.get(name) or self._find_metadata(name)

    def _find_metadata(self, name: NormalizedName) -> Metadata | None:
        there = self._distributions.get(name)
        return None if there is None else self.snapshot.read_metadata(there)

    def build_provided(
        self, solution: Solution | None, *, free: Collection[NormalizedName], count_omitted: bool
    ) -> tuple[ProvidedDistribution, ...]:
        """Build what conda provides after its transaction, without `free`, which pip may choose."""
        versions = self._find_versions(solution)
        stubs = versions.keys() - set(free)
        open_names = {*free, *(name for name in self.installed if name not in versions)}
        provided = (
            build_provided(
                name,
                versions[name],
                extras=self._find_extras(name),
                requirements=(
                    line
                    for text in self.find_conda_requires(name)
                    if (line := self._limit(text, stubs, open_names, count_omitted)) is not None
                ),
            )
            for name in sorted(stubs)
        )
        return tuple(one for one in provided if one is not None)

    def _limit(
        self,
        text: str,
        stubs: Collection[str],
        open_names: Collection[str],
        count_omitted: bool,
    ) -> str | None:
        """Return a requirement of conda's as pip has to respect it; None if it has not.

        conda chooses the versions of what it provides itself, except for extras.
        """
        requirement = parse_requirement(text)
        if requirement is None or "extra" in text.partition(";")[2]:
            return None if requirement is None else text
        name = canonicalize_name(requirement.name)
        if name in stubs:
            extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
            marker = f"; {requirement.marker}" if requirement.marker else ""
            return f"{name}{extras}{marker}"
        if name in open_names or (count_omitted and not self.is_provided(name)):
            return text
        return None

    def _find_versions(self, solution: Solution | None) -> dict[NormalizedName, str]:
        """Find the distributions that conda has after its transaction."""
        versions = {
            name: one.version for name, one in self.installed.items() if one.manager == "conda"
        }
        if solution is not None:
            for gone in self.find_contained(solution.unlinked):
                versions.pop(gone, None)
            versions.update(self.find_contained(solution.linked))
        return versions

    def find_replaced(self, solution: Solution | None) -> Mapping[str, str]:
        """Find pip's versions that packages of conda's would replace, by the package's name."""
        return {
            package.name: self.installed[name].version
            for package in (solution.linked if solution else ())
            for name in self.find_contained([package])
            if self.is_from_pip(name)
        }

    def find_packages(self, names: Iterable[NormalizedName]) -> tuple[str, ...]:
        """Find the installed packages of conda's that contain distributions."""
        owners = (
            self.snapshot.ownership.owner_of(self._distributions[name])
            for name in names
            if name in self._distributions
        )
        return tuple(one.record.name for one in owners if isinstance(one, ByConda))

    def find_dependencies(
        self, packages: Iterable[str], solution: Solution | None
    ) -> dict[NormalizedName, str]:
        """Find the installed distributions that packages of conda's depend on, each with one.

        Those that conda replaces are left out.
        """
        linked = {one.name: one for one in (solution.linked if solution else ())}
        records = {one.name: one for one in self.snapshot.records}
        waiting = list(packages)
        seen = set(waiting)
        found: dict[NormalizedName, str] = {}
        for package in waiting:
            there = linked.get(package) or records.get(package)
            for spec in there.depends if there is not None else ():
                name = spec.split()[0]
                if name in seen:
                    continue
                seen.add(name)
                waiting.append(name)
                if name in records and name not in linked:
                    found |= {one.name: package for one in find_carried(records[name])}
                elif name not in linked:
                    found[canonicalize_name(name)] = package
        return {name: package for name, package in found.items() if name in self.installed}

    def find_contained(self, packages: Iterable[CondaPackage]) -> dict[NormalizedName, str]:
        """Find the distributions in packages: by record or archive if known, else by name."""
        recorded = {one.name: one for one in self.snapshot.records}
        contained: dict[NormalizedName, str] = {}
        for package in packages:
            record = recorded.get(package.name)
            if record is not None and record.version == package.version:
                contained.update({one.name: one.version for one in find_carried(record)})
            elif package.contained is not None:
                contained.update(package.contained)
            elif package in self._packaged:
                its = {"package": package.name, "package_version": package.version}
                for one in self._packaged[package]:
                    contained[one.name] = choose_version(one.name, one.version, **its)
            elif package.needs_python and parse_version(package.version) is not None:
                for name in self._conda.find_projects(package):
                    contained[name] = package.version
        return contained
