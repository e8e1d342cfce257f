"""The dependency files of a command, each read in the format that its content has."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from conda_pip_interop.dependency_files.environment_yml import (
    EnvironmentFile,
    parse_environment,
    read_pip_entries,
)
from conda_pip_interop.dependency_files.formats import find_format
from conda_pip_interop.dependency_files.locations import rebase_location, rebase_option
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import ProjectParts, parse_pyproject
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    read_requirements_file,
    read_text,
    unreadable,
)
from conda_pip_interop.errors import UsageError

#: The endings of requirements files; what has another one is only read if it says what it is.
_REQUIREMENTS: Final = ("", ".txt", ".in")


@dataclass(frozen=True, kw_only=True, slots=True)
class DependencyFiles:
    """The dependencies of each file, and the environment file if one is among them."""

    dependencies: tuple[Dependencies, ...]
    environment: EnvironmentFile | None
    environment_text: str = ""


def read_dependency_files(
    files: Iterable[Path], parts: ProjectParts, *, target: Path = Path()
) -> DependencyFiles:
    """Read dependency files; paths in them become relative to the folder `target`.

    Raises UsageError: `unreadable-file`, `no-such-part`; `usage` if there are two environment
    files, or `parts` but no pyproject.toml.
    """
    files = tuple(files)
    if parts != ProjectParts() and not any(file.name == "pyproject.toml" for file in files):
        raise UsageError(
            "usage",
            "`--extra`, `--group` and `--build-system` require a pyproject.toml.",
            hints=("To fix: add a pyproject.toml to the files.",),
        )
    dependencies: list[Dependencies] = []
    environment: EnvironmentFile | None = None
    environment_text = ""
    for file in files:
        text = read_text(file)
        found = find_format(text, file)
        if found == "requirements" and file.suffix not in _REQUIREMENTS:
            raise unreadable(file, "its content has no known format")
        if found != "environment":
            dependencies.append(parse_file(text, file, origin=str(file), parts=parts))
            continue
        if environment is not None:
            raise UsageError("usage", f"Only one environment file is supported, not also {file}.")
        environment_text = text
        environment = parse_environment(text, origin=str(file))
        entries = read_pip_entries(environment, origin=str(file), folder=file.parent)
        dependencies.append(Dependencies(entries=entries))
    return DependencyFiles(
        dependencies=tuple(_rebase(one, target) for one in dependencies),
        environment=environment,
        environment_text=environment_text,
    )


def parse_file(
    text: str,
    file: Path,
    *,
    origin: str,
    parts: ProjectParts,
    environ: Mapping[str, str] | None = None,
) -> Dependencies:
    """Parse a requirements file, a pyproject.toml or a lock file, told apart by their content.

    Raises UsageError `unreadable-file`, also for an environment file.
    """
    match find_format(text, file):
        case "pyproject":
            found = parse_pyproject(text, origin=origin, parts=parts)
            entries = tuple(replace(one, folder=file.parent) for one in found.entries)
            return replace(found, entries=entries)
        case "pylock":
            return parse_pylock(
                text, origin=origin, folder=file.resolve().parent, extras=parts.extras
            )
        case "requirements":
            return Dependencies(entries=tuple(read_requirements_file(file, environ=environ)))
        case "environment":
            hint = f"To install from it: `conda env update --file {shlex.quote(str(file))}`."
            raise unreadable(origin, "it is an environment file", hint=hint)


def _rebase(dependencies: Dependencies, target: Path) -> Dependencies:
    rebase = {"location": rebase_location, "option": rebase_option}
    entries = (
        replace(one, text=rebase[one.kind](one.text, source=one.folder, target=target))
        if one.kind in rebase
        else one
        for one in dependencies.entries
    )
    return replace(dependencies, entries=tuple(entries))
