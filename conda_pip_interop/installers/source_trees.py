"""Sources: where a project's files are. pip unpacks what lies elsewhere, and builds nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from packaging.utils import InvalidSdistFilename, parse_sdist_filename

from conda_pip_interop.dependency_files.locations import find_folder, find_subdirectory
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

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


def find_source(line: Line, process: PipProcess, folder: Path) -> Path | None:
    """The folder of a project; what lies elsewhere is unpacked into `folder`. None for a wheel."""
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
