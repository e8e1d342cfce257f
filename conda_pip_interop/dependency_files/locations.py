"""What is no name on an index: a project's folder, an archive, a URL, a clone."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)

from conda_pip_interop.names.requirement import Invalid
from conda_pip_interop.text import hide_password

_ARCHIVES: Final = (".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz")
_ARCHIVES_OF_TAR: Final = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma")
_EXTRAS: Final = re.compile(r"^(.+?)(\[[^\]]+\])?$", re.DOTALL)
_WRITTEN: Final = re.compile(r"(-e\s+|--editable[=\s]\s*)?([^\s;\[#'\"~]+)(.*)", re.DOTALL)
_URL: Final = re.compile(r"^(?:(?:git|hg|svn|bzr)\+[a-z+]+|https?|ftp|file):", re.IGNORECASE)
_EGG: Final = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_SUBDIRECTORY: Final = re.compile(r"[#&]subdirectory=([^&]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A project by where it is. `text` is as pip takes it, with its path made absolute.

    `name` is None where only a look into it tells. `key` is the place without password, revision
    and spelling, as `find_key` makes it of what pip reports, too. `marker` is kept apart: pip has
    none for an editable project.
    """

    text: str
    key: str
    editable: bool = False
    name: NormalizedName | None = None
    marker: str = ""


def move_location(text: str, *, source: Path, target: Path) -> str:
    """A place that a file in one folder names, as a file in another has to name it.

    URLs and absolute paths are the same everywhere.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None or os.path.realpath(source) == os.path.realpath(target):
        return text
    option, path, rest = found.groups()
    if _URL.match(path) or Path(path).is_absolute():
        return text
    try:
        moved = Path(os.path.relpath(source / path, target)).as_posix()
    except ValueError:  # on another drive of Windows
        moved = (source / path).absolute().as_posix()
    return f"{option or ''}{moved if moved[0] in './' else f'./{moved}'}{rest}"


def parse_location(text: str, *, folder: Path, editable: bool = False) -> Location | Invalid | None:
    """Read what pip takes for a path or a URL; None for what it takes for a name.

    Paths are meant from `folder` on, and must be there: pip's own error names no line.
    """
    bare, marker = _split_marker(text)
    if marker:
        try:
            Marker(marker)
        except InvalidMarker as error:
            return Invalid(text=hide_password(text), reason=f"{error}".partition("\n")[0])
    place = _parse_bare(bare, folder=folder, editable=editable)
    return replace(place, marker=marker) if isinstance(place, Location) else place


def _split_marker(text: str) -> tuple[str, str]:
    """A URL may hold a semicolon; a marker begins behind a space there."""
    separator = r"\s+;" if _URL.match(text) or " @ " in text else r";"
    bare, marker = (*re.split(separator, text, maxsplit=1), "")[:2]
    return bare.strip(), marker.strip()


def _parse_bare(text: str, *, folder: Path, editable: bool) -> Location | Invalid | None:
    if _URL.match(text):
        return _parse_url(text, editable=editable)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        requirement = None
    if requirement is not None and requirement.url is not None:
        named = _parse_url(requirement.url, editable=editable)
        name = canonicalize_name(requirement.name)
        return replace(named, text=text, name=name) if isinstance(named, Location) else named
    if "://" in text:
        return Invalid(text=hide_password(text), reason="it holds a URL that pip does not know")
    path, extras = _split_extras(text)
    if not (editable or "/" in path or "\\" in path or path.startswith(".") or is_archive(path)):
        return None
    return _find_project(text, folder / path, extras, editable=editable)


def is_archive(path: str) -> bool:
    """Whether pip takes a file of that name for a wheel or a source archive."""
    return path.lower().endswith((*_ARCHIVES, *_ARCHIVES_OF_TAR))


def find_key(url: str, subdirectory: str | None = None) -> str:
    """What two spellings of a place have in common (PEP 610: `url` and `subdirectory`)."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2].lower()
    path = unquote(parts.path).rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{path}{query}#{subdirectory or ''}"


def find_folder(text: str) -> Path | None:
    """The folder that a place's text names, if it is one of this machine."""
    bare = text.partition(" @ ")[2] or text
    if bare.lower().startswith("file:"):
        path = Path(url2pathname(urlsplit(bare).path))
    else:
        path = Path(_split_extras(bare)[0])
    return path if path.is_dir() else None


def find_subdirectory(text: str) -> str:
    """Where in a clone or an archive the project lies, by the URL's fragment."""
    within = _SUBDIRECTORY.search(text)
    return unquote(within[1]) if within else ""


def _parse_url(text: str, *, editable: bool) -> Location | Invalid:
    url, _, fragment = text.partition("#")
    scheme = url.partition(":")[0].lower()
    clone = "+" in scheme
    if editable and not clone and scheme != "file":
        return Invalid(text=hide_password(text), reason="only a folder or a clone can be editable")
    named = _EGG.search(f"#{fragment}")
    within = _SUBDIRECTORY.search(f"#{fragment}")
    name = canonicalize_name(named[1]) if named else _name_of_wheel(urlsplit(url).path)
    if clone:
        url = url.partition("+")[2]
        parts = urlsplit(url)
        if "@" in parts.path:
            url = parts._replace(path=parts.path.rpartition("@")[0]).geturl()
    key = find_key(url, unquote(within[1]) if within else None)
    return Location(text=text, key=key, editable=editable, name=name)


def _find_project(text: str, path: Path, extras: str, *, editable: bool) -> Location | Invalid:
    where = path.resolve()
    if path.is_dir():
        if not any((path / name).is_file() for name in ("pyproject.toml", "setup.py")):
            return Invalid(text=text, reason=f"{where} has neither pyproject.toml nor setup.py")
    elif editable:
        return Invalid(text=text, reason=f"{where} is no folder")
    elif not path.is_file():
        return Invalid(text=text, reason=f"{where} is not there")
    return Location(
        text=f"{where}{extras}",
        key=find_key(where.as_uri()),
        editable=editable,
        name=_name_of_wheel(where.name),
    )


def _split_extras(path: str) -> tuple[str, str]:
    found = _EXTRAS.match(path)
    return (found[1], found[2] or "") if found else (path, "")


def _name_of_wheel(path: str) -> NormalizedName | None:
    try:
        return parse_wheel_filename(unquote(path).rpartition("/")[2])[0]
    except InvalidWheelFilename:
        return None
