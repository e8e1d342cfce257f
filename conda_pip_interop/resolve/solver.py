"""What `resolve` needs of conda; `conda_adapter` provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from conda_pip_interop.changes.plan import CondaPart
    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.prefix import PythonInstall
    from conda_pip_interop.locks.lock import LockedPackage
    from conda_pip_interop.locks.offline import OfflineFolder
    from conda_pip_interop.names.package_contents import PackagedDistribution


#: Which installed packages become as new as they can be: those that are named, or all.
Updating: TypeAlias = Literal["none", "named", "all"]
#: See `Installer.list_releases`.
ListReleases: TypeAlias = (
    "Callable[[Collection[NormalizedName]], Mapping[NormalizedName, frozenset[Version]]]"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaPackage:
    """A conda package, on a channel or about to be linked.

    `depends` are conda's match specs as text; `needs_python` tells whether it can contain a
    distribution at all. `contained` are its distributions with the versions that count, None where
    it is not downloaded or was not looked into.
    """

    name: str
    version: str
    build: str
    channel: str
    depends: tuple[str, ...]
    contained: tuple[tuple[NormalizedName, str], ...] | None = None

    @property
    def needs_python(self) -> bool:
        """Whether it depends on Python; a tool that does not contains no distribution (ninja)."""
        return any(spec.split()[:1] == ["python"] for spec in self.depends)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class CondaSpec:
    """A package name as conda spells it, and a version spec in conda's language.

    `text` is the whole spec, with build and channel, where a file states it.
    """

    name: str
    version: str
    text: str = ""


class Solution(Protocol):
    """What conda's solver answered; nothing has been changed yet."""

    @property
    def linked(self) -> tuple[CondaPackage, ...]:
        """What conda would link."""
        ...

    @property
    def unlinked(self) -> tuple[CondaPackage, ...]:
        """What conda would unlink, earlier versions of `linked` included."""
        ...

    def download(self) -> None:
        """Download and extract what is to be linked; the environment is not touched."""
        ...

    def read_contents(self, package: CondaPackage) -> tuple[PackagedDistribution, ...] | None:
        """Read the distributions of a package of `linked`; None if it is not downloaded."""
        ...

    def find_wrong(self, expected: Mapping[NormalizedName, str]) -> tuple[str, ...]:
        """Describe the downloaded packages that do not contain the project they were chosen for.

        `expected`: project → package name. Wrong packages are not candidates any more.
        """
        ...

    def find_unreleased(
        self, expected: Mapping[NormalizedName, str], list_releases: ListReleases
    ) -> tuple[str, ...]:
        """Describe the packages that contain another project of the same name.

        They were chosen for their name, and no channel has a version of it that the project has
        released. Until the command ends they are not candidates any more.
        """
        ...

    def list_created(self) -> tuple[PrefixPath, ...]:
        """List the files that the transaction will create; none of them exists."""
        ...

    def find_versions(self) -> Mapping[NormalizedName, str]:
        """Find the distributions in the downloaded packages, with the versions that count."""
        ...

    def find_goal(self) -> PrefixPath | None:
        """Find the record that conda writes at the very end; None if that exists already."""
        ...

    def note_specs(self, specs: Mapping[str, str]) -> None:
        """Let the history have these specs by name instead of the solved ones; none if empty."""
        ...

    def execute(self) -> None:
        """Execute the transaction, hooks included."""
        ...

    def roll_back(self) -> None:
        """Put the environment back to what it was before `execute`, history included."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ComingPython:
    """The Python that conda installs into an environment that has none, or another.

    `spec` is what conda has to be asked for each time; `solver` knows that Python's packages.
    """

    install: PythonInstall
    spec: CondaSpec
    solver: Conda


class Conda(Protocol):
    """conda, for one environment."""

    def find_candidates(self, name: NormalizedName) -> tuple[CondaPackage, ...]:
        """Find the packages that may contain a project and that the environment can use."""
        ...

    def explain_absence(self, name: NormalizedName) -> str:
        """Return why a project has no candidates, to be read after its name."""
        ...

    def list_projects(self) -> frozenset[str]:
        """List the projects whose names are known: to the channels and to the maps."""
        ...

    def find_projects(self, package: CondaPackage) -> tuple[NormalizedName, ...]:
        """Return the projects that a package contains, judged by its name."""
        ...

    def matches(self, spec: str, version: str) -> bool:
        """Return whether a conda version spec matches a version."""
        ...

    def unlink(
        self, names: Collection[str], *, needed: Collection[str], beside: Solution | None
    ) -> Solution:
        """Return a solution that unlinks packages, and does what `beside` does.

        The history gets their removal, and what was `needed` by them by its bare name.
        """
        ...

    def solve(
        self, specs: tuple[CondaSpec, ...], *, with_deps: bool = True, explain: bool = False
    ) -> Solution:
        """Solve for `specs` beside what is installed; raises InteropError `unsatisfiable`.

        `explain`: if there is no solution, take the time to find out why.
        """
        ...

    def can_solve(self, specs: tuple[CondaSpec, ...], *, with_deps: bool = True) -> bool:
        """Return whether there is a solution for `specs` beside what is installed."""
        ...

    def has_all(self, specs: Iterable[CondaSpec]) -> bool:
        """Return whether installed packages satisfy all of `specs`."""
        ...

    def explain_unavailable(self, spec: CondaSpec) -> str | None:
        """Explain which dependency of `spec` no channel has; None if they have all of them.

        By the `depends` of the records, without a solver.
        """
        ...

    def find_incompatible(
        self, specs: Iterable[CondaSpec]
    ) -> frozenset[tuple[CondaSpec, CondaSpec]]:
        """Find the pairs that cannot be installed together, as far as the records tell."""
        ...

    def find_hindrance(self, spec: CondaSpec) -> tuple[str, ...]:
        """Find the installed packages that the newest package for `spec` does not accept."""
        ...

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """Link exactly the packages of `records` again, replacing what the records list now."""
        ...

    def prepare_exact(
        self,
        link: tuple[LockedPackage, ...],
        unlink: tuple[str, ...],
        *,
        offline: OfflineFolder | None = None,
    ) -> CondaPart:
        """Prepare to link exactly these files, and to unlink packages by name, without a solver.

        The files are in `offline`, if that is not None.
        """
        ...

    def save_packages(self, packages: Iterable[LockedPackage], folder: OfflineFolder) -> None:
        """Put the files of packages into a folder; raises `not-available`, `wrong-hash`."""
        ...

    def fetch(self, linked: Linked) -> Path | None:
        """The extracted folder of a package that was linked once; None if it is not available."""
        ...
