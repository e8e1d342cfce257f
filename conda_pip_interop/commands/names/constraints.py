"""Constraints of dependency files: written into what they limit, else kept for pip."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.requirements_txt import Entry
from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.conda_depends import hint_at_conda_spec, parse_environment_dependency
from conda_pip_interop.names.requirement import (
    ForConda,
    Invalid,
    TranslationContext,
    marker_holds,
    parse_requirement,
    translate,
)
from conda_pip_interop.text import hide_password, quoted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from conda_pip_interop.dependency_files.commented_lists import Item


def parse_entry(entry: Entry) -> Requirement:
    """Parse a requirement of a file; raises UsageError `invalid-requirement` with its origin."""
    found = parse_requirement(entry.text)
    reason = found.reason if isinstance(found, Invalid) else ""
    if isinstance(found, Requirement) and found.url is not None and entry.kind == "constraint":
        reason = "a constraint has a name and versions"
    if isinstance(found, Invalid) or reason:
        raise UsageError(
            "invalid-requirement",
            f"{entry.origin}: {quoted(entry.text)} is not a valid {entry.kind} ({reason}).",
            hints=(
                hint_at_conda_spec(entry.text)
                or "To fix: correct the line, then run the command again.",
            ),
        )
    return found


def read_constraints(
    entries: Iterable[Entry], environment: Mapping[str, str] | None = None
) -> dict[NormalizedName, SpecifierSet]:
    """Read what the constraints among entries say of each project, if their markers match.

    Without a marker environment, those with a marker are left out.
    """
    constraints: dict[NormalizedName, SpecifierSet] = {}
    for entry in entries:
        if entry.kind == "constraint":
            requirement = parse_entry(entry)
            if _applies(requirement, environment):
                name = canonicalize_name(requirement.name)
                constraints[name] = constraints.get(name, SpecifierSet()) & requirement.specifier
    return constraints


def _applies(requirement: Requirement, environment: Mapping[str, str] | None) -> bool:
    if requirement.marker is None or environment is None:
        return requirement.marker is None
    return marker_holds(requirement, environment) is True


def find_unused(
    entries: Iterable[Entry],
    used: Collection[NormalizedName],
    environment: Mapping[str, str] | None = None,
) -> tuple[Entry, ...]:
    """Find the constraints of projects that are not `used`, without those that do not apply.

    Without a marker environment, constraints with a marker count as not used.
    """
    return tuple(
        one
        for one in entries
        if one.kind == "constraint" and not _is_used(parse_entry(one), used, environment)
    )


def _is_used(
    requirement: Requirement,
    used: Collection[NormalizedName],
    environment: Mapping[str, str] | None,
) -> bool:
    if requirement.marker is not None:
        if environment is None:
            return False
        if not _applies(requirement, environment):
            return True
    return canonicalize_name(requirement.name) in used


def note_replaced(
    requirements: Iterable[Requirement], conda: Iterable[Item], context: TranslationContext
) -> Iterator[str]:
    """Say which conda packages among dependencies pip would replace."""
    names = {one.name for item in conda if (one := parse_environment_dependency(item.value))}
    for requirement in requirements:
        for name in context.look_up(canonicalize_name(requirement.name)).names:
            if name in names:
                shown = hide_password(str(requirement))
                yield f"pip would replace conda's {name}: {shown} is for pip, {name} for conda."


def note_unused(unused: Sequence[Entry], *, reason: str, in_pip: bool = True) -> Iterator[str]:
    """Say which constraints are not, or only in part, in a file; those of a table have no `-c`."""
    kept = [one.text for one in unused if one.included and in_pip]
    left = [one.text for one in unused if one.text not in kept]
    for names, done in ((kept, "apply to pip's part only"), (left, "are left out")):
        if names:
            yield f"the constraints {', '.join(dict.fromkeys(names))} {done}: {reason}."


def list_constraint_options(unused: Iterable[Entry]) -> tuple[str, ...]:
    """List the `-c` options by which constraints were read, each once."""
    return tuple(dict.fromkeys(one.included for one in unused if one.included))


def limit_conda_item(
    item: Item, constraints: Mapping[NormalizedName, SpecifierSet], context: TranslationContext
) -> tuple[Item, NormalizedName | None]:
    """Write a constraint into a dependency of conda's; the name of its project if one applies.

    A dependency that PEP 440 cannot express, such as one with a build, stays as it is.
    """
    dependency = parse_environment_dependency(item.value)
    if dependency is None:
        return item, None
    for project, limit in constraints.items():
        if dependency.name in context.look_up(project).names:
            if dependency.inexact is not None and not dependency.exact_for_releases:
                return item, None
            limited = Requirement(f"{project}{dependency.specifiers & limit}")
            found = translate(limited, context)
            if isinstance(found, ForConda) and found.name == dependency.name:
                channel, separator, _ = item.value.rpartition("::")
                value = f"{channel}{separator}{found.name} {found.version}"
                return replace(item, value=value.removesuffix(" *")), project
    return item, None
