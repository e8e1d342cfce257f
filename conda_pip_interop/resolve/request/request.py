"""Request: the requirements of the command line and of the files that it names."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.locations import Location
from conda_pip_interop.protection.policy import Policy, Preference, decide_preference
from conda_pip_interop.resolve.request.install_options import InstallOptions
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.installers.interface import Line
    from conda_pip_interop.resolve.solver import CondaSpec

#: The origin of what is installed and installed again: nobody has requested it in these words.
INSTALLED: Final = "installed"
#: pip's options that say how the packages on its command line are built.
_BUILD_SETTINGS: Final = ("--config-settings", "--global-option")
#: How many names a note lists.
_SHOWN: Final = 5
#: Which names are upgraded although the installed version satisfies.
Upgraded: TypeAlias = Literal["none", "requested", "all"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedRequirement:
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
    def marker(self) -> Marker | None:
        """Where it is needed (PEP 508)."""
        return self.requirement.marker

    @property
    def remembered(self) -> str:
        """As it is remembered: without its marker, and without a URL, which may have a password."""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        return f"{self.name}{extras}{self.requirement.specifier}"

    @property
    def line(self) -> Line:
        """As pip takes it."""
        from conda_pip_interop.installers.interface import Line

        return Line(
            text=str(self.requirement),
            hashes=self.hashes,
            settings=self.settings,
            in_file=self.in_file,
            origin=self.origin,
        )


def require_installed(text: str) -> NamedRequirement:
    """Build a requirement (PEP 508) of what is installed, or of what that needs."""
    return NamedRequirement(requirement=Requirement(text), origin=INSTALLED, in_file=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectRequirement:
    """A project by its location: a folder, an archive, a URL or a clone. Only pip installs it."""

    location: Location
    origin: str = "command line"
    hashes: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    in_file: bool = False

    @property
    def marker(self) -> Marker | None:
        """Where it is needed (PEP 508)."""
        return Marker(self.location.marker) if self.location.marker else None

    @property
    def line(self) -> Line:
        """As pip takes it."""
        from conda_pip_interop.installers.interface import Line

        return Line(
            text=self.location.text,
            editable=self.location.editable,
            hashes=self.hashes,
            settings=self.settings,
            in_file=self.in_file,
            origin=self.origin,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """Everything that `conda pip install` is to install.

    `limits` are the constraints: they limit versions and request nothing.
    `pythons` are the demands on Python of the files (PEP 440, each with its origin), `environments`
    the markers of lock files, each with its origin, of which one must match. `links` are
    URLs of archives that a lock file names, each with its hash as fragment. `locked`
    tells whether a lock file is among the sources. `notes` say what of the files was left out.
    `options` is the rest of the command line, with what the files add to the options of pip's.
    `conda`, `channels` and `variables` are what an environment.yml says; `only_channels`: no others
    may be searched. `names` are conda's by PyPI's, as a project maps them. `reasons` say why pip
    installs a name, where a file does. `own` are the projects that the files themselves are about.
    """

    requirements: tuple[NamedRequirement, ...] = ()
    direct: tuple[DirectRequirement, ...] = ()
    constraints: tuple[NamedRequirement, ...] = ()
    pythons: tuple[tuple[str, str], ...] = ()
    environments: tuple[tuple[str, str], ...] = ()
    links: tuple[str, ...] = ()
    locked: bool = False
    conda: tuple[CondaSpec, ...] = ()
    channels: tuple[str, ...] = ()
    only_channels: bool = False
    names: Mapping[NormalizedName, str | None] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[NormalizedName, str] = field(default_factory=dict)
    own: frozenset[NormalizedName] = frozenset()
    notes: tuple[str, ...] = ()
    options: InstallOptions = field(default_factory=InstallOptions)

    @property
    def needs_pip(self) -> bool:
        """Whether it has more than packages of conda's."""
        return bool(self.requirements or self.direct)

    @property
    def limits(self) -> Mapping[NormalizedName, SpecifierSet]:
        """The ranges that constraints state, by name."""
        limits: dict[NormalizedName, SpecifierSet] = {}
        for one in self.constraints:
            limits[one.name] = limits.get(one.name, SpecifierSet()) & one.requirement.specifier
        return limits

    @property
    def lines(self) -> tuple[Line, ...]:
        """What pip is to resolve: the named requirements, then the direct ones.

        Beside a lock, which may hold clones, pip's rule that all or none have hashes does not
        stand: where some have none, hashes are checked when things are fetched, before any change.
        """
        lines = (*(one.line for one in self.requirements), *(one.line for one in self.direct))
        if self.locked and not all(one.hashes for one in lines):
            return tuple(replace(one, hashes=()) for one in lines)
        return lines

    def choose(self, environment: Mapping[str, str]) -> Request:
        """Without what its marker keeps out of an environment (PEP 508)."""
        return replace(
            self,
            requirements=_choose(self.requirements, environment),
            constraints=_choose(self.constraints, environment),
            direct=_choose(self.direct, environment),
        )

    def find_unfit(self, environment: Mapping[str, str]) -> tuple[str, str] | None:
        """Find a lock file that is for other environments: its origin, and for which."""
        by_origin: dict[str, list[str]] = {}
        for marker, origin in self.environments:
            by_origin.setdefault(origin, []).append(marker)
        for origin, markers in by_origin.items():
            if not any(Marker(one).evaluate({**environment, "extra": ""}) for one in markers):
                return origin, " or ".join(markers)
        return None

    def explain_choice(self, environment: Mapping[str, str]) -> tuple[str, ...]:
        """Say what `choose` leaves out of what was requested."""
        kept = self.choose(environment)
        names = {one.name for one in kept.requirements}
        named = (one.name for one in self.requirements if one.name not in names)
        located = (one.location for one in self.direct if one not in kept.direct)
        texts = (one.name or hide_password(one.text) for one in located)
        left = dict.fromkeys((*named, *texts))
        markers = "its marker does" if len(left) == 1 else "their markers do"
        return (f"Left out, since {markers} not match: {', '.join(left)}.",) if left else ()

    def explain_unused(self, condas: Collection[NormalizedName]) -> Iterator[str]:
        """Say which hashes and build settings have no effect, since conda installs the packages.

        They are built, as `--only-binary` wants it, and the channel has their hashes.
        """
        pip = self.options.pip
        named = [one for one in self.requirements if one.name in condas]
        sources = {part.strip() for text in pip.values("--no-binary") for part in text.split(",")}
        has_settings = any(map(pip.has, _BUILD_SETTINGS))
        built = (
            one.name
            for one in named
            if one.settings
            or (has_settings and not one.in_file)
            or sources & {":all:", one.requirement.name, one.name}
        )
        for names, reason in (
            ((one.name for one in named if one.hashes), "Hashes of PyPI's files are not"),
            (built, "Build settings are not"),
        ):
            listed = [*dict.fromkeys(names)]
            if listed:
                more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
                them = f"{', '.join(listed[:_SHOWN])}{more}"
                yield f"{reason} used for what conda installs: {them}."

    @property
    def resolving(self) -> tuple[str, ...]:
        """The switches of pip's resolution.

        `--force-reinstall` is none of them: pip would look for what conda holds on the index.
        """
        if not self.options.upgrade:
            return ()
        return ("--upgrade", f"--upgrade-strategy={self.options.upgrade_strategy}")

    @property
    def pre(self) -> bool:
        """Whether pre-releases are as good as releases."""
        return self.options.pip.has("--pre")

    @property
    def on_command_line(self) -> Request:
        """What the command line names; where it names only files, all that they name."""
        named = tuple(one for one in self.requirements if not one.in_file)
        direct = tuple(one for one in self.direct if not one.in_file)
        if not named and not direct:
            return self
        return replace(self, requirements=named, direct=direct)

    @property
    def build_isolation(self) -> bool:
        """Whether builds get an environment of their own."""
        return not self.options.pip.has("--no-build-isolation")


