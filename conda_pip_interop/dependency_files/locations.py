"""The locations of projects in requirements: a directory, an archive, a URL or a VCS URL."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.markers import InvalidMarker, Marker
from packaging.utils import (
    InvalidWheelFilename,
    NormalizedName,
    canonicalize_name,
    parse_wheel_filename,
)

from conda_pip_interop.environment.versions import parse_file_version
from conda_pip_interop.names.requirement import Invalid, parse_requirement
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass, regex

#: PyPI's index, which pip asks where nothing is configured, and where its files are.
PYPI_INDEX: Final = "https://pypi.org/simple"
PYPI_FILES: Final = "files.pythonhosted.org"
_ARCHIVES: Final = (
    *(".whl", ".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz"),
    *(".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lz", ".tar.lzma"),
)
#: A folder in which conda-build or rattler-build built a package: `…/NAME_1722977137225/work`, or
#: one below those that the build services use.
_BUILD_PATH: Final = regex(
    r"(?P<name>[\w.-]+)\s*@\s*"
    r"(?P<url>file:///(?:\S*_\d{8,13}/work(?:[/#]\S*)?"
    r"|(?:\S*/)?(?:feedstock_root|croots?|conda-bld)/\S+))(?P<marker>\s+;.*)?$"
)
_LINE: Final = regex(
    r"""(-e\s+|--editable[=\s]\s*)?((?P<quote>["'])[^"']+(?P=quote)|(?!-)[^\s;\[#'"~]+)(.*)""",
    re.DOTALL,
)
_NAMED: Final = regex(r"([\w.-]+(?:\[[^\]]*\])?\s*@\s*)(file:[^\s;#]+)(.*)", re.DOTALL)
_PATH_OPTION: Final = regex(
    r"((?:-[rcf]\s*|--(?:requirement|constraint|find-links)[=\s]\s*))(\S.*)"
)
#: An index is a URL, unless it is a path with a dot in front.
_INDEX_OPTION: Final = regex(r"((?:-i\s*|--(?:extra-)?index-url[=\s]\s*))((?:file:)?\.\S*)")
_URL: Final = regex(r"^(?:(?:git|hg|svn|bzr)\+[a-z+]+|https?|ftp|file):", re.IGNORECASE)
_VARIABLE: Final = regex(r"\$\{([A-Z0-9_]+)\}")
_EGG: Final = regex(r"#(?:.*&)?egg=([A-Za-z0-9._-]+)")
_SUBDIRECTORY: Final = regex(r"#(?:.*&)?subdirectory=([^&]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A project at a path or URL. `text` is what pip gets, with an absolute path.

    `name` is None if only the project's metadata has it. `key` identifies the location, without
    password, revision and spelling (see `find_key`). `marker` is separate because pip accepts none
    on an editable project.
    """

    text: str
    key: str
    editable: bool = False
    name: NormalizedName | None = None
    marker: str = ""


def is_location(text: str) -> bool:
    """Whether pip reads a requirement as a path or URL; `name @ URL` is a name."""
    bare, _ = _split_marker(text)
    name, at, _ = bare.partition("@")
    if at and not _has_path_syntax(name):
        return False
    return _has_path_syntax(bare) or is_archive(_split_extras(bare)[0])


def _has_path_syntax(text: str) -> bool:
    return text.startswith(".") or "/" in text or "\\" in text


def is_archive(path: str) -> bool:
    """Whether pip reads a file as a wheel or a source archive, by its name."""
    return path.lower().endswith(_ARCHIVES)


def path_exists(path: Path) -> bool:
    """Whether there is something at a path; False for a name that is too long, too."""
    return os.path.exists(path)  # noqa: PTH110 - Path.exists raises OSError there


def rebase_option(text: str, *, source: Path, target: Path) -> str:
    """Rewrite the relative path of a `-r`, `-c`, `-f` or index option like a location's."""
    found = _PATH_OPTION.fullmatch(text) or _INDEX_OPTION.fullmatch(text)
    if found is None or "://" in found[2]:
        return text
    option, path = found.groups()
    quote = path[0] if path[0] in "'\"" and path[-1] == path[0] else ""
    return f"{option}{quote}{_rebase(path.strip(quote or ' '), source, target)}{quote}"


def rebase_location(text: str, *, source: Path, target: Path) -> str:
    """Rewrite the relative path of a line in `source` for a file in `target` (both directories).

    URLs and absolute paths stay as they are.
    """
    found = _LINE.fullmatch(text)
    if found is None:
        return text
    option, path, quote, rest = found.groups()
    rebased = _rebase(path.strip(quote), source, target) if quote else _rebase(path, source, target)
    return f"{option or ''}{quote or ''}{rebased}{quote or ''}{rest}"


def rebase_requirement(text: str, *, source: Path, target: Path) -> str:
    """Rewrite the relative URL of `name @ file:path` like a location's."""
    found = _NAMED.fullmatch(text)
    if found is None:
        return text
    return f"{found[1]}{_rebase(found[2], source, target)}{found[3]}"


def _rebase(path: str, source: Path, target: Path) -> str:
    """Rewrite a relative path, or a relative URL (`file:x`)."""
    scheme, relative = path[: len("file:")], path[len("file:") :]
    if scheme.lower() != "file:":
        scheme, relative = "", path
    if _URL.match(relative) or Path(relative).is_absolute() or relative.startswith(("${", "~")):
        return path
    if os.path.realpath(source) == os.path.realpath(target):
        return path
    try:
        rebased = Path(os.path.relpath(source / relative, target)).as_posix()
    except ValueError:  # on another drive of Windows
        rebased = (source / relative).absolute().as_posix()
    return f"{scheme}{rebased if rebased[0] in './' else f'./{rebased}'}"


def expand_variables(text: str, environ: Mapping[str, str]) -> str:
    """Replace `${NAME}` as pip does in requirements files; unknown names stay."""
    return _VARIABLE.sub(lambda found: environ.get(found[1], "") or found[0], text)


def read_conda_build_path(text: str) -> str | None:
    """Read `name @ file:///…`, written by `pip freeze` for a conda package, as a requirement.

    The path is that of the machine where the package was built; only the name of an archive in it
    has the version. None for any other line.
    """
    found = _BUILD_PATH.match(text)
    if found is None or find_folder(text.partition(";")[0].strip()) is not None:
        return None
    version = parse_file_version(unquote(urlsplit(found["url"]).path.rpartition("/")[2]))
    return f"{found['name']}{version and f'=={version}'}{found['marker'] or ''}"


def parse_location(text: str, *, folder: Path, editable: bool = False) -> Location | Invalid | None:
    """Parse a requirement that has a path or URL; None if it has neither.

    Paths are relative to `folder`, and are checked here: pip's error would not name the line.
    """
    bare, marker = _split_marker(text)
    if marker:
        try:
            Marker(marker)
        except (InvalidMarker, RecursionError) as error:
            return Invalid(text=hide_password(text), reason=f"{error}".partition("\n")[0])
    try:
        location = _parse_bare(bare, folder=folder, editable=editable)
    except (ValueError, OSError) as error:  # `http://[`, NUL, a name of 300 characters
        return Invalid(
            text=hide_password(text), reason=getattr(error, "strerror", "") or f"{error}"
        )
    return replace(location, marker=marker) if isinstance(location, Location) else location


def _split_marker(text: str) -> tuple[str, str]:
    """Split off the marker; after a URL, which may have a semicolon, it needs a space."""
    separator = r"(?<=\s);" if _URL.match(text) or " @ " in text else r";"
    bare, marker = (*re.split(separator, text, maxsplit=1), "")[:2]
    return bare.strip(), marker.strip()


def _parse_bare(text: str, *, folder: Path, editable: bool) -> Location | Invalid | None:
    if _URL.match(text):
        return _parse_url(_find_absolute(text, folder), editable=editable)
    requirement = parse_requirement(text)
    if not isinstance(requirement, Invalid) and requirement.url is not None:
        url = _find_absolute(requirement.url, folder)
        location = _parse_url(url, editable=editable)
        if isinstance(location, Invalid):
            return location
        text = text.replace(requirement.url, url)
        return replace(location, text=text, name=canonicalize_name(requirement.name))
    if "://" in text:
        return Invalid(text=hide_password(text), reason="pip does not support this URL scheme")
    if editable or is_location(text):
        return _find_project(text, folder=folder, editable=editable)
    return None


def _find_absolute(url: str, folder: Path) -> str:
    """Return the absolute URL for a relative one (`file:x`); raises OSError if nothing is there."""
    path, separator, fragment = url[len("file:") :].partition("#")
    if not url.lower().startswith("file:") or path.startswith("/"):
        return url
    where = (folder / url2pathname(path)).resolve()
    if not where.exists():
        raise FileNotFoundError(errno.ENOENT, f"{where} does not exist")
    return f"{where.as_uri()}{separator}{fragment}"


def _parse_url(text: str, *, editable: bool) -> Location | Invalid:
    url = text.partition("#")[0]
    scheme = url.partition(":")[0].lower()
    if editable and "+" not in scheme and scheme != "file":
        reason = "only a directory or a VCS URL can be editable"
        return Invalid(text=hide_password(text), reason=reason)
    parts = urlsplit(url)  # ValueError for `http://[`
    if "+" in scheme:
        parts = urlsplit(url.partition("+")[2])
        path, at, _ = parts.path.rpartition("@")  # the revision
        url = (parts._replace(path=path) if at else parts).geturl()
    key = find_key(url, find_subdirectory(text))
    return Location(text=text, key=key, editable=editable, name=find_location_name(text))


def find_location_name(text: str) -> NormalizedName | None:
    """Find the project's name in the `#egg=` of a URL or in the name of a wheel; None without."""
    egg = _EGG.search(text)
    bare = re.split(r"[#?]", _split_marker(text)[0], maxsplit=1)[0]
    return canonicalize_name(egg[1]) if egg else _parse_wheel_name(bare)


def _find_project(text: str, *, folder: Path, editable: bool) -> Location | Invalid:
    path, extras = _split_extras(text)
    where = (folder / path).resolve()
    if where.is_dir():
        if not any((where / name).is_file() for name in ("pyproject.toml", "setup.py")):
            return Invalid(text=text, reason=f"{where} has no pyproject.toml and no setup.py")
    elif editable:
        return Invalid(text=text, reason=f"{where} is not a directory")
    elif not where.is_file():
        return Invalid(text=text, reason=f"{where} does not exist")
    return Location(
        text=f"{where}{extras}",
        key=find_key(where.as_uri()),
        editable=editable,
        name=_parse_wheel_name(where.name),
    )


def _split_extras(path: str) -> tuple[str, str]:
    start = path.find("[", path.rfind("]", 0, -1) + 1) if path.endswith("]") else 0
    return (path[:start], path[start:]) if 0 < start < len(path) - 2 else (path, "")


def _parse_wheel_name(path: str) -> NormalizedName | None:
    try:
        return parse_wheel_filename(unquote(path).rpartition("/")[2])[0]
    except InvalidWheelFilename:
        return None


def find_key(url: str, subdirectory: str | None = None) -> str:
    """Build what two spellings of a location have in common (PEP 610: `url`, `subdirectory`)."""
    try:
        parts = urlsplit(url)
    except ValueError:  # `http://[`: as it stands it identifies nothing else
        return url
    host = parts.netloc.rpartition("@")[2].lower()
    path = unquote(parts.path).rstrip("/")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{host}{path}{query}#{subdirectory or ''}"


def find_folder(text: str) -> Path | None:
    """Find the local directory that a location names; None if it names none."""
    bare = text.partition(" @ ")[2] or text
    try:
        if bare.lower().startswith("file:"):
            path = Path(url2pathname(urlsplit(bare).path))
        else:
            path = Path(_split_extras(bare)[0])
        return path if path.is_dir() else None
    except (ValueError, OSError):  # NUL, a name that is too long
        return None


def find_extras(text: str) -> tuple[str, ...]:
    """Find the extras of a project that a location names by a path, or by its name and a URL."""
    name, at, _ = text.partition(" @ ")
    _, extras = _split_extras(name.strip() if at else text)
    return tuple(one.strip() for one in extras.strip("[]").split(",") if one.strip())


def find_subdirectory(text: str) -> str:
    """Find the directory of the project in a repository or archive, from the URL's fragment."""
    found = _SUBDIRECTORY.search(text)
    return unquote(found[1]) if found else ""
