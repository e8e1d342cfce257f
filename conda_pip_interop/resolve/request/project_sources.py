"""Where a project in a folder has its dependencies from, which uv reads and pip does not."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.dependency_files.locations import find_extras, find_folder, parse_location
from conda_pip_interop.dependency_files.projects.document import add_marker, load_toml
from conda_pip_interop.dependency_files.pyproject import ProjectParts, parse_pyproject
from conda_pip_interop.dependency_files.requirements_txt import EDITABLE, read_text, split_option
from conda_pip_interop.dependency_files.sources import find_table, place
from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.requirement import Invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from conda_pip_interop.dependency_files.locations import Location
    from conda_pip_interop.dependency_files.requirements_txt import Entry

#: In the place of an index, as it is said.
_MISSING: Final = "a folder that has no project"


def read_sources(location: Location) -> tuple[Entry, ...]:
    """Read the dependencies of a folder's project that its sources say where to get.

    They are needed where the project is. Empty for what is no folder, and for a file that is not
    valid: pip says so.
    """
    folder = find_folder(location.text)
    if folder is None or not (folder / "pyproject.toml").is_file():
        return ()
    for extras in (find_extras(location.text), ()):  # of one that is missing, pip only warns
        with suppress(UsageError):
            return tuple(_limit(one, location.marker) for one in _read(folder, extras))
    return ()


def _limit(entry: Entry, marker: str) -> Entry:
    if not marker:
        return entry
    outer = f"({marker})" if ";" in entry.text else marker
    return replace(entry, text=add_marker(entry.text, outer))


def _read(folder: Path, extras: tuple[str, ...]) -> Iterator[Entry]:
    file = folder / "pyproject.toml"
    text = read_text(file)
    found = parse_pyproject(text, origin=str(file), parts=ProjectParts(extras=extras))
    stated = set(_list_stated(load_toml(text, str(file))))
    for entry in place(found, folder).entries:
        is_stated = entry.text in stated and not entry.index
        if entry.kind in ("requirement", "location") and not is_stated:
            yield replace(entry, index=_MISSING) if _is_missing(entry, folder) else entry


def _is_missing(entry: Entry, folder: Path) -> bool:
    """Whether it is a project at a path where none is: pip may have it from an index."""
    option, value = split_option(entry.text)
    text = entry.text if option is None else value
    found = parse_location(text, folder=folder, editable=option in EDITABLE)
    return entry.kind == "location" and isinstance(found, Invalid)


def _list_stated(document: Mapping[str, Any]) -> Iterator[str]:
    project = find_table(document, "project")
    for lines in (
        project.get("dependencies", ()),
        *find_table(project, "optional-dependencies").values(),
    ):
        yield from lines
