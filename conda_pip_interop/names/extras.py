"""The expansion of extras: a requirement with extras becomes what the extras require."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.names.requirement import Invalid, marker_holds, parse_requirement


def expand_extras(
    requirements: Iterable[Requirement],
    requires: Callable[[NormalizedName], Sequence[str] | None],
    environment: Mapping[str, str],
) -> Iterator[Requirement | Invalid]:
    """Replace extras by what they require, recursively.

    `requires` gives the `Requires-Dist` lines of a project; extras stay if it returns None. What
    the project requires without any extra is left to the manager that installs it.
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
                dependency.marker = None  # it matches, and names an extra of this project
                queue.append(dependency)


def _is_of_extra(
    dependency: Requirement, environment: Mapping[str, str], extras: Iterable[str]
) -> bool:
    """Whether a dependency belongs to one of the extras, as written or normalized (PEP 685)."""
    spellings = {spelling for extra in extras for spelling in (extra, canonicalize_name(extra))}
    return (
        marker_holds(dependency, environment) is False
        and marker_holds(dependency, environment, spellings) is True
    )
