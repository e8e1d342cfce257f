"""The dependency files of one command, each read by what its name says it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from conda_pip_interop.dependency_files.environment_yml import (
    EnvironmentFile,
    parse_environment,
    read_pip_entries,
)
from conda_pip_interop.dependency_files.locations import move_location
from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import Chosen, parse_pyproject
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    read_requirements_file,
    read_text,
    unreadable,
)
from conda_pip_interop.errors import UsageError


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """The files that were named: what they ask for, and the environment file among them."""

    dependencies: tuple[Dependencies, ...]
    environment: EnvironmentFile | None
    environment_text: str = ""


def read_sources(files: Iterable[Path], chosen: Chosen, *, target: Path = Path()) -> Sources:
    """Read dependency files, each by what its name says it is; paths as meant from `target` on.

    Raises UsageError: `unreadable-file`, `no-such-part`; `usage` for two environment files, and for
    parts that are wanted of a pyproject.toml where none is named.
    """
    files = tuple(files)
    if chosen != Chosen() and not any(file.name == "pyproject.toml" for file in files):
        raise UsageError(
            "usage",
            "--extra, --group and --build-system choose from a pyproject.toml; none is named.",
            hints=("Name it among the files.",),
        )
    dependencies: list[Dependencies] = []
    environment: EnvironmentFile | None = None
    text = ""
    for file in files:
        origin = str(file)
        if file.suffix in (".yml", ".yaml"):
            if environment is not None:
                raise UsageError("usage", f"{file} is a second environment file.")
            text = read_text(file)
            environment = parse_environment(text, origin=origin)
            entries = read_pip_entries(environment, origin=origin, folder=file.parent)
            dependencies.append(Dependencies(entries=entries))
        elif file.name == "pyproject.toml":
            dependencies.append(parse_pyproject(read_text(file), origin=origin, chosen=chosen))
        elif file.suffix == ".toml":
            dependencies.append(_read_lock(file))
        elif file.suffix in (".txt", ".in"):
            dependencies.append(Dependencies(entries=tuple(read_requirements_file(file))))
        else:
            raise unreadable(file, "its name does not say what it is")
    return Sources(
        dependencies=tuple(_move_places(one, target) for one in dependencies),
        environment=environment,
        environment_text=text,
    )


def _read_lock(file: Path) -> Dependencies:
    return parse_pylock(read_text(file), origin=str(file), folder=file.parent)


def _move_places(dependencies: Dependencies, target: Path) -> Dependencies:
    entries = (
        replace(one, text=move_location(one.text, source=one.folder, target=target))
        if one.kind == "place"
        else one
        for one in dependencies.entries
    )
    return replace(dependencies, entries=tuple(entries))
