"""The dependency files of one command, each read by what its name says it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.entries import (
    Dependencies,
    read_requirements_file,
    read_text,
    unreadable,
)
from conda_pip_interop.names.environment_file import (
    EnvironmentFile,
    parse_environment,
    read_pip_entries,
)
from conda_pip_interop.names.pylock import parse_pylock
from conda_pip_interop.names.toml_files import Chosen, parse_pyproject


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """The files that were named: what they ask for, and the environment file among them."""

    dependencies: tuple[Dependencies, ...]
    environment: EnvironmentFile | None
    environment_text: str = ""


def read_sources(files: Iterable[Path], chosen: Chosen) -> Sources:
    """Read dependency files, each by what its name says it is.

    Raises InteropError `unreadable-file`, UsageError for two environment files.
    """
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
            entries = read_pip_entries(environment, origin=origin)
            dependencies.append(Dependencies(entries=entries))
        elif file.name == "pyproject.toml":
            dependencies.append(parse_pyproject(read_text(file), origin=origin, chosen=chosen))
        elif file.suffix == ".toml":
            dependencies.append(parse_pylock(read_text(file), origin=origin))
        elif file.suffix in (".txt", ".in"):
            dependencies.append(Dependencies(entries=tuple(read_requirements_file(file))))
        else:
            raise unreadable(file, "its name does not say what it is")
    return Sources(dependencies=tuple(dependencies), environment=environment, environment_text=text)
