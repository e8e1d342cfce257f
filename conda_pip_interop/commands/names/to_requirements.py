"""`conda pip translate --to requirements`: an environment.yml as a requirements file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from conda_pip_interop.commands.names.constraints import (
    find_unused,
    list_constraint_options,
    note_unused,
    parse_entry,
    read_constraints,
)
from conda_pip_interop.commands.names.to_environment import (
    HASH,
    NOT_REQUIRED,
    Choice,
    Translation,
    add_index,
    requires_hashes,
)
from conda_pip_interop.dependency_files.environment_yml import list_comments, split_marker
from conda_pip_interop.grammar import is_name
from conda_pip_interop.names.conda_depends import NOT_PLAIN, parse_environment_dependency
from conda_pip_interop.names.requirement import NOT_IN_CHANNELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.dependency_files.read import DependencyFiles
    from conda_pip_interop.dependency_files.requirements_txt import Entry

_NO_NAME: Final = "no dependency names these projects, and no constraints file has them"
_IN_EVERY_ENVIRONMENT: Final = ("python", "pip")


def translate_to_requirements(
    files: DependencyFiles, find_projects: Callable[[str], tuple[NormalizedName, ...] | None]
) -> Translation:
    """Build a requirements file: conda's dependencies under the names of their distributions.

    A dependency without a distribution, or without an equivalent in PEP 440, becomes a comment
    with the reason. `find_projects` gives None for a package that is not known.
    """
    lines: list[str] = []
    choices: list[Choice] = []
    entries = [add_index(entry) for one in files.dependencies for entry in one.entries]
    constraints = read_constraints(entries)
    used: set[NormalizedName] = set()
    for item in files.environment.conda if files.environment else ():
        requirements, reason = _find_requirements(item.value, find_projects)
        marker, comment = split_marker(item.comment)
        lines += [line.strip() for line in item.before]
        limited = [_limit(Requirement(one), constraints, used) for one in requirements]
        lines += [_join(f"{one} {marker}", comment) for one in limited]
        if not requirements:
            lines.append(_join(f"# {item.value}: {reason}", comment))
        elif reason:
            lines[-1] += f"  # {item.value}: {reason}"
        choices.append(
            Choice(
                origin="dependencies",
                text=item.value,
                conda=None,
                pip=", ".join(limited) or None,
                reason=reason or "the name of its distribution",
            )
        )
    hashed = not any(one.pip for one in choices) and all(map(_is_hashed, entries))
    kept = [one for one in entries if hashed or not requires_hashes(one)]
    section = () if files.environment is None else list_comments(files.environment.pip_item)
    for entry in kept:
        if entry.in_pip_section:
            lines += section
            section = ()
        if entry.kind != "constraint":
            text = entry.text
            if entry.kind == "requirement":
                requirement = parse_entry(entry)
                changed = _limit(requirement, constraints, used)
                text = changed if canonicalize_name(requirement.name) in constraints else text
            tail = entry.tail if hashed else HASH.sub("", entry.tail).strip()
            lines += [line.strip() for line in entry.before]
            lines.append(_join(f"{text} {tail}", entry.comment))
    lines += [line.strip() for line in files.environment.after] if files.environment else []
    unused = find_unused(entries, used)
    options = list_constraint_options(unused)
    lines = [*(one for one in options if one not in lines), *lines]
    return Translation(
        text="".join(f"{line}\n" for line in lines),
        choices=tuple(choices),
        notes=(
            *([NOT_REQUIRED] if len(kept) < len(entries) else []),
            *_note_variables(files),
            *note_unused([one for one in unused if not one.included], reason=_NO_NAME),
        ),
    )


def _note_variables(files: DependencyFiles) -> Iterator[str]:
    """Say which environment variables are left out."""
    found = files.environment.document.get("variables") if files.environment else None
    if isinstance(found, dict) and found:
        names = ", ".join(map(str, found))
        yield f"the environment variables {names} are left out: requirements have none."


def _is_hashed(entry: Entry) -> bool:
    """Whether pip can require hashes for an entry; it does so for all of a file, or for none."""
    return entry.kind in ("constraint", "option") or HASH.search(entry.tail) is not None


def _limit(
    requirement: Requirement,
    constraints: Mapping[NormalizedName, SpecifierSet],
    used: set[NormalizedName],
) -> str:
    """Write the constraint of a requirement into it, and add its name to the `used` ones."""
    name = canonicalize_name(requirement.name)
    if requirement.url is None:
        requirement.specifier &= constraints.get(name, SpecifierSet())
        used.add(name)
    return str(requirement)


def _join(text: str, comment: str) -> str:
    return f"{text.rstrip()}  {comment}".rstrip()


def _find_requirements(
    text: str, find_projects: Callable[[str], tuple[NormalizedName, ...] | None]
) -> tuple[tuple[str, ...], str]:
    """Find the requirements for a dependency, and why there are none or how they differ."""
    dependency = parse_environment_dependency(text)
    if dependency is None:
        return (), NOT_PLAIN
    if dependency.name in _IN_EVERY_ENVIRONMENT:
        return (), "part of every environment"
    found = find_projects(dependency.name)
    if found is None:
        return (), f"{dependency.name} is {NOT_IN_CHANNELS}"
    projects = tuple(filter(is_name, found))
    if not projects:
        return (), f"the conda package {dependency.name} contains no known distribution"
    first, *others = sorted(projects, key=lambda one: one != canonicalize_name(dependency.name))
    reasons = [dependency.inexact] if dependency.inexact else []
    reasons += [f"also contains {', '.join(others)}"] if others else []
    return (f"{first}{dependency.specifiers}",), "; ".join(reasons)
