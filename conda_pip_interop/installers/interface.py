"""What `resolve` needs of an installer, pip or uv."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol

from conda_pip_interop.errors import InteropError
from conda_pip_interop.grammar import is_hash, is_line, is_name, is_requirement, is_version
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from conda_pip_interop.errors import PipFailedError
    from conda_pip_interop.installers.not_found import PythonMismatch
    from conda_pip_interop.installers.pip.report import ReportItem


#: In a requirements file pip takes what follows for an option.
_OPTION: Final = regex(r"(?:^|\s)-")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvidedDistribution:
    """A distribution that conda provides, so that pip does not choose it.

    `extra_requirements` are the `Requires-Dist` lines that an extra adds (with their `extra ==`
    marker); its other dependencies are left to conda.
    """

    name: NormalizedName
    version: str
    extras: tuple[str, ...] = ()
    extra_requirements: tuple[str, ...] = ()


def build_provided(
    name: NormalizedName, version: str, *, extras: Iterable[str], requirements: Iterable[str]
) -> ProvidedDistribution | None:
    """Build what pip or uv is told of a distribution; None if they would not read it either.

    Its metadata is written by others: an extra or a requirement that is not valid is left out.
    """
    if not (is_name(name) and is_version(version)):
        return None
    return ProvidedDistribution(
        name=name,
        version=version,
        extras=tuple(filter(is_name, extras)),
        extra_requirements=tuple(filter(is_requirement, requirements)),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One requirement, path or URL, as pip spells it.

    `hashes` (`sha256:…`) and `settings` (`--config-settings=…`) stand behind it in a requirements
    file. `in_file` is true where it was read from one: pip gives the settings of its command line
    to what its command line names alone, and expands `${NAME}` in files alone. `origin` is where
    the user wrote it. Raises InteropError `invalid-requirement` for what pip would take for several
    lines, or for an option.
    """

    text: str
    editable: bool = False
    hashes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    in_file: bool = False
    origin: str = field(default="", compare=False)

    @property
    def told(self) -> str:
        """What it is to the user: where they wrote it, or for what they did not write, the text."""
        return self.origin or self.text

    def __post_init__(self) -> None:
        """Refuse what is not one line."""
        is_one = all(map(is_line, (self.text, *self.settings))) and all(map(is_hash, self.hashes))
        bare = self.in_file and not self.editable
        if not is_one or (_OPTION.search(self.text) if bare else self.text.startswith("-")):
            raise InteropError(
                "invalid-requirement",
                f"{quoted(self.text)} cannot be installed: it is not one requirement on one line.",
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """A distribution that pip chose; `line` installs exactly it, by version or by commit.

    `origin` is its `direct_url.json` (PEP 610) where it is not from an index; `requested` is false
    for a dependency (PEP 376, REQUESTED). `file` is what pip said of the archive (PEP 610) where it
    is from an index; `request` the requirement (PEP 508), `limit` the constraint that named it.
    """

    name: NormalizedName
    version: str
    line: Line
    origin: Mapping[str, Any] | None = field(default=None, hash=False)
    requested: bool = True
    file: Mapping[str, Any] | None = field(default=None, hash=False)
    request: str = ""
    limit: str = ""

    @property
    def editable(self) -> bool:
        """Whether its project's folder is used as it stands."""
        return self.line.editable

    @property
    def is_located(self) -> bool:
        """Whether its line names the file of an index, as a lock does, instead of the version."""
        return self.file is not None and " @ " in self.line.text

    @property
    def sha256(self) -> str | None:
        """The SHA-256 (hex) of the index's archive, as far as it was reported."""
        archive = (self.file or {}).get("archive_info") or {}
        found = (archive.get("hashes") or {}).get("sha256")
        return found if found and is_hash(f"sha256:{found}") else None

    @property
    def is_index_wheel(self) -> bool:
        """Whether it is a wheel of an index, with a hash: what is installed is sure.

        One that is named by its URL has to be fetched: pip would note the URL (PEP 610).
        """
        if self.is_located:
            return False
        return self.sha256 is not None and is_wheel(str((self.file or {}).get("url", "")))

    def __str__(self) -> str:
        return f"{self.name}=={self.version}"


def is_wheel(url: str) -> bool:
    """Whether a URL, or a path, leads to a wheel; a marker may follow it."""
    return url.partition("#")[0].partition(" ;")[0].rstrip().endswith(".whl")


def build_direct_line(name: str, url: str, origin: Mapping[str, Any]) -> Line:
    """Build the requirement (PEP 508) for `url`, at the commit that `origin` (PEP 610) has.

    A `${NAME}` in a URL that some package's metadata has is not for pip to expand.
    """
    url = url.replace("${", "%24{")
    vcs = origin.get("vcs_info")
    source = f"{vcs['vcs']}+{url}@{vcs['commit_id']}" if vcs else url
    subdirectory = origin.get("subdirectory")
    fragment = f"#subdirectory={subdirectory}" if subdirectory else ""
    return Line(text=f"{name} @ {source}{fragment}", in_file=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildEnvironment:
    """Where a build runs, or what it sees: an interpreter, its packages, programs, variables."""

    python: Path
    site_packages: Path
    scripts: Path
    environ: Mapping[str, str] = field(default_factory=dict, hash=False)


class Installer(Protocol):
    """Resolves, fetches and installs distributions for one environment."""

    def resolve(
        self,
        lines: tuple[Line, ...],
        *,
        provided: tuple[ProvidedDistribution, ...],
        with_deps: bool = True,
        ignore_installed: bool = False,
    ) -> tuple[ReportItem, ...]:
        """Resolve what would be installed for `lines`; `provided` counts as installed.

        `ignore_installed`: resolve as if the environment were empty.
        """
        ...

    def find_mismatch(self, error: PipFailedError) -> PythonMismatch | None:
        """Find whether a resolution failed because a project is for other Pythons only."""
        ...

    def find_refusals(self, error: PipFailedError) -> PipFailedError:
        """Add to a failure what the server of an index said, if that is why nothing was found."""
        ...

    def fetch(self, pins: tuple[Pin, ...], *, into: Path) -> None:
        """Download (or build) the wheels of `pins` into the folder `into`, editable ones not."""
        ...

    def stage(self, pins: tuple[Pin, ...], *, wheels: Path, into: Path) -> None:
        """Install exactly `pins`, from the folder `wheels`, into the folder `into` as a prefix.

        What is not in there is a wheel of an index. Scripts still name the environment's Python.
        Editable ones are built where they are: in their folder, or a clone in the prefix's `src`.
        """
        ...

    def list_index_options(self) -> tuple[str, ...]:
        """List the options about indexes that apply (`installers.indexes`)."""
        ...

    def list_releases(
        self, names: Collection[NormalizedName]
    ) -> Mapping[NormalizedName, frozenset[Version]]:
        """List the versions of projects on the indexes, without those that cannot be known."""
        ...
