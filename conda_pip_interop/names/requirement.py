"""One requirement of PyPI's in conda's words: which package, in which versions, or why not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.names.exact_specs import Matches, correct_spec, select_versions
from conda_pip_interop.names.lookup import Lookup
from conda_pip_interop.names.versions import NotExpressible, build_conda_spec


@dataclass(frozen=True, kw_only=True, slots=True)
class ForConda:
    """conda can supply it. `extras` are what conda has no word for: pip sees to them."""

    requirement: Requirement
    name: str
    version: str
    extras: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForPip:
    """It stays with pip."""

    requirement: Requirement
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotNeeded:
    """Its marker does not hold for the interpreter at hand."""

    requirement: Requirement
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """A text that is no requirement, as old metadata holds them (`>=2.7.*`)."""

    text: str
    reason: str


Translated: TypeAlias = ForConda | ForPip | NotNeeded | Invalid


@dataclass(frozen=True, kw_only=True, slots=True)
class TranslationContext:
    """What requirements are translated for.

    `environment` is that of markers (PEP 508). `versions` gives the versions on the channels of a
    package, where it may carry a project; it and `matches` are None where no channel is at hand.
    """

    look_up: Callable[[NormalizedName], Lookup]
    environment: Mapping[str, str]
    versions: Callable[[str, NormalizedName], Sequence[str]] | None = None
    matches: Matches | None = None


def parse_requirement(text: str) -> Requirement | Invalid:
    """Parse a requirement (PEP 508); what is none is a value with the reason."""
    try:
        return Requirement(text)
    except InvalidRequirement as error:
        return Invalid(text=text, reason=str(error).partition("\n")[0])


def translate(  # noqa: PLR0911 - one a case
    requirement: Requirement, around: TranslationContext
) -> Translated:
    """Decide who supplies a requirement, and by which spec if conda does."""
    holds = marker_holds(requirement, around.environment)
    if isinstance(holds, Invalid):
        return holds
    if not holds:
        return NotNeeded(requirement=requirement, reason=f"only where {requirement.marker}")
    if requirement.url is not None:
        return ForPip(requirement=requirement, reason="from a URL")
    project = canonicalize_name(requirement.name)
    lookup = around.look_up(project)
    if not lookup.names:
        return ForPip(requirement=requirement, reason=lookup.reason)
    spec = build_conda_spec(requirement.specifier)
    if isinstance(spec, NotExpressible):
        return ForPip(requirement=requirement, reason=spec.reason)
    shortage = lookup.reason
    for name in lookup.names:
        versions = None if around.versions is None else around.versions(name, project)
        if versions is not None and not versions:
            shortage = f"conda's {name} carries no distribution of that name"
            continue
        found = _build_exact(versions, spec, requirement.specifier, around)
        if found is not None:
            return ForConda(
                requirement=requirement,
                name=name,
                version=found,
                extras=tuple(sorted(requirement.extras)),
                reason=lookup.reason,
            )
        shortage = f"no version of conda's {name} is {requirement.specifier}"
    return ForPip(requirement=requirement, reason=shortage)


def _build_exact(
    versions: Sequence[str] | None, spec: str, specifiers: SpecifierSet, around: TranslationContext
) -> str | None:
    """The spec that is exact for the versions at hand; None where none of them serves."""
    if versions is None or around.matches is None:
        return spec
    accepted = select_versions(specifiers, versions)
    if not accepted:
        return None
    return correct_spec(spec, versions=versions, accepted=accepted, matches=around.matches)


def marker_holds(
    requirement: Requirement, environment: Mapping[str, str], extras: Iterable[str] = ()
) -> bool | Invalid:
    """Whether a requirement's marker holds, for no extra and for those named."""
    if requirement.marker is None:
        return True
    try:
        return any(
            requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)
        )
    except (InvalidVersion, UndefinedComparison, UndefinedEnvironmentName) as error:
        return Invalid(text=str(requirement), reason=f"its marker means nothing: {error}")


def expand_extras(
    requirements: Iterable[Requirement],
    requires: Callable[[NormalizedName], Sequence[str] | None],
    environment: Mapping[str, str],
) -> Iterator[Requirement | Invalid]:
    """Replace extras by what they require, to the last one; those of nobody's knowledge stay.

    `requires` gives the `Requires-Dist` lines of a project, None where they are not known. A
    project's own name comes without its extras then, and what it requires without any is not
    followed: that is the affair of whoever supplies it.
    """
    queue = deque(requirements)
    seen: set[str] = set()
    while queue:
        requirement = queue.popleft()
        lines = requires(canonicalize_name(requirement.name)) if requirement.extras else None
        if lines is None:
            if str(requirement) not in seen:
                seen.add(str(requirement))
                yield requirement
            continue
        if marker_holds(requirement, environment) is not True:
            yield requirement
            continue
        extras = requirement.extras
        bare = Requirement(str(requirement))
        bare.extras = set()
        queue.append(bare)
        for line in lines:
            if line in seen:
                continue
            dependency = parse_requirement(line)
            if isinstance(dependency, Invalid):
                seen.add(line)
                yield dependency
            elif _is_of_extra(dependency, environment, extras):
                seen.add(line)
                dependency.marker = None  # it holds, and `extra` means nothing further on
                queue.append(dependency)


def _is_of_extra(
    dependency: Requirement, environment: Mapping[str, str], extras: Iterable[str]
) -> bool:
    named = {spelling for extra in extras for spelling in (extra, canonicalize_name(extra))}
    return (
        marker_holds(dependency, environment) is False
        and marker_holds(dependency, environment, named) is True
    )


def refuse_python(requires_python: str | None, python: str) -> str | None:
    """Why a `Requires-Python` shuts out a Python of this version, or None if it does not."""
    if not requires_python:
        return None
    try:
        specifiers = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return f"Requires-Python {requires_python} is invalid"
    if specifiers.contains(Version(python), prereleases=True):
        return None
    return f"Python {requires_python} is required"
