"""What a source's build needs: by its pyproject.toml (PEP 518), and by its backend (PEP 517)."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.requirements import marker_environment, satisfies
from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.pip.process import neutral_environment
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.installers.pip.process import PipProcess

#: What a project that states nothing is built with (PEP 517, "build-backend").
_LEGACY: Final = "setuptools.build_meta:__legacy__"
_LEGACY_REQUIRES: Final = ("setuptools>=40.8.0",)

#: Calls a hook of a backend in the project's folder, and writes what it answers to a file.
_CALL: Final = """
import importlib, json, sys
result, hook, backend, path, settings = sys.argv[1:]
sys.path[:1] = json.loads(path)
module, _, attributes = backend.partition(":")
found = importlib.import_module(module)
for attribute in filter(None, attributes.split(".")):
    found = getattr(found, attribute)
ask = getattr(found, hook, None)
asked = ask(json.loads(settings)) if ask is not None else []
with open(result, "w", encoding="utf-8") as stream:
    json.dump(list(asked), stream)
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class BuildSystem:
    """The `[build-system]` of the project in `folder`: what it needs, and who builds it."""

    folder: Path
    requires: tuple[str, ...] = _LEGACY_REQUIRES
    backend: str = _LEGACY
    path: tuple[str, ...] = ()


def read_build_system(folder: Path) -> BuildSystem:
    """Read a project's `[build-system]`; raises InteropError `unreadable-file`."""
    file = folder / "pyproject.toml"
    document: Mapping[str, Any] = {}
    if file.is_file():
        document = load_toml(file.read_text(encoding="utf-8"), str(file))
    table = document.get("build-system")
    if not isinstance(table, dict):
        return BuildSystem(folder=folder)
    requires = tuple(_read_requirements(table.get("requires", []), file))
    backend = table.get("build-backend")
    if not isinstance(backend, str):
        return BuildSystem(folder=folder, requires=requires or _LEGACY_REQUIRES)
    path = tuple(str(folder / one) for one in table.get("backend-path", ()))
    return BuildSystem(folder=folder, requires=requires, backend=backend, path=path)


def _read_requirements(texts: Iterable[str], file: Path) -> Iterable[str]:
    for text in texts:
        try:
            yield str(Requirement(text))
        except InvalidRequirement as error:
            raise InteropError(
                "unreadable-file", f"{file}: its build-system requires {text!r}: {error}."
            ) from error


def ask_backend(
    system: BuildSystem, process: PipProcess, *, editable: bool, settings: Mapping[str, Any]
) -> tuple[str, ...]:
    """What the backend needs besides (`get_requires_for_build_…`), by the Python of `process`.

    Nothing where it fails: then pip's own run of it fails, and says so in its own words.
    """
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
        result = Path(name) / "asked.json"
        hook = f"get_requires_for_build_{'editable' if editable else 'wheel'}"
        words = (hook, system.backend, json.dumps(system.path), json.dumps(settings))
        done = subprocess.run(
            [process.interpreter, "-c", _CALL, result, *words],
            cwd=system.folder,
            env={**neutral_environment(os.environ), **process.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        if done.returncode or not result.is_file():
            return ()
        return tuple(map(str, json.loads(result.read_text(encoding="utf-8"))))


def find_missing(prefix: Path, requires: Iterable[str]) -> tuple[str, ...]:
    """Those of `requires` (PEP 508) that an environment has not, or not in a version that serves.

    Those that its Python does not need (by their marker) are left out.
    """
    snapshot = read_snapshot(prefix)
    environment = {**marker_environment(snapshot.prefix), "extra": ""}
    versions = {one.name: one.version for one in snapshot.distributions}
    return tuple(text for text in requires if _is_missing(Requirement(text), versions, environment))


def _is_missing(
    requirement: Requirement, versions: Mapping[Any, str], environment: Mapping[str, str]
) -> bool:
    if requirement.marker is not None and not requirement.marker.evaluate(dict(environment)):
        return False
    version = versions.get(canonicalize_name(requirement.name))
    return version is None or not satisfies(requirement.specifier, version)
