"""Who supplies what: each needed name gets one owner and one reason. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.exact import correct_spec, select_versions
from conda_pip_interop.names.lookup import NOT_IN_CHANNELS
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec
from conda_pip_interop.usecases.conda import CondaSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conda_pip_interop.core.plan import Manager
    from conda_pip_interop.names.exact import Matches
    from conda_pip_interop.usecases.conda import CondaPackage


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A distribution that the environment has, and its manager."""

    version: str
    manager: Manager


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """The environment has it, in a version that serves."""

    installed: Installed
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FromConda:
    """conda will supply it: the spec states the range that is needed, never a pin of pip's."""

    spec: CondaSpec
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class FromPip:
    """pip will supply it."""

    reason: str


Supply = Kept | FromConda | FromPip


@dataclass(kw_only=True)
class Assigner:
    """Walks from the requirements asked for to everything that pip would have to supply.

    conda-supplied names are not descended into: what they need is conda's affair. `requires` gives
    the `Requires-Dist` lines of a name, none as long as nobody knows them.
    """

    installed: Mapping[NormalizedName, Installed]
    candidates: Callable[[NormalizedName], tuple[CondaPackage, ...]]
    environment: Mapping[str, str]
    requires: Callable[[NormalizedName], tuple[str, ...]]
    explain_absence: Callable[[NormalizedName], str] = lambda _: NOT_IN_CHANNELS
    matches: Matches | None = None
    supplies: dict[NormalizedName, Supply] = field(default_factory=dict)
    extras: dict[NormalizedName, set[str]] = field(default_factory=dict)
    _ranges: dict[NormalizedName, SpecifierSet] = field(default_factory=dict)
    _asked_by: dict[NormalizedName, str] = field(default_factory=dict)

    def assign(self, requirements: Iterable[Requirement]) -> dict[NormalizedName, Supply]:
        """Decide for every name in reach; all ranges of a name count, so a verdict may turn."""
        queue = deque((requirement, "") for requirement in requirements)
        while queue:
            requirement, parent = queue.popleft()
            name = canonicalize_name(requirement.name)
            known = name in self.supplies
            before = (self._ranges.get(name), set(self.extras.get(name, ())))
            self._ranges[name] = self._ranges.get(name, SpecifierSet()) & requirement.specifier
            self.extras.setdefault(name, set()).update(requirement.extras)
            self._asked_by.setdefault(name, parent)
            if known and before == (self._ranges[name], self.extras[name]):
                continue
            self.supplies[name] = supply = self._decide(name)
            if isinstance(supply, FromPip):
                queue.extend(self._dependencies(name))
            elif self.extras[name]:
                queue.extend(self._dependencies(name, only_extras=True))
        return self.supplies

    def _decide(self, name: NormalizedName) -> Supply:
        specifiers = self._ranges[name]
        has = self.installed.get(name)
        if has is not None and _satisfies(has.version, specifiers):
            return Kept(installed=has, reason=f"{has.manager} has it already")
        packages = self.candidates(name)
        usable = _filter(packages, specifiers)
        spec = build_conda_spec(specifiers)
        if usable and not isinstance(spec, NotExpressible):
            if has is not None and has.manager == "pip":
                return FromPip(reason=f"pip has {has.version} of it, needed {specifiers}")
            reason = self._asked_by[name] and f"needed by {self._asked_by[name]}"
            return FromConda(
                spec=self._build_spec(spec, packages, usable),
                reason=reason or "asked for; the channels have it",
            )
        if not packages:
            shortage = self.explain_absence(name)
        else:
            newest = packages[-1].version
            shortage = f"the channels have at most {newest}, needed {specifiers}"
        if has is not None and has.manager == "conda":
            raise _would_overwrite(name, has.version, specifiers, shortage)
        return FromPip(reason=shortage)

    def _build_spec(
        self, spec: str, packages: tuple[CondaPackage, ...], usable: tuple[CondaPackage, ...]
    ) -> CondaSpec:
        """A spec that takes of the packages just those that are usable."""
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
            try:
                requirement = Requirement(line)
            except InvalidRequirement:
                continue  # pip has warned of it and left it out of its own resolution
            without, within = self._marker_holds(requirement, name)
            if (within and not without) if only_extras else within:
                yield requirement, f"{name}"

    def _marker_holds(self, requirement: Requirement, name: NormalizedName) -> tuple[bool, bool]:
        """Whether a dependency counts without any extra, and with those asked for of `name`."""
        if requirement.marker is None:
            return True, True
        holds = [
            requirement.marker.evaluate({**self.environment, "extra": extra})
            for extra in ("", *sorted(self.extras.get(name, ())))
        ]
        return holds[0], any(holds)


def _satisfies(version: str, specifiers: SpecifierSet) -> bool:
    """Whether a version that is there serves; a pre-release that somebody chose to have does."""
    try:
        return specifiers.contains(Version(version), prereleases=True)
    except InvalidVersion:
        return not specifiers


def _filter(
    packages: tuple[CondaPackage, ...], specifiers: SpecifierSet
) -> tuple[CondaPackage, ...]:
    """The packages that serve, in their order; pre-releases by PEP 440's own rule."""
    serving = set(select_versions(specifiers, [one.version for one in packages]))
    return tuple(one for one in packages if one.version in serving)


def _would_overwrite(
    name: NormalizedName, version: str, specifiers: SpecifierSet, shortage: str
) -> InteropError:
    return InteropError(
        "would-overwrite",
        f"{name} {version} is conda's, but {name}{specifiers} is needed, and {shortage}.",
        hints=(
            f"Ask for a version of what needs it that works with {name} {version}.",
            f"Add a channel that has {name}{specifiers} with `-c CHANNEL`.",
        ),
    )
