"""The conda package that contains a project, and the projects in a conda package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from conda_pip_interop.names.conda_depends import parse_dependency
from conda_pip_interop.names.package_contents import ContainedDistribution
from conda_pip_interop.names.wrong_matches import explain_other_project
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from packaging.utils import NormalizedName

    from conda_pip_interop.names.lookup import Lookup
    from conda_pip_interop.resolve.solver import CondaPackage, ListReleases


class Channels(Protocol):
    """The channels, for the Python of one environment."""

    def look_up(self, project: NormalizedName) -> Lookup:
        """Look up the conda names of a project."""
        ...

    def find_packages(self, conda_name: str) -> tuple[CondaPackage, ...]:
        """Find the packages of a name that support the environment's Python, oldest first."""
        ...

    def read_contents(
        self, package: CondaPackage, *, download: bool
    ) -> tuple[ContainedDistribution, ...] | None:
        """Read the distributions in a package; None if it is not cached and not downloaded."""
        ...

    def read_installed(
        self, conda_name: str
    ) -> tuple[str, tuple[ContainedDistribution, ...]] | None:
        """Read the version and build, and the distributions, of an installed package."""
        ...

    def guess_projects(self, conda_name: str) -> tuple[NormalizedName, ...]:
        """The projects that a package probably contains, by its name."""
        ...

    def is_wrong_match(self, package: CondaPackage, project: NormalizedName) -> bool:
        """Whether an earlier command found that a package does not contain a project."""
        ...

    def remember_wrong_match(self, package: CondaPackage, project: NormalizedName) -> None:
        """Remember that a package does not contain a project."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class NameMatch:
    """The conda package of a project. `contained` is None if its files were not inspected.

    `considered` has the newest package of each name that was tried.
    """

    lookup: Lookup
    considered: tuple[CondaPackage, ...]
    package: CondaPackage | None
    versions: tuple[str, ...]
    contained: bool | None
    evidence: str

    @property
    def by_conda(self) -> bool:
        """Whether conda can install the project."""
        return self.package is not None and self.contained is not False


@dataclass(frozen=True, kw_only=True, slots=True)
class PackageContents:
    """The distributions in a conda package; `known_from` is empty if they are only assumed."""

    conda: str
    version: str | None
    known_from: Literal["installed", "package", ""]
    distributions: tuple[ContainedDistribution, ...]


def find_contents(name: str, channels: Channels, *, check: bool) -> PackageContents:
    """Find the distributions in a conda package; `check` downloads it if it is not installed."""
    version: str | None
    installed = channels.read_installed(name)
    if installed is not None:
        version, contained = installed
        return PackageContents(
            conda=name, version=version, known_from="installed", distributions=contained
        )
    packages = channels.find_packages(name)
    inside = channels.read_contents(packages[-1], download=check) if packages else None
    version = f"{packages[-1].version} {packages[-1].build}" if packages else None
    if inside is not None:
        return PackageContents(
            conda=name, version=version, known_from="package", distributions=inside
        )
    has_python = not packages or any(one.needs_python for one in packages)
    assumed = tuple(
        ContainedDistribution(name=one, version="")
        for one in (channels.guess_projects(name) if has_python else ())
    )
    return PackageContents(conda=name, version=version, known_from="", distributions=assumed)


def match_project(
    project: NormalizedName,
    channels: Channels,
    *,
    check: bool,
    list_releases: ListReleases | None = None,
) -> NameMatch:
    """Find the conda package of a project; `check` downloads packages to inspect their files.

    `list_releases` tells by its versions whether a package of the same name is another project.
    """
    lookup = channels.look_up(project)
    evidence = ""
    wrong: CondaPackage | None = None
    considered: list[CondaPackage] = []
    for name in lookup.names:
        packages = channels.find_packages(name)
        if not packages:
            evidence = evidence or f"no {name} in the channels supports this Python"
            continue
        considered.append(packages[-1])
        packages = tuple(one for one in packages if one.needs_python or lookup.trusted)
        if not packages:
            evidence = f"{name} does not depend on Python, so it contains no distribution"
            continue
        package = packages[-1]
        known_wrong = channels.is_wrong_match(package, project)
        containing = not known_wrong and find_containing_package(
            project, package, channels, download=check
        )
        if containing and list_releases is not None and lookup.source == "channels":
            released = list_releases((project,)).get(project, frozenset())
            versions = (one.version for one in channels.find_packages(name))
            other = explain_other_project(name, versions, released)
            if other is not None:
                return NameMatch(
                    lookup=lookup,
                    considered=tuple(considered),
                    package=package,
                    versions=(),
                    contained=False,
                    evidence=other,
                )
        if containing is False:
            wrong = wrong or package
            if not known_wrong:
                channels.remember_wrong_match(package, project)
            continue
        return NameMatch(
            lookup=lookup,
            considered=tuple(considered),
            package=package,
            versions=tuple(dict.fromkeys(one.version for one in reversed(packages))),
            contained=None if containing is None else True,
            evidence=f"{containing.name} {containing.version} contains it" if containing else "",
        )
    if wrong is not None:
        evidence = f"{wrong.name} {wrong.version} {wrong.build} does not contain {project}"
    return NameMatch(
        lookup=lookup,
        considered=tuple(considered),
        package=wrong,
        versions=(),
        contained=False if wrong is not None else None,
        evidence=evidence,
    )


def find_containing_package(
    project: NormalizedName, package: CondaPackage, channels: Channels, *, download: bool
) -> CondaPackage | Literal[False] | None:
    """Find the package that contains a project; False if none does, None if it is not known.

    A metapackage has no files. Its dependencies of the same version are inspected instead
    (matplotlib-base for matplotlib).
    """
    contained = channels.read_contents(package, download=download)
    if contained is None:
        return None
    if any(one.name == project for one in contained):
        return package
    if not contained:
        for part in _find_parts(package, channels):
            inside = channels.read_contents(part, download=download)
            if any(one.name == project for one in inside or ()):
                return part
    return False


def _find_parts(package: CondaPackage, channels: Channels) -> Iterator[CondaPackage]:
    for line in package.depends:
        dependency = parse_dependency(line)
        if dependency is None or dependency.name == "python":
            continue
        packages = channels.find_packages(dependency.name)
        yield from [one for one in packages if one.version == package.version][-1:]