_Marked = TypeVar("_Marked", bound=NamedRequirement | DirectRequirement)


def _choose(listed: Iterable[_Marked], environment: Mapping[str, str]) -> tuple[_Marked, ...]:
    """Choose those whose markers match; none of them is for an extra."""
    without_extra = {**environment, "extra": ""}
    return tuple(one for one in listed if one.marker is None or one.marker.evaluate(without_extra))


def build_request(requirements: Iterable[Requirement]) -> Request:
    """A request of names alone."""
    return Request(requirements=tuple(NamedRequirement(requirement=one) for one in requirements))


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """Which manager installs what, as command line and policy say; names are PyPI projects.

    `overwrite`: names of conda's packages that pip may replace. `upgrade`: which names are upgraded
    although the installed version satisfies: none, the requested ones, or all; without
    `to_newest`, conda's solver chooses among the newer versions, and may leave the installed one.
    `only_deps`: install only the dependencies of what is requested. `limits` are the ranges of
    constraints, which request nothing. `pre`: pre-releases are allowed. `reasons` are shown in the
    plan for names in `from_pypi`.
    """

    from_pypi: frozenset[NormalizedName] = frozenset()
    from_conda: frozenset[NormalizedName] = frozenset()
    overwrite: frozenset[NormalizedName] = frozenset()
    prefer: Preference = "conda"
    upgrade: Upgraded = "none"
    to_newest: bool = True
    no_deps: bool = False
    only_deps: bool = False
    limits: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict, hash=False)
    pre: bool = False
    reasons: Mapping[NormalizedName, str] = field(default_factory=dict, hash=False)


def build_preferences(request: Request, policy: Policy) -> Preferences:
    """What command line and policy say of who supplies what.

    Raises InteropError `locked-setting`.
    """
    options = request.options
    upgrade: Upgraded = "none"
    if options.upgrade:
        upgrade = "all" if options.upgrade_strategy == "eager" else "requested"
    return Preferences(
        from_pypi=frozenset(map(canonicalize_name, options.from_pypi)),
        from_conda=frozenset(map(canonicalize_name, options.from_conda)),
        overwrite=_find_overwritten(request),
        prefer=decide_preference(policy, options.prefer),
        upgrade=upgrade,
        no_deps=options.no_deps,
        only_deps=options.only_deps,
        limits=request.limits,
        pre=request.pre,
        reasons=request.reasons,
    )


def _find_overwritten(request: Request) -> frozenset[NormalizedName]:
    """Find the names that pip may overwrite: those of the option, or those that are requested.

    The flag alone means what the command line names; where it names only files, what they name.
    """
    options = request.options
    names = {canonicalize_name(one) for one in options.break_other_managers}
    if options.break_requested:
        chosen = request.on_command_line
        names |= {one.name for one in chosen.requirements}
        names |= {one.location.name for one in chosen.direct if one.location.name is not None}
    return frozenset(names)
