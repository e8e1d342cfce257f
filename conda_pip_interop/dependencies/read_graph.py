"""Build the dependency graph of an environment from its snapshot."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.graph import Dependency, Graph, Package
from conda_pip_interop.dependencies.requirements import (
    applies,
    find_subdir,
    find_wanted_extras,
    marker_environment,
    parse_requirement,
    satisfies,
)
from conda_pip_interop.environment.conda_meta.history import parse_requested, read_history_text
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.site_packages.distributions import (
    Distribution,
    read_requirements,
)
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from packaging.requirements import Requirement

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.metadata import Metadata
    from conda_pip_interop.environment.snapshot import Snapshot

_NAME: Final = regex(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_DEPENDS: Final = regex(r"(?:\S+::)?([A-Za-z0-9][A-Za-z0-9_.-]*)(?:\s+|(?=\[))?(.*)")

#: Installers that write REQUESTED: pip for requested packages, uv for all. If a package installed
#: by uv has no such file, this project removed it (`changes.origins`).
_WRITE_REQUESTED: Final = ("pip", "uv")


def read_graph(snapshot: Snapshot) -> Graph:
    """Return the dependency graph of a snapshot, from metadata, records and conda's history."""
    return snapshot.view(_build_graph)


def _build_graph(snapshot: Snapshot) -> Graph:
    history = read_history_text(snapshot.prefix.root)
    owned = _divide(snapshot)
    state = read_state(snapshot.prefix.root)
    needed = state.needed
    requested = parse_requested(history, needed)
    requested |= {  # what was there already is in no history
        name
        for name, found in owned.conda.items()
        if not state.requests.keys().isdisjoint(one.name for one in found)
    }
    requested |= {
        one.name for one in snapshot.records if one.name not in needed and _has_requested_spec(one)
    }
    packages = {one.key: one for one in _build_packages(snapshot, owned, requested)}
    keys = _index_conda_names(packages, owned)
    finder = _DependencyFinder(
        packages=packages,
        keys=_index_distributions(packages, snapshot),
        metadata={
            one.metadata: read_requirements(snapshot.prefix, one)
            for package in packages.values()
            for one in package.distributions
        },
        environment=marker_environment(snapshot.prefix, subdir=find_subdir(snapshot)),
        version_of=snapshot.ownership.version_of,
    )
    extras = finder.find_extras()
    records = {record.name: record for record in snapshot.records}
    for key, package in list(packages.items()):
        dependencies, optional = finder.find_dependencies(package, extras)
        if package.owner == "conda":
            depends = _parse_depends(records[package.name], keys)
            dependencies = _add_depends(dependencies, depends)
        packages[key] = replace(package, dependencies=dependencies, optional=optional)
    return Graph(packages=_promote_optional(packages))


