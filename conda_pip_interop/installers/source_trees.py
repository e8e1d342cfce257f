"""Sources: where a project's files are, and what its build needs (PEP 518 and 517)."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from conda_pip_interop.dependencies.requirements import marker_environment, satisfies
from conda_pip_interop.dependency_files.locations import find_folder, find_subdirectory
from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from conda_pip_interop.installers.interface import Line
    from conda_pip_interop.installers.pip.process import PipProcess

#: pip stops as soon as a source lies unpacked in its folder for temporary files, and leaves it.
_UNPACKING: Final = ("--no-build-isolation", "--check-build-dependencies", "--no-clean")
#: pip's words for a source archive of an index whose build lacks something (22.1 to 26).
_LACKS: Final = regex(
    r"Some build dependencies for .+? from \S*/(?P<file>[^/\s#]+)\S*( \(from .+?\))?"
    r" (are missing|conflict with)"
)
_LANGUAGES: Final = {
    "c": ("c",),
    "cxx": ("cc", "cpp", "cxx", "c++"),
    "fortran": ("f", "f77", "f90", "f95", "f03"),
}
#: What is translated to C, or to C++: which of them cannot be told.
_TRANSLATED: Final = ("pyx",)
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


def find_source(line: Line, process: PipProcess, folder: Path) -> Path | None:
    """The folder of a project; None for a wheel.

    What lies elsewhere is unpacked into `folder` by pip, which builds nothing.
    """
    here = find_folder(line.text)
    if here is not None:
        return here / find_subdirectory(line.text)
    unpacking = replace(
        process,
        options=process.options.add(_UNPACKING),
        environ={**process.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))},
    )
    failure = None
    try:
        unpacking.resolve(
            (replace(line, editable=False),), provided=(), with_deps=False, ignore_installed=True
        )
    except InteropError as error:
        failure = error
    for unpacked in (*folder.glob("pip-req-build-*"), *folder.glob("pip-install-*/*")):
        source = unpacked / find_subdirectory(line.text)
        if any((source / name).is_file() for name in ("pyproject.toml", "setup.py")):
            return source
    if failure is not None:
        raise failure
    return None


def find_archive(message: str) -> str | None:
    """The source archive whose build lacks something, as `NAME==VERSION`; None if there is none."""
    found = _LACKS.search(message)
    if found is None:
        return None
    try:
        name, version = parse_sdist_filename(unquote(found["file"]))
    except InvalidSdistFilename:
        return None
    return f"{name}=={version}"


def find_languages(source: Path) -> tuple[str, ...]:
    """The languages with a compiler that a project's files are written in: c, cxx, fortran."""
    endings = {path.suffix.removeprefix(".").lower() for path in _walk(source)}
    found = {name for name, own in _LANGUAGES.items() if endings & set(own)}
    return tuple(sorted(found | ({"c", "cxx"} if endings & set(_TRANSLATED) else set())))


def _walk(source: Path) -> Iterable[Path]:
    for path in source.rglob("*"):
        if not any(part.startswith(".") for part in path.relative_to(source).parts):
            yield path


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
            env=process.build_environment(),
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
