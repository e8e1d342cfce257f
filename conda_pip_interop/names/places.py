"""What is no name on an index: a project's folder, an archive, a URL, a clone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)

from conda_pip_interop.names.requirement import Invalid

_ARCHIVES: Final = (".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz")
_ARCHIVES_OF_TAR: Final = (".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma")
_EXTRAS: Final = re.compile(r"^(.+?)(\[[^\]]+\])?$", re.DOTALL)
_URL: Final = re.compile(r"^(?:(?:git|hg|svn|bzr)\+[a-z+]+|https?|ftp|file):", re.IGNORECASE)
_EGG: Final = re.compile(r"[#&]egg=([A-Za-z0-9._-]+)")
_SUBDIRECTORY: Final = re.compile(r"[#&]subdirectory=([^&]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A project by where it is. `text` is as pip takes it, with its path made absolute.

    `name` is None where only a look into it tells. `key` is the place without password, revision
    and spelling, as `find_key` makes it of what pip reports, too.
    """

    text: str
    key: str
    editable: bool = False
    name: NormalizedName | None = None


def parse_place(text: str, *, folder: Path, editable: bool = False) -> Place | Invalid | None:
    """Read what pip takes for a path or a URL; None for what it takes for a name.

    Paths are meant from `folder` on, and must be there: pip's own error names no line.
    """
    if _URL.match(text):
        return _parse_url(text, editable=editable)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        requirement = None
    if requirement is not None and requirement.url is not None:
        named = _parse_url(requirement.url, editable=editable)
        if isinstance(named, Invalid):
            return Invalid(text=text, reason=named.reason)
        name = canonicalize_name(requirement.name)
        return Place(text=text, key=named.key, editable=editable, name=name)
    path, semicolon, marker = text.partition(";")
    path, extras = _split_extras(path.strip())
    if not (editable or "/" in path or "\\" in path or path.startswith(".") or is_archive(path)):
        return None
    return _find_project(
        text, folder / path, f"{extras}{semicolon}{marker}".rstrip(), editable=editable
    )


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


def hide_password(text: str) -> str:
    """A text with a URL in it, to be shown: without the user and the password."""
    return re.sub(r"(://)[^/@\s]+@", r"\1****@", text)


def _parse_url(text: str, *, editable: bool) -> Place | Invalid:
    url, _, fragment = re.split(r"\s+;", text, maxsplit=1)[0].partition("#")
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
    return Place(text=text, key=key, editable=editable, name=name)


def _find_project(text: str, path: Path, rest: str, *, editable: bool) -> Place | Invalid:
    where = path.resolve()
    if path.is_dir():
        if not any((path / name).is_file() for name in ("pyproject.toml", "setup.py")):
            return Invalid(text=text, reason=f"{where} has neither pyproject.toml nor setup.py")
    elif editable:
        return Invalid(text=text, reason=f"{where} is no folder")
    elif not path.is_file():
        return Invalid(text=text, reason=f"{where} is not there")
    return Place(
        text=f"{where}{rest}",
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
