"""The dependency files of a command, each read in the format that its name indicates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from conda_pip_interop.dependency_files.environment_yml import (
    EnvironmentFile,
    parse_environment,
    read_pip_entries,
)
from conda_pip_interop.dependency_files.locations import rebase_location
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import ProjectParts, parse_pyproject
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    read_requirements_file,
    read_text,
    unreadable,
)
from conda_pip_interop.errors import UsageError


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
        origin = str(file)
        if file.suffix in (".yml", ".yaml"):
            if environment is not None:
                raise UsageError(
                    "usage", f"Only one environment file is supported, not also {file}."
                )
            environment_text = read_text(file)
            environment = parse_environment(environment_text, origin=origin)
            entries = read_pip_entries(environment, origin=origin, folder=file.parent)
            dependencies.append(Dependencies(entries=entries))
        elif file.name == "pyproject.toml":
            dependencies.append(parse_pyproject(read_text(file), origin=origin, parts=parts))
        elif file.suffix == ".toml":
            dependencies.append(parse_pylock(read_text(file), origin=origin, folder=file.parent))
        elif file.suffix in (".txt", ".in"):
            dependencies.append(Dependencies(entries=tuple(read_requirements_file(file))))
        else:
            raise unreadable(file, "unsupported file type")
    return DependencyFiles(
        dependencies=tuple(_rebase(one, target) for one in dependencies),
        environment=environment,
        environment_text=environment_text,
    )


def _rebase(dependencies: Dependencies, target: Path) -> Dependencies:
    entries = (
        replace(one, text=rebase_location(one.text, source=one.folder, target=target))
        if one.kind == "location"
        else one
        for one in dependencies.entries
    )
    return replace(dependencies, entries=tuple(entries))
