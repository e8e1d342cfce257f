"""Dependency files translated in tests, against a small channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from conda_pip_interop.commands.names.to_environment import translate_to_environment
from conda_pip_interop.commands.names.to_requirements import translate_to_requirements
from conda_pip_interop.dependency_files.pyproject import ProjectParts
from conda_pip_interop.dependency_files.read import DependencyFiles, read_dependency_files
from conda_pip_interop.names.lookup import NameSources, find_projects
from tests.support.requirements import build_context

#: The versions on the channel by package name.
CHANNEL: Final = {
    "flask": ["3.0"],
    "pytorch": ["2.0"],
    "numpy": ["2.1", "2.2"],
    "six": ["1.16"],
    "requests": ["2.32"],
}
ENVIRONMENT_YML: Final = """\
# of the lab
name: web  # its name
channels:
  - main
dependencies:
  # the language
  - python=3.11    # since May

  # from conda
  - zlib
  - pip
  # from PyPI
  - pip:
      # numbers
      - numpy>=2.1   # big
      # fun
      - cowsay
# and so on
variables:
  A: "1"
"""


def read_files(folder: Path, **files: str) -> DependencyFiles:
    """Write files, `x_txt` as x.txt, and read them in that order."""
    paths = []
    for key, text in files.items():
        path = folder / key.replace("_", ".")
        path.write_text(text)
        paths.append(path)
    return read_dependency_files(paths, ProjectParts(), target=folder)


def to_environment(
    files: DependencyFiles, requires: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Translate files to an environment.yml; `requires` are the extras of installed projects."""
    known = requires or {}
    return translate_to_environment(files, build_context(CHANNEL), known.get, ["main"]).text


def to_requirements(files: DependencyFiles) -> str:
    """Translate an environment file to a requirements file; zlib has no distribution."""

    def find(name: str) -> tuple[NormalizedName, ...]:
        return () if name == "zlib" else find_projects(name, NameSources())

    return translate_to_requirements(files, find).text
