"""The expansion of extras: a requirement with extras becomes what the extras require."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.requirement import Invalid, marker_holds, parse_requirement
from conda_pip_interop.values import regex

#: A marker that names an extra, and the condition beside it.
_OF_EXTRA: Final = regex(
    r"""extra == "[^"]*"(?: and (?P<after>.+))?|(?P<before>.+) and extra == "[^"]*\""""
)
_GROUP: Final = regex(r"\([^()]*\)")


class HasExtras(Protocol):
    """Metadata of a project, installed or not."""

    @property
    def provides_extra(self) -> tuple[str, ...]:
        """`Provides-Extra` lines."""
        ...


def expand_extras(
    requirements: Iterable[Requirement],
    requires: Callable[[NormalizedName], Sequence[str] | None],
    environment: Mapping[str, str],
) -> Iterator[Requirement | Invalid]:
    """Replace extras by what they require, recursively.

    `requires` gives the `Requires-Dist` lines of a project; extras stay if it returns None. What
    the project requires without any extra is left to the manager that installs it. Markers that
    match are kept, without the extras that they name.
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
        without_extras = Requirement(str(requirement))
        without_extras.extras = set()
        queue.append(without_extras)
        for line in lines:
            if line in seen:
                continue
            dependency = parse_requirement(line)
            if isinstance(dependency, Invalid):
                seen.add(line)
                yield dependency
            elif _is_of_extra(dependency, environment, requirement.extras):
                seen.add(line)
                dependency.marker = _join_markers(requirement.marker, dependency.marker)
                queue.append(dependency)


def explain_missing_extras(requirement: Requirement, metadata: HasExtras) -> tuple[str, ...]:
    """Say which extras of a requirement the project does not have, as pip warns."""
    known = set(map(canonicalize_name, metadata.provides_extra))
    missing = sorted(one for one in requirement.extras if canonicalize_name(one) not in known)
    extras = f"extra{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
    return (f"{requirement.name} does not have the {extras}.",) if missing else ()


def _is_of_extra(
    dependency: Requirement, environment: Mapping[str, str], extras: Iterable[str]
) -> bool:
    """Whether a dependency belongs to one of the extras, as written or normalized (PEP 685)."""
    spellings = {spelling for extra in extras for spelling in (extra, canonicalize_name(extra))}
    return (
        marker_holds(dependency, environment) is False
        and marker_holds(dependency, environment, spellings) is True
    )


def _join_markers(required: Marker | None, of_extra: Marker | None) -> Marker | None:
    """Join the marker of a requirement with that of a dependency of its extras."""
    found = ("" if required is None else str(required), _drop_extra(str(of_extra)))
    parts = [one for one in dict.fromkeys(found) if one]
    return Marker(" and ".join(f"({one})" for one in parts)) if parts else None


def _drop_extra(marker: str) -> str:
    """Drop the extra from a marker that matches; empty if nothing is left that can be told."""
    found = _OF_EXTRA.fullmatch(marker)
    rest = "" if found is None else found["after"] or found["before"] or ""
    outside, inside = rest, ""
    while outside != inside:
        outside, inside = _GROUP.sub("", outside), outside
    return "" if "extra" in rest or " or " in outside else rest
