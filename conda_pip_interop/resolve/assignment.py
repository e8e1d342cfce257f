"""Assign each required name to conda or pip, with the reason. Pure."""

from __future__ import annotations

import shlex
from collections import deque
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.requirements import satisfies
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.exact_specs import correct_spec, select_versions
from conda_pip_interop.names.lookup import NOT_IN_CHANNELS
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec, parse_version
from conda_pip_interop.resolve.solver import CondaSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping

    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.names.exact_specs import Matches
    from conda_pip_interop.protection.policy import Preference
    from conda_pip_interop.resolve.solver import CondaPackage


@dataclass(frozen=True, kw_only=True, slots=True)
class Preferences:
    """Which manager installs what, according to the command line; names are PyPI projects.

    `overwrite`: names of conda's packages that pip may replace. `upgrade`: which names are upgraded
    although the installed version satisfies: none, the requested ones, or all. `only_deps`: install
    only the dependencies of what is requested. `limits` are the ranges of constraints, which
    request nothing. `pre`: pre-releases are allowed. `reasons` are shown in the plan for names in
    `from_pypi`.
    """

    from_pypi: frozenset[NormalizedName] = frozenset()
    from_conda: frozenset[NormalizedName] = frozenset()
    overwrite: frozenset[NormalizedName] = frozenset()
    prefer: Preference = "conda"
    upgrade: Literal["none", "requested", "all"] = "none"
    no_deps: bool = False
    only_deps: bool = False
    limits: Mapping[NormalizedName, SpecifierSet] = field(default_factory=dict, hash=False)
    pre: bool = False
    reasons: Mapping[NormalizedName, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledPackage:
    """An installed distribution and its manager."""

    version: str
    manager: Manager


@dataclass(frozen=True, kw_only=True, slots=True)
class AlreadyInstalled:
    """It is installed, in a version that satisfies the requirements."""

    installed: InstalledPackage
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FromConda:
    """conda installs it; the spec is the required range, never a version that pip chose."""

    spec: CondaSpec
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FromPip:
    """pip installs it."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """It is not installed: only its dependencies were requested."""


Assignment: TypeAlias = AlreadyInstalled | FromConda | FromPip | Skipped


#: The parent of a name that only a constraint mentions.
_CONSTRAINT: Final = "a constraint"


@dataclass(kw_only=True)
class Assigner:
    """Assigns the requested names, and everything that pip's packages depend on.

    Dependencies of conda's packages are left to conda's solver. `requires` returns the
    `Requires-Dist` lines of a name, none if they are not known yet. `sources` are names requested
    by a URL or a path; `moved` are names that conda cannot install, each with the reason.
    `command` builds a command line for the environment.
    """

    installed: Mapping[NormalizedName, InstalledPackage]
    candidates: Callable[[NormalizedName], tuple[CondaPackage, ...]]
    environment: Mapping[str, str]
    requires: Callable[[NormalizedName], tuple[str, ...]]
    explain_absence: Callable[[NormalizedName], str] = lambda _: NOT_IN_CHANNELS
    command: Callable[..., str] = lambda *words: shlex.join(words)
    matches: Matches | None = None
    preferences: Preferences = field(default_factory=Preferences)
    sources: Container[NormalizedName] = ()
    moved: Mapping[NormalizedName, str] = field(default_factory=dict)
    supplies: dict[NormalizedName, Assignment] = field(default_factory=dict)
    extras: dict[NormalizedName, set[str]] = field(default_factory=dict)
    _ranges: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    _asked_by: dict[NormalizedName, str] = field(default_factory=dict)
    _urls: set[NormalizedName] = field(default_factory=set)

    def assign(
        self, requirements: Iterable[Requirement], limited: Iterable[NormalizedName] = ()
    ) -> dict[NormalizedName, Assignment]:
        """Assign every name; a name is assigned again when another range of it is found.

        `limited` are dependencies that conda would install in a version that a constraint excludes.
        Raises InteropError: `would-overwrite`, `not-in-channels`.
        """
        queue = deque((requirement, "") for requirement in requirements)
        queue.extend((Requirement(name), _CONSTRAINT) for name in limited)
        while queue:
            requirement, parent = queue.popleft()
            name = canonicalize_name(requirement.name)
            known = name in self.supplies
            before = (self._ranges.get(name), set(self.extras.get(name, ())))
            if requirement.url is not None:
                self._urls.add(name)
            limit = self.preferences.limits.get(name, SpecifierSet())
            self._ranges[name] = self._ranges.get(name, limit) & requirement.specifier
            self.extras.setdefault(name, set()).update(requirement.extras)
            self._asked_by.setdefault(name, parent)
            if known and before == (self._ranges[name], self.extras[name]):
                continue
            previous = self.supplies.get(name)
            self.supplies[name] = supply = self._decide(name)
            same = type(previous) is type(supply) and before[1] == self.extras[name]
            if not (self.preferences.no_deps or same):
                queue.extend(self._find_needs(name, supply))
        return self.supplies

    def _find_needs(
        self, name: NormalizedName, supply: Assignment
    ) -> Iterable[tuple[Requirement, str]]:
        """Return all dependencies of pip's packages, and those that extras add to conda's."""
        match supply:
            case (
                FromPip() | Skipped() | AlreadyInstalled(installed=InstalledPackage(manager="pip"))
            ):
                return self._dependencies(name)
            case _ if self.extras[name]:
                return self._dependencies(name, only_extras=True)
            case _:
                return ()

    def _decide(self, name: NormalizedName) -> Assignment:
        if self.preferences.only_deps and not self._asked_by[name]:
            return Skipped()
        has = self.installed.get(name)
        wants_pip = self._find_reason_for_pip(name)
        if wants_pip is not None:
            return self._assign_to_pip(name, wants_pip)
        if (
            has is not None
            and self._is_satisfied_by(name, has)
            and not self._is_to_change(name, has)
        ):
            return _keep(has)
        if name not in self.preferences.from_conda:
            if has is not None and has.manager == "pip":
                return FromPip(reason=self._explain_change(name, has))
            if has is None and self.preferences.prefer == "pypi":
                return FromPip(reason="PyPI comes first (prefer: pypi)")
        return self._assign_to_conda(name, has)

    def _find_reason_for_pip(self, name: NormalizedName) -> str | None:
        """Return why pip installs a name whatever the channels have; None if it need not."""
        if name in self.sources or name in self._urls:
            return self.preferences.reasons.get(name, "from a path or URL")
        has = self.installed.get(name)
        pip_has_it = has is not None and has.manager == "pip" and self._is_satisfied_by(name, has)
        if name in self.preferences.from_pypi and not pip_has_it:
            return self.preferences.reasons.get(name, "requested by --from-pypi")
        return self.moved.get(name)

    def _is_satisfied_by(self, name: NormalizedName, has: InstalledPackage) -> bool:
        return _satisfies(has.version, self._ranges[name])

    def _is_to_change(self, name: NormalizedName, has: InstalledPackage) -> bool:
        """Return whether a satisfying version is replaced: by a newer one, or by conda's."""
        if has.manager == "pip" and name in self.preferences.from_conda:
            return True
        asked = not self._asked_by[name]
        return self.preferences.upgrade == "all" or (
            self.preferences.upgrade == "requested" and asked
        )

    def _explain_change(self, name: NormalizedName, has: InstalledPackage) -> str:
        needed = self._ranges[name]
        if self._is_satisfied_by(name, has):
            return f"pip has {has.version} of it, and the newest is wanted"
        return f"pip has {has.version} of it, needed {needed}"

    def _assign_to_pip(self, name: NormalizedName, reason: str) -> Assignment:
        """Assign to pip; raises `would-overwrite` if pip may not replace conda's."""
        has = self.installed.get(name)
        if has is None or has.manager == "pip":
            return FromPip(reason=reason)
        if name in self.preferences.overwrite:
            return FromPip(reason=f"{reason}; in place of conda's {has.version}")
        if name in self.moved and self._is_satisfied_by(name, has):
            return _keep(has)
        remove = self.command("conda", "remove", name)
        raise _would_overwrite(name, has.version, self._ranges[name], reason, remove=remove)

    def _assign_to_conda(self, name: NormalizedName, has: InstalledPackage | None) -> Assignment:
        """Assign to conda if the channels have a version that satisfies the requirements."""
        specifiers = self._ranges[name]
        packages = self.candidates(name)
        usable = _filter(packages, specifiers, prereleases=self.preferences.pre or None)
        spec = build_conda_spec(specifiers)
        if usable and not isinstance(spec, NotExpressible):
            if has is not None and has.manager == "conda" and self._is_satisfied_by(name, has):
                usable = tuple(one for one in usable if _is_newer(one.version, has.version))[-1:]
                if not usable:
                    return AlreadyInstalled(installed=has, reason="the channels have no newer one")
            parent = self._asked_by[name]
            reason = f"needed by {parent}" if parent else "requested; available in the channels"
            return FromConda(spec=self._build_spec(spec, packages, usable), reason=reason)
        if not packages:
            shortage = self.explain_absence(name)
        else:
            versions = dict.fromkeys((packages[0].version, packages[-1].version))
            shortage = f"the channels have {' to '.join(versions)}, required {specifiers}"
        if name in self.preferences.from_conda:
            raise _not_in_channels(name, specifiers, shortage)
        return self._fall_back(name, has, shortage)

    def _fall_back(
        self, name: NormalizedName, has: InstalledPackage | None, shortage: str
    ) -> Assignment:
        if has is not None and has.manager == "conda" and self._is_satisfied_by(name, has):
            return _keep(has)
        return self._assign_to_pip(name, shortage)

    def _build_spec(
        self, spec: str, packages: tuple[CondaPackage, ...], usable: tuple[CondaPackage, ...]
    ) -> CondaSpec:
        """Build the spec that matches exactly the usable ones of the packages."""
        if self.matches is not None:
            spec = correct_spec(
                spec,
                versions=[one.version for one in packages],
                accepted=[one.version for one in usable],
                matches=self.matches,
            )
        return CondaSpec(name=usable[-1].name, version=spec)

    def _dependencies(
        self, name: NormalizedName, *, only_extras: bool = False
    ) -> Iterable[tuple[Requirement, str]]:
        for line in self.requires(name):
            requirement = _parse(line)
            if requirement is None:
                continue  # pip warns and ignores it, too
            without, within = self._marker_holds(requirement, name)
            if (within and not without) if only_extras else within:
                yield requirement, f"{name}"

    def _marker_holds(self, requirement: Requirement, name: NormalizedName) -> tuple[bool, bool]:
        """Return whether a dependency applies without extras, and with the requested extras."""
        if requirement.marker is None:
            return True, True
        holds = [
            requirement.marker.evaluate({**self.environment, "extra": extra})
            for extra in ("", *sorted(self.extras.get(name, ())))
        ]
        return holds[0], any(holds)


@lru_cache(maxsize=4096)
def _parse(line: str) -> Requirement | None:
    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def _keep(has: InstalledPackage) -> AlreadyInstalled:
    return AlreadyInstalled(installed=has, reason=f"already installed by {has.manager}")


def _is_newer(version: str, than: str) -> bool:
    new, old = parse_version(version), parse_version(than)
    return new is not None and old is not None and new > old


def _satisfies(version: str, specifiers: SpecifierSet) -> bool:
    """Return whether an installed version satisfies; installed pre-releases are allowed."""
    met = satisfies(specifiers, version)
    return not specifiers if met is None else met


def _filter(
    packages: tuple[CondaPackage, ...], specifiers: SpecifierSet, *, prereleases: bool | None
) -> tuple[CondaPackage, ...]:
    """Return the packages that satisfy, in order; pre-releases by PEP 440's rule, or all."""
    versions = [one.version for one in packages]
    serving = set(select_versions(specifiers, versions, prereleases=prereleases))
    return tuple(one for one in packages if one.version in serving)


def _would_overwrite(
    name: NormalizedName, version: str, specifiers: SpecifierSet, reason: str, *, remove: str
) -> InteropError:
    overwrite = f"To let pip replace conda's: `--break-other-managers={name}`."
    if _satisfies(version, specifiers):
        return InteropError(
            "would-overwrite",
            f"pip would overwrite conda's {name} {version} ({reason}).",
            hints=(f"Keep conda's {name}, or remove it first: `{remove}`.", overwrite),
        )
    return InteropError(
        "would-overwrite",
        f"{name}{specifiers} is required, but conda installed {name} {version}, and {reason}.",
        hints=(
            f"Choose a version of the package that requires it which works with {name} {version}.",
            f"Add a channel that has {name}{specifiers}: `-c CHANNEL`.",
            overwrite,
        ),
    )


def _not_in_channels(name: NormalizedName, specifiers: SpecifierSet, shortage: str) -> InteropError:
    return InteropError(
        "not-in-channels",
        f"--from-conda {name}: {name}{specifiers} not found: {shortage}.",
        hints=(
            f"To see which names were tried: `conda pip names {name}`.",
            "Add a channel that has it: `-c CHANNEL`.",
        ),
    )