def is_requested(distribution: Distribution) -> bool:
    """Return whether the user requested it; True if the installer does not record that.

    Only dist-info folders have a REQUESTED file (PEP 376), and not every installer writes one.
    """
    return (
        distribution.requested
        or distribution.layout != "dist-info"
        or distribution.editable is not None
        or distribution.installer not in _WRITE_REQUESTED
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _DependencyFinder:
    """Finds the dependencies that distributions state.

    `keys` maps a distribution's name to the key of the package that provides it; `metadata` is by
    metadata folder; `environment` is for markers (PEP 508).
    """

    packages: Mapping[str, Package]
    keys: Mapping[NormalizedName, str]
    metadata: Mapping[str, Metadata]
    environment: Mapping[str, str]
    version_of: Callable[[Distribution], str]

    def find_extras(self) -> Mapping[NormalizedName, set[str]]:
        """Find the extras that installed distributions want, extras wanted by extras included."""
        requires = {
            one.name: self.metadata[one.metadata].requires_dist
            for package in self.packages.values()
            for one in package.distributions
        }
        return find_wanted_extras(requires, self.environment)

    def find_dependencies(
        self, package: Package, extras: Mapping[NormalizedName, set[str]]
    ) -> tuple[tuple[Dependency, ...], tuple[Dependency, ...]]:
        """Return (the dependencies of a package, those of extras that nothing wants).

        Of the latter only those whose package is installed. `extras`: see `find_extras`.
        """
        found: dict[str, Dependency] = {}
        optional: dict[str, Dependency] = {}
        for one in package.distributions:
            metadata, wanted = self.metadata[one.metadata], extras.get(one.name, set())
            for text in metadata.requires_dist:
                if "extra" in text and not wanted and not self._is_installed(text):
                    continue
                requirement = parse_requirement(text)
                if requirement is None:
                    continue
                if applies(requirement, self.environment, ("", *wanted)):
                    dependency = self._build(requirement, None)
                    found.setdefault(dependency.name, dependency)
                elif self._is_installed(text):
                    for extra in metadata.provides_extra:
                        if applies(requirement, self.environment, (extra,)):
                            dependency = self._build(requirement, extra)
                            optional.setdefault(dependency.name, dependency)
        return (
            tuple(one for one in found.values() if one.target != package.key),
            tuple(
                one
                for name, one in optional.items()
                if name not in found and one.target != package.key
            ),
        )

    def _is_installed(self, text: str) -> bool:
        match = _NAME.match(text)
        return match is not None and canonicalize_name(match[1]) in self.keys

    def _build(self, requirement: Requirement, extra: str | None) -> Dependency:
        name = canonicalize_name(requirement.name)
        target = self.keys.get(name)
        specifier = str(requirement.specifier)
        specifier = specifier or (f"@ {requirement.url}" if requirement.url else "")
        if requirement.extras:
            specifier = f"[{','.join(sorted(requirement.extras))}]{specifier}"
        satisfied = target is not None and self._is_satisfied(requirement, self.packages[target])
        return Dependency(
            name=name, specifier=specifier, target=target, extra=extra, satisfied=satisfied
        )

    def _is_satisfied(self, requirement: Requirement, package: Package) -> bool:
        """Return whether the version fits; True if the version is unknown or invalid."""
        name = canonicalize_name(requirement.name)
        found = (self.version_of(one) for one in package.distributions if one.name == name)
        return all(satisfies(requirement.specifier, one) is not False for one in found)


def _parse_depends(record: CondaRecord, keys: Mapping[str, str]) -> Iterator[Dependency]:
    """Parse the `depends` of a record that name an installed package; conda checks the others.

    `keys` maps conda names to the keys of the packages that provide them.
    """
    for text in record.depends:
        match = _DEPENDS.fullmatch(text.strip())
        target = keys.get(match[1]) if match else None
        if match is not None and target is not None:
            yield Dependency(name=match[1], specifier=match[2], target=target, from_metadata=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Owned:
    """The distributions by owner: conda's by record name, pip's by distribution name.

    With each of pip's comes the name of the conda record that it replaced, or "".
    """

    conda: Mapping[str, list[Distribution]]
    pip: Mapping[NormalizedName, tuple[Distribution, str]]


def _divide(snapshot: Snapshot) -> _Owned:
    """Divide the distributions by owner, one per name: conda's wins unless pip replaced it."""
    conda: dict[str, list[Distribution]] = defaultdict(list)
    pip: dict[NormalizedName, tuple[Distribution, str]] = {}
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        if isinstance(owner, ByConda):
            conda[owner.record.name].append(one)
        elif owner.in_place_of is not None or one.name not in pip:
            pip[one.name] = (one, owner.in_place_of.name if owner.in_place_of else "")
    taken = {one.name for found in conda.values() for one in found}
    return _Owned(
        conda=conda, pip={name: one for name, one in pip.items() if one[1] or name not in taken}
    )


def _build_packages(
    snapshot: Snapshot, owned: _Owned, requested: Collection[str]
) -> Iterator[Package]:
    """Build the packages without their dependencies; `requested`: names requested of conda."""
    for name, (distribution, replaced) in owned.pip.items():
        yield Package(
            key=f"pip:{name}",
            name=name,
            version=distribution.version,
            owner="pip",
            distributions=(distribution,),
            requested=is_requested(distribution) or replaced in requested,
        )
    all_replaced = {replaced for _, replaced in owned.pip.values()}
    for record in snapshot.records:
        if record.name in owned.conda or record.name not in all_replaced:
            yield Package(
                key=f"conda:{record.name}",
                name=record.name,
                version=record.version,
                owner="conda",
                distributions=tuple(owned.conda.get(record.name, ())),
                requested=record.name in requested,
            )


def _has_requested_spec(record: CondaRecord) -> bool:
    """Return whether the record says that it was requested; if not, conda writes "None"."""
    specs = record.raw.get("requested_specs")
    return record.requested_spec not in {None, "", "None"} or (
        isinstance(specs, list) and bool(specs)
    )


def _index_conda_names(packages: Mapping[str, Package], owned: _Owned) -> Mapping[str, str]:
    """Map conda names to package keys; the name of a replaced package maps to pip's."""
    keys = {record: f"pip:{name}" for name, (_, record) in owned.pip.items() if record}
    keys.update({one.name: key for key, one in packages.items() if one.owner == "conda"})
    return keys


def _index_distributions(
    packages: Mapping[str, Package], snapshot: Snapshot
) -> Mapping[NormalizedName, str]:
    """Map distribution names to package keys.

    A conda package that should contain no distribution provides its own name: `ninja` is installed,
    in an unknown version.
    """
    containing = {one.record.name for found in snapshot.claims.by_name.values() for one in found}
    keys = {
        canonicalize_name(package.name): key
        for key, package in packages.items()
        if package.owner == "conda" and package.name not in containing
    }
    keys.update({one.name: key for key, p in packages.items() for one in p.distributions})
    return keys


def _add_depends(
    dependencies: tuple[Dependency, ...], depends: Iterable[Dependency]
) -> tuple[Dependency, ...]:
    """Add conda's `depends` to what a conda package's metadata requires.

    Missing packages that only the metadata requires are dropped: conda omits them on purpose.
    """
    installed = tuple(one for one in dependencies if one.target is not None)
    targets = {one.target for one in installed}
    return (*installed, *(one for one in depends if one.target not in targets))


def _promote_optional(packages: Mapping[str, Package]) -> Mapping[str, Package]:
    """Make dependencies of extras ordinary ones if nothing else explains why they are installed."""
    explained = {one.target for package in packages.values() for one in package.dependencies}
    explained |= {key for key, package in packages.items() if package.requested}
    return {
        key: replace(
            package,
            dependencies=(
                *package.dependencies,
                *(one for one in package.optional if one.target not in explained),
            ),
            optional=tuple(one for one in package.optional if one.target in explained),
        )
        for key, package in packages.items()
    }
