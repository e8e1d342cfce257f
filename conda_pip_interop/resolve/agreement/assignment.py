"""Assign each required name to conda or pip, with the reason. Pure."""

from __future__ import annotations

import shlex
from collections import deque
from dataclasses import field
from typing import TYPE_CHECKING, TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.requirements import applies, is_satisfied, parse_requirement
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.versions import is_newer
from conda_pip_interop.names.requirement import NOT_IN_CHANNELS, PYPI_FIRST
from conda_pip_interop.names.versions import (
    NotExpressible,
    build_conda_spec,
    correct_spec,
    select_versions,
)
from conda_pip_interop.resolve.request.request import Preferences
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping

    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.names.versions import Matches
    from conda_pip_interop.resolve.solver import CondaPackage, CondaSpec


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
    requested: bool = field(default=True, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class FromPip:
    """pip installs it."""

    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """It is not installed: only its dependencies were requested."""


Assignment: TypeAlias = AlreadyInstalled | FromConda | FromPip | Skipped


@dataclass(kw_only=True)
class Assigner:
    """Assigns the requested names, everything that pip's packages depend on, and what conda's lack.

    What conda `provides` is left to its solver, also to conda's packages that require it by their
    own metadata; extras are not, as no `depends` knows them. `requires` returns the
    `Requires-Dist` lines of a name, none if they are not known yet; `requires_conda` those of
    conda's package, where they may be others. `sources` are names requested by a URL or a path;
    `moved` are names that conda cannot install, each with the reason. `command` builds a command
    line for the environment. `omitted` are the requirements of conda's packages that nothing
    provides, each described; they count with `count_omitted`.
    """

    installed: Mapping[NormalizedName, InstalledPackage]
    candidates: Callable[[NormalizedName], tuple[CondaPackage, ...]]
    environment: Mapping[str, str]
    requires: Callable[[NormalizedName], tuple[str, ...]]
    requires_conda: Callable[[NormalizedName], tuple[str, ...]] | None = None
    provides: Callable[[NormalizedName], bool] = lambda _: True
    explain_absence: Callable[[NormalizedName], str] = lambda _: NOT_IN_CHANNELS
    command: Callable[..., str] = lambda *words: shlex.join(words)
    matches: Matches | None = None
    preferences: Preferences = field(default_factory=Preferences)
    sources: Container[NormalizedName] = ()
    moved: Mapping[NormalizedName, str] = field(default_factory=dict)
    count_omitted: bool = True
    omitted: dict[NormalizedName, str] = field(default_factory=dict)
    supplies: dict[NormalizedName, Assignment] = field(default_factory=dict)
    extras: dict[NormalizedName, set[str]] = field(default_factory=dict)
    ranges: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    _asked_by: dict[NormalizedName, str] = field(default_factory=dict)
    _urls: set[NormalizedName] = field(default_factory=set)

    def assign(
        self,
        requirements: Iterable[Requirement],
        limited: Mapping[NormalizedName, str] | None = None,
    ) -> dict[NormalizedName, Assignment]:
        """Assign every name; a name is assigned again when another range of it is found.

        `limited` are dependencies that conda would install in a version that a constraint excludes,
        each with what needs it.
        Raises InteropError: `would-overwrite`, `not-in-channels`.
        """
        queue = deque((requirement, "") for requirement in requirements)
        queue.extend((Requirement(name), parent) for name, parent in (limited or {}).items())
        while queue:
            requirement, parent = queue.popleft()
            name = canonicalize_name(requirement.name)
            known = name in self.supplies
            before = (self.ranges.get(name), set(self.extras.get(name, ())))
            if requirement.url is not None:
                self._urls.add(name)
            limit = self.preferences.limits.get(name, SpecifierSet())
            self.ranges[name] = self.ranges.get(name, limit) & requirement.specifier
            self.extras.setdefault(name, set()).update(requirement.extras)
            self._asked_by.setdefault(name, parent)
            if known and before == (self.ranges[name], self.extras[name]):
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
        """Return all dependencies of pip's packages, and what conda's lack."""
        match supply:
            case (
                FromPip() | Skipped() | AlreadyInstalled(installed=InstalledPackage(manager="pip"))
            ):
                return (
                    (one, f"{name}") for one, _ in self._dependencies(name, self.requires(name))
                )
            case _:
                return self._find_lacking(name)

    def _find_lacking(self, name: NormalizedName) -> Iterator[tuple[Requirement, str]]:
        """Find what a package of conda's, and those that it requires, lack by their metadata."""
        waiting = [name]
        walked = {name}
        while waiting:
            current = waiting.pop()
            lines = (self.requires_conda or self.requires)(current)
            for requirement, by_extra in self._dependencies(current, lines):
                target = canonicalize_name(requirement.name)
                is_own = target == current  # an extra that consists of others
                if not is_own and (by_extra or not self._is_provided(target)):
                    if self._counts(requirement, current, by_extra=by_extra):
                        yield requirement, f"{current}"
                    continue
                fresh = requirement.extras - self.extras.setdefault(target, set())
                self.extras[target] |= fresh
                if fresh or target not in walked:
                    walked.add(target)
                    waiting.append(target)

    def _is_provided(self, name: NormalizedName) -> bool:
        """Return whether conda has, or brings, a name that pip does not install."""
        return self.provides(name) and not isinstance(self.supplies.get(name), FromPip)

    def _counts(self, requirement: Requirement, of: NormalizedName, *, by_extra: bool) -> bool:
        """Return whether something must provide a requirement of conda's package `of`."""
        name = canonicalize_name(requirement.name)
        if by_extra or name in self.installed or name in self.supplies:
            return True
        self.omitted.setdefault(
            name, f"conda's {of} requires {requirement.name}{requirement.specifier}"
        )
        return self.count_omitted

    def _decide(self, name: NormalizedName) -> Assignment:
        if self.preferences.only_deps and not self._asked_by[name]:
            return Skipped()
        has = self.installed.get(name)
        wants_pip = self._find_reason_for_pip(name)
        if wants_pip is not None:
            return self._assign_to_pip(name, wants_pip)
        if has and self._is_satisfied_by(name, has) and not self._is_to_change(name, has):
            return _keep(has)
        if name not in self.preferences.from_conda:
            if has is not None and has.manager == "pip":
                return FromPip(reason=self._explain_change(name, has))
            if has is None and self.preferences.prefer == "pypi":
                return FromPip(reason=PYPI_FIRST)
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
        return is_satisfied(has.version, self.ranges[name])

    def _is_to_change(self, name: NormalizedName, has: InstalledPackage) -> bool:
        """Return whether a satisfying version is replaced: by a newer one, or by conda's."""
        if has.manager == "pip" and name in self.preferences.from_conda:
            return True
        asked = not self._asked_by[name]
        return self.preferences.upgrade == "all" or (
            self.preferences.upgrade == "requested" and asked
        )

    def _explain_change(self, name: NormalizedName, has: InstalledPackage) -> str:
        needed = self.ranges[name]
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
        parent, ranges = self._asked_by[name], self.ranges[name]
        from conda_pip_interop.resolve.refusals import would_overwrite

        raise would_overwrite(
            name, has.version, ranges, reason, parent=parent, command=self.command
        )

    def _assign_to_conda(self, name: NormalizedName, has: InstalledPackage | None) -> Assignment:
        """Assign to conda if the channels have a version that satisfies the requirements."""
        specifiers = self.ranges[name]
        packages = self.candidates(name)
        usable = _filter(packages, specifiers, prereleases=self.preferences.pre or None)
        spec = build_conda_spec(specifiers)
        if usable and not isinstance(spec, NotExpressible):
            if has is not None and has.manager == "conda" and self._is_satisfied_by(name, has):
                if self.preferences.to_newest:
                    usable = tuple(one for one in usable if is_newer(one.version, has.version))
                    usable = usable[-1:]
                else:  # a range, also where there is no newer one: conda might go beyond it
                    usable = tuple(one for one in usable if not is_newer(has.version, one.version))
                if not usable:
                    newer = any(is_newer(one.version, has.version) for one in packages)
                    within = f" within {specifiers}" if newer else ""
                    reason = f"the channels have no newer one{within}"
                    return AlreadyInstalled(installed=has, reason=reason)
            parent = self._asked_by[name]
            limit = self.preferences.limits.get(name)
            needed = f"needed by {parent}" + (f", limited to {limit}" if limit else "")
            return FromConda(
                spec=self._build_spec(spec, packages, usable),
                reason=needed if parent else "requested; available in the channels",
                requested=not parent,
            )
        if not packages:
            shortage = self.explain_absence(name)
        else:
            versions = dict.fromkeys((packages[0].version, packages[-1].version))
            shortage = f"the channels have {' to '.join(versions)}, required {specifiers}"
        if name in self.preferences.from_conda:
            from conda_pip_interop.resolve.refusals import not_in_channels

            raise not_in_channels(name, specifiers, shortage, command=self.command)
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
        from conda_pip_interop.resolve.solver import CondaSpec

        if self.matches is not None:
            spec = correct_spec(
                spec,
                versions=[one.version for one in packages],
                accepted=[one.version for one in usable],
                matches=self.matches,
            )
        return CondaSpec(name=usable[-1].name, version=spec)

    def describe(self, name: NormalizedName) -> str:
        """Describe the requirement that brought a name in."""
        return f"{self._asked_by[name]} requires {name}{self.ranges[name]}"

    def _dependencies(
        self, name: NormalizedName, lines: Iterable[str]
    ) -> Iterator[tuple[Requirement, bool]]:
        """Yield what applies of the requirements of a name, and whether only by its extras."""
        for line in lines:
            requirement = parse_requirement(line)
            if requirement is None:
                continue  # pip warns and ignores it, too
            if applies(requirement, self.environment):
                yield requirement, False
            elif applies(requirement, self.environment, self.extras.get(name, ())):
                yield requirement, True


def list_installed(snapshot: Snapshot) -> dict[NormalizedName, InstalledPackage]:
    """List the installed distributions by name, in the versions that count."""
    ownership = snapshot.ownership
    return {
        one.name: InstalledPackage(
            version=ownership.version_of(one),
            manager="conda" if isinstance(ownership.owner_of(one), ByConda) else "pip",
        )
        for one in snapshot.distributions
    }


def _keep(has: InstalledPackage) -> AlreadyInstalled:
    return AlreadyInstalled(installed=has, reason=f"already installed by {has.manager}")


def _filter(
    packages: tuple[CondaPackage, ...], specifiers: SpecifierSet, *, prereleases: bool | None
) -> tuple[CondaPackage, ...]:
    """Return the packages that satisfy, in order; pre-releases by PEP 440's rule, or all."""
    versions = [one.version for one in packages]
    serving = set(select_versions(specifiers, versions, prereleases=prereleases))
    return tuple(one for one in packages if one.version in serving)
