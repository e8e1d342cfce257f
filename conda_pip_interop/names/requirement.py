"""The translation of a PyPI requirement: a conda package and version spec, or why pip keeps it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.names.versions import (
    Matches,
    NotExpressible,
    build_conda_spec,
    correct_spec,
    select_versions,
)
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.names.lookup import Lookup

#: Why pip installs what the channels may have, too.
PYPI_FIRST: Final = "PyPI comes first (prefer: pypi)"
NOT_IN_CHANNELS: Final = "not in the channels"


@dataclass(frozen=True, kw_only=True, slots=True)
class ForConda:
    """conda can install it: a package name and version spec. Only pip can add the `extras`."""

    requirement: Requirement
    name: str
    version: str
    extras: tuple[str, ...]
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ForPip:
    """pip has to install it."""

    requirement: Requirement
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NotNeeded:
    """Its marker does not match the environment."""

    requirement: Requirement
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Invalid:
    """A text that is not a valid requirement, such as `>=2.7.*` in old metadata."""

    text: str
    reason: str


Translated: TypeAlias = ForConda | ForPip | NotNeeded | Invalid


@dataclass(frozen=True, kw_only=True, slots=True)
class TranslationContext:
    """What requirements are translated for: the names, the markers, and the channels' versions.

    `environment` is the marker environment (PEP 508). `versions` lists the versions of a conda
    package that may contain a project. It and `matches` are None if no channel is read. With
    `prefer_pypi`, pip installs what it can, as `--prefer pypi` has it.
    """

    look_up: Callable[[NormalizedName], Lookup]
    environment: Mapping[str, str]
    versions: Callable[[str, NormalizedName], Sequence[str]] | None = None
    matches: Matches | None = None
    prefer_pypi: bool = False


def parse_requirement(text: str) -> Requirement | Invalid:
    """Parse a requirement (PEP 508)."""
    try:
        return Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        return Invalid(text=text, reason=str(error).partition("\n")[0])


def translate(requirement: Requirement, context: TranslationContext) -> Translated:
    """Decide which manager installs a requirement, and as which conda package and version spec."""
    holds = marker_holds(requirement, context.environment)
    if isinstance(holds, Invalid):
        return holds
    if not holds:
        reason = f"its marker does not match: {requirement.marker}"
        return NotNeeded(requirement=requirement, reason=reason)
    if requirement.url is not None or context.prefer_pypi:
        reason = "direct URL" if requirement.url is not None else PYPI_FIRST
        return ForPip(requirement=requirement, reason=reason)
    spec = build_conda_spec(requirement.specifier)
    if canonicalize_name(requirement.name) == "python" and isinstance(spec, str):
        reason = "Python itself"
        return ForConda(
            requirement=requirement, name="python", version=spec, extras=(), reason=reason
        )
    lookup = context.look_up(canonicalize_name(requirement.name))
    if isinstance(spec, NotExpressible) or not lookup.names:
        reason = spec.reason if isinstance(spec, NotExpressible) else lookup.reason
        return ForPip(requirement=requirement, reason=reason)
    return _choose_package(requirement, spec, lookup, context)


def give_one_owner(
    found: Sequence[Translated], context: TranslationContext, from_urls: Collection[str] = ()
) -> tuple[Translated, ...]:
    """Leave all requirements of a project to pip unless one conda package satisfies all of them.

    pip would replace conda's package otherwise. `from_urls` are projects that pip installs from a
    path or URL.
    """
    projects: dict[str, list[ForConda | ForPip]] = {}
    for one in found:
        if isinstance(one, ForConda | ForPip):
            projects.setdefault(canonicalize_name(one.requirement.name), []).append(one)
    reasons = {name: _find_reason_for_pip(some, context) for name, some in projects.items()}
    reasons |= dict.fromkeys(from_urls, "another line has it from a path or URL")

    def choose(one: Translated) -> Translated:
        if not isinstance(one, ForConda):
            return one
        reason = reasons[canonicalize_name(one.requirement.name)]
        return ForPip(requirement=one.requirement, reason=reason) if reason else one

    return tuple(map(choose, found))


def _find_reason_for_pip(some: Sequence[ForConda | ForPip], context: TranslationContext) -> str:
    """Say why conda cannot install what all requirements of one project want; empty if it can."""
    joint = Requirement(some[0].requirement.name)
    for one in some:
        if isinstance(one, ForPip):
            return f"another line of it is for pip: {one.reason}"
        joint.specifier &= one.requirement.specifier
    together = translate(joint, context) if some[1:] else None
    return together.reason if isinstance(together, ForPip) else ""


def _choose_package(
    requirement: Requirement, spec: str, lookup: Lookup, context: TranslationContext
) -> ForConda | ForPip:
    """Choose the first conda package that has a matching version, and make its spec exact."""
    reason = lookup.reason
    for name in lookup.names:
        exact = spec
        if context.versions is not None and context.matches is not None:
            versions = context.versions(name, lookup.project)
            accepted = select_versions(requirement.specifier, versions)
            if not accepted:
                reason = f"the channels have no {name}{requirement.specifier}"
                if not versions:
                    reason = f"the conda package {name} does not contain {lookup.project}"
                continue
            exact = correct_spec(
                spec, versions=versions, accepted=accepted, matches=context.matches
            )
        return ForConda(
            requirement=requirement,
            name=name,
            version=exact,
            extras=tuple(sorted(requirement.extras)),
            reason=lookup.reason,
        )
    return ForPip(requirement=requirement, reason=reason)


def marker_holds(
    requirement: Requirement, environment: Mapping[str, str], extras: Iterable[str] = ()
) -> bool | Invalid:
    """Whether a requirement's marker matches, without an extra or with one of `extras`."""
    if requirement.marker is None:
        return True
    try:
        return any(
            requirement.marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras)
        )
    except (InvalidVersion, UndefinedComparison, UndefinedEnvironmentName) as error:
        return Invalid(text=str(requirement), reason=f"its marker is invalid: {error}")


def refuse_python(requires_python: str | None, python: str) -> str | None:
    """Say why a `Requires-Python` excludes a Python version; None if it does not."""
    if not requires_python:
        return None
    try:
        specifiers = SpecifierSet(requires_python)
    except InvalidSpecifier:
        return f"Requires-Python {requires_python} is invalid"
    if specifiers.contains(Version(python), prereleases=True):
        return None
    return f"Python {requires_python} is required"
