"""What was asked for: the command line and the files that it names, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.install_options import InstallOptions
from conda_pip_interop.names.places import Place
from conda_pip_interop.pip.interface import Line


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A requirement by its name, without a URL. `origin` is where it stands, to be told.

    `hashes` (`sha256:…`) hold for what pip downloads. `settings` are the options behind it in its
    file, for its build. `in_file` is false for what the command line names.
    """

    requirement: Requirement
    origin: str = "command line"
    hashes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    in_file: bool = False

    @property
    def name(self) -> NormalizedName:
        """The project's name."""
        return canonicalize_name(self.requirement.name)

    @property
    def line(self) -> Line:
        """As pip takes it."""
        return Line(
            text=str(self.requirement),
            hashes=self.hashes,
            settings=self.settings,
            in_file=self.in_file,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AskedPlace:
    """A project by its place: a folder, an archive, a URL or a clone. Only pip can supply it."""

    place: Place
    origin: str = "command line"
    hashes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    in_file: bool = False

    @property
    def line(self) -> Line:
        """As pip takes it."""
        return Line(
            text=self.place.text,
            editable=self.place.editable,
            hashes=self.hashes,
            settings=self.settings,
            in_file=self.in_file,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Everything that `conda pip install` was asked for.

    `limits` are the constraints: they limit what is chosen of a name, and ask for nothing.
    `pythons` are the demands on Python of the files (PEP 440, each with its origin). `links` are
    URLs of archives that a lock file names, each with its hash as fragment. `options` is the rest
    of the command line, with what the files add to the options of pip's.
    """

    requirements: tuple[Asked, ...] = ()
    places: tuple[AskedPlace, ...] = ()
    constraints: tuple[Asked, ...] = ()
    pythons: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    options: InstallOptions = field(default_factory=InstallOptions)

    @property
    def limits(self) -> Mapping[NormalizedName, SpecifierSet]:
        """The ranges that constraints state, by name."""
        limits: dict[NormalizedName, SpecifierSet] = {}
        for one in self.constraints:
            limits[one.name] = limits.get(one.name, SpecifierSet()) & one.requirement.specifier
        return limits

    @property
    def lines(self) -> tuple[Line, ...]:
        """What pip is to resolve."""
        return (*(one.line for one in self.requirements), *(one.line for one in self.places))

    @property
    def from_pypi(self) -> frozenset[NormalizedName]:
        """What pip supplies, whatever the channels have."""
        return frozenset(map(canonicalize_name, self.options.from_pypi))

    @property
    def from_conda(self) -> frozenset[NormalizedName]:
        """What conda supplies, or nobody."""
        return frozenset(map(canonicalize_name, self.options.from_conda))

    @property
    def breaks(self) -> frozenset[NormalizedName]:
        """What pip may replace although it is conda's."""
        return frozenset(map(canonicalize_name, self.options.break_other_managers))

    @property
    def pre(self) -> bool:
        """Whether pre-releases are as good as releases."""
        return self.options.pip.has("--pre")

    @property
    def build_isolation(self) -> bool:
        """Whether builds get an environment of their own."""
        return not self.options.pip.has("--no-build-isolation")
