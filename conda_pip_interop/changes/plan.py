"""Plan: what changes in an environment, step by step, each step with its reason. Pure values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Final, Literal, Protocol, TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.site_packages.provenance import Provenance
    from conda_pip_interop.environment.snapshot import Snapshot


#: What a person asked for is not automatic; the rest was done before or after a command of conda's,
#: or moved aside for what it links, or belongs to the command of ours that precedes it.
Automatic: TypeAlias = Literal["", "before", "after", "aside", "ours"]

#: How many names a title has.
_TITLE_NAMES: Final = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteFile:
    """Write `content` to `path`, replacing what is there.

    `mode` is the permission bits; None for those of the file that is replaced, else 0644.
    """

    path: PrefixPath
    content: bytes
    reason: str
    mode: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlaceFile:
    """Put the file at `source` to `path`, replacing what is there; time and mode are kept.

    `source` is on the file system of the prefix; it may be gone afterwards.
    """

    path: PrefixPath
    source: Path
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoveFile:
    """Remove the file, symlink or empty folder at `path`, and the folders left empty by it."""

    path: PrefixPath
    reason: str


FileAction: TypeAlias = WriteFile | PlaceFile | RemoveFile


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkConda:
    """conda links a package; with `record`, that very package again instead of a solver's answer.

    `previous` is the version that it replaces.
    """

    name: str
    version: str
    reason: str
    previous: str | None = None
    channel: str | None = None
    record: CondaRecord | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class UnlinkConda:
    """conda unlinks a package."""

    name: str
    version: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class InstallPip:
    """pip installs a distribution; with `distribution`, that one again from where it came from."""

    name: str
    version: str
    reason: str
    previous: str | None = None
    distribution: Distribution | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RemovePip:
    """A distribution that pip installed is removed."""

    name: str
    version: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Keep:
    """What is installed already satisfies a requirement."""

    manager: Manager
    name: str
    version: str
    reason: str


PackageStep: TypeAlias = LinkConda | UnlinkConda | InstallPip | RemovePip | Keep
Step: TypeAlias = PackageStep | FileAction


@dataclass(frozen=True, kw_only=True, slots=True)
class Staged:
    """What pip has put into the staging folder; paths are as they will be in the prefix.

    `sources` are the words of a command line that install a distribution from where it came from,
    `origins` is how each was installed.
    """

    folder: Path
    distributions: tuple[Distribution, ...]
    sources: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    origins: tuple[Provenance, ...] = ()


class CondaPart(Protocol):
    """conda's transaction, solved and not yet executed."""

    @property
    def unlinked_names(self) -> frozenset[str]:
        """The conda packages that it unlinks, earlier versions of linked ones included."""
        ...

    def list_created(self) -> tuple[PrefixPath, ...]:
        """List the files that it will create once downloaded, those that exist included."""
        ...

    def find_carried(self) -> Mapping[NormalizedName, str]:
        """Find the distributions in the downloaded packages, with their versions."""
        ...

    def find_goal(self) -> PrefixPath | None:
        """Find a file that it creates at the very end; None if there is no such file."""
        ...

    def download(self) -> None:
        """Download and extract what is linked; raises where a package is not what was expected."""
        ...

    def execute(self) -> None:
        """Change the environment."""
        ...

    def roll_back(self) -> None:
        """Put the environment back to what it was before `execute`, history included."""
        ...


class PipPart(Protocol):
    """pip's part of an installation, resolved and not yet built or downloaded."""

    @property
    def clones(self) -> bool:
        """Whether editable projects are cloned into the prefix."""
        ...

    @property
    def needs_conda(self) -> bool:
        """Whether it cannot be staged before conda's part is done, which installs Python."""
        ...

    def stage(self, into: Path) -> Staged:
        """Install it into the folder `into`, as into any other prefix."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Everything that one command changes: `changes.execute.execute` carries it out.

    conda's transaction runs first; then files change, packages are linked again, and pip's part
    is moved into place. `fingerprint` is that of the snapshot it was made from, and `snapshot` that
    itself, which is read again where it is None;
    `overwrite` the distributions that may replace conda's files. `shows_files`: a person is shown
    the files, not only the packages. `requirements` (PEP 508) are to be installed, too, and not
    resolved into steps yet. `requests` are what the user requested, by name; `requested_packages`
    those of conda that this is about, and `needed` those of conda that nobody requested: all are
    remembered.
    """

    title: str
    steps: tuple[Step, ...] = ()
    notes: tuple[str, ...] = ()
    fingerprint: str | None = None
    snapshot: Snapshot | None = field(default=None, compare=False, repr=False)
    conda: CondaPart | None = None
    pip: PipPart | None = None
    overwrite: frozenset[NormalizedName] = frozenset()
    keep_going: bool = False
    automatic: Automatic = ""
    shows_files: bool = False
    requirements: tuple[str, ...] = ()
    requests: Mapping[str, str] = field(default_factory=dict)
    requested_packages: frozenset[str] = frozenset()
    needed: frozenset[str] = frozenset()

    @property
    def packages(self) -> tuple[PackageStep, ...]:
        """The steps about packages."""
        return tuple(one for one in self.steps if not isinstance(one, FileAction))

    @property
    def files(self) -> tuple[FileAction, ...]:
        """The steps about single files."""
        return tuple(one for one in self.steps if isinstance(one, FileAction))

    @property
    def relinked(self) -> tuple[CondaRecord, ...]:
        """The records whose packages conda links again."""
        links = (one for one in self.steps if isinstance(one, LinkConda))
        return tuple(one.record for one in links if one.record is not None)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.requirements and all(isinstance(one, Keep) for one in self.steps)


def build_title(verb: str, names: Iterable[str]) -> str:
    """Build the title of an operation: each name that it is about, shortened if there are many."""
    words = tuple(dict.fromkeys(names))
    more = len(words) - _TITLE_NAMES
    if more <= 1:
        return " ".join((verb, *words))
    return f"{' '.join((verb, *words[:_TITLE_NAMES]))} and {more} more"


def merge_plans(
    title: str, plans: Iterable[Plan], *, fingerprint: str, shows_files: bool = False
) -> Plan:
    """Merge the steps of plans; of two actions on one path, the last one counts."""
    files: dict[PrefixPath, FileAction] = {}
    packages: dict[tuple[type, str], PackageStep] = {}
    notes: list[str] = []
    requirements: dict[str, None] = {}
    for plan in plans:
        notes += plan.notes
        requirements.update(dict.fromkeys(plan.requirements))
        packages.update({(type(one), one.name): one for one in plan.packages})
        files.update({one.path: one for one in plan.files})
    return Plan(
        title=title,
        steps=(*packages.values(), *files.values()),
        notes=tuple(notes),
        fingerprint=fingerprint,
        shows_files=shows_files,
        requirements=tuple(requirements),
    )
