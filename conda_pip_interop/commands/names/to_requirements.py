"""`conda pip translate --to requirements`: conda's dependencies by the names of distributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.commands.names.to_environment import Choice, Translation
from conda_pip_interop.dependency_files.environment_yml import read_marker
from conda_pip_interop.names.conda_depends import parse_environment_depend

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.utils import NormalizedName

    from conda_pip_interop.dependency_files.read import Sources


def translate_to_requirements(
    sources: Sources, find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> Translation:
    """Make a requirements file: conda's dependencies by the names of their distributions.

    What conda alone has, or PyPI's language cannot say, is left as a comment with the reason.
    """
    lines: list[str] = []
    choices: list[Choice] = []
    for item in sources.environment.conda if sources.environment else ():
        found, reason = _find_requirements(item.value, find_projects)
        lines += [line.strip() for line in item.before]
        marker, comment = read_marker(item.comment)
        lines += [f"{one} {marker}".rstrip() + f"  {comment}".rstrip() for one in found] or [
            f"# {item.value}: {reason}"
        ]
        if found and reason:
            lines[-1] += f"  # {item.value}: {reason}"
        choices.append(
            Choice(
                origin="dependencies",
                asked=item.value,
                conda=None,
                pip=", ".join(found) or None,
                reason=reason or "the same, by the name of its distribution",
            )
        )
    for one in sources.dependencies:
        for entry in one.entries:
            if entry.kind == "constraint":
                continue
            lines += [line.strip() for line in entry.before]
            lines.append(f"{entry.text} {entry.tail}".rstrip() + f"  {entry.comment}".rstrip())
    return Translation(text="".join(f"{line}\n" for line in lines), choices=tuple(choices))


def _find_requirements(
    text: str, find_projects: Callable[[str], tuple[NormalizedName, ...]]
) -> tuple[tuple[str, ...], str]:
    depend = parse_environment_depend(text)
    if depend is None:
        return (), "a match spec that is more than name, version and build"
    if depend.name in ("python", "pip"):
        return (), "an environment has it by itself"
    projects = find_projects(depend.name)
    if not projects:
        return (), f"conda's {depend.name} carries no distribution that is known"
    return tuple(f"{one}{depend.specifiers}" for one in projects), depend.inexact or ""
