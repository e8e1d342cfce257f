"""`conda pip translate --to requirements`: an environment.yml as a requirements file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.names.to_environment import Choice, Translation
from conda_pip_interop.dependency_files.environment_yml import split_marker
from conda_pip_interop.names.conda_depends import NOT_PLAIN, parse_environment_dependency

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName

    from conda_pip_interop.dependency_files.read import DependencyFiles

_IN_EVERY_ENVIRONMENT: Final = ("python", "pip")


def translate_to_requirements(
    files: DependencyFiles, find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> Translation:
    """Build a requirements file: conda's dependencies under the names of their distributions.

    A dependency without a distribution, or without an equivalent in PEP 440, becomes a comment
    with the reason.
    """
    lines: list[str] = []
    choices: list[Choice] = []
    for item in files.environment.conda if files.environment else ():
        requirements, reason = _find_requirements(item.value, find_projects)
        marker, comment = split_marker(item.comment)
        lines += [line.strip() for line in item.before]
        lines += [_join(f"{one} {marker}", comment) for one in requirements]
        if not requirements:
            lines.append(f"# {item.value}: {reason}")
        elif reason:
            lines[-1] += f"  # {item.value}: {reason}"
        choices.append(
            Choice(
                origin="dependencies",
                text=item.value,
                conda=None,
                pip=", ".join(requirements) or None,
                reason=reason or "the name of its distribution",
            )
        )
    for entry in (entry for one in files.dependencies for entry in one.entries):
        if entry.kind != "constraint":
            lines += [line.strip() for line in entry.before]
            lines.append(_join(f"{entry.text} {entry.tail}", entry.comment))
    return Translation(text="".join(f"{line}\n" for line in lines), choices=tuple(choices))


def _join(text: str, comment: str) -> str:
    return f"{text.rstrip()}  {comment}".rstrip()


def _find_requirements(
    text: str, find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> tuple[tuple[str, ...], str]:
    """Find the requirements for a dependency, and why there are none or how they differ."""
    dependency = parse_environment_dependency(text)
    if dependency is None:
        return (), NOT_PLAIN
    if dependency.name in _IN_EVERY_ENVIRONMENT:
        return (), "part of every environment"
    projects = find_projects(dependency.name)
    if not projects:
        return (), f"the conda package {dependency.name} contains no known distribution"
    return tuple(f"{one}{dependency.specifiers}" for one in projects), dependency.inexact or ""
