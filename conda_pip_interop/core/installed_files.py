"""The files that a distribution says it installed, and where an editable one has its source."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from conda_pip_interop.core.paths import PrefixPath, parse_prefix_path, to_disk
from conda_pip_interop.core.prefix import Prefix
from conda_pip_interop.core.record import RecordRow, sha256_hex

_ROW_LIMIT = 200_000
"""Several times those of the largest wheel known; reading them takes two seconds and 100 MB."""
_RECORD_LIMIT = _ROW_LIMIT << 8
"""Bytes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledFile:
    """One RECORD row inside the prefix; ``sha256`` is hex."""

    path: PrefixPath
    sha256: str | None
    size: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A file list by where its rows lead; ``files`` is None where there is no readable list."""

    files: tuple[InstalledFile, ...] | None
    outside: tuple[str, ...]


NOT_RECORDED = Installed(files=None, outside=())


def locate_rows(prefix: Prefix, base: PrefixPath, rows: Iterable[RecordRow]) -> Installed:
    """Turn rows, relative to ``base``, into paths of the prefix; the rest is ``outside``.

    So is what lies in ``conda-meta``: nobody but conda has anything there.
    """
    root, windows = str(prefix.root), prefix.platform == "windows"
    files: list[InstalledFile] = []
    outside: list[str] = []
    for row in rows:
        path = parse_prefix_path(row.path, base=base, root=root, windows=windows)
        if path is None or path.partition("/")[0].lower() == "conda-meta":
            outside.append(row.path)
        else:
            files.append(InstalledFile(path=path, sha256=sha256_hex(row), size=row.size))
    return Installed(files=tuple(files), outside=tuple(outside))


def read_file_list(path: Path, problems: list[str]) -> str | None:
    """Read a file list; None, with a problem unless it is just not there, if it makes no sense."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # a pipe or a device would never end
            problems.append(f"{path.name} is no file")
            return None
        if status.st_size > _RECORD_LIMIT:
            problems.append(f"{path.name} is too large")
            return None
        content = path.read_bytes()
        if content.count(b"\n") > _ROW_LIMIT:
            problems.append(f"{path.name} has more than {_ROW_LIMIT} rows")
            return None
        return content.decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(f"{path.name}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{path.name} is not UTF-8")
    return None


def read_direct_url(path: Path, problems: list[str]) -> Mapping[str, object] | None:
    """Read PEP 610's ``direct_url.json``."""
    text = read_text(path)
    if text is None:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict):
        return value
    problems.append("direct_url.json is not a JSON object")
    return None


def find_editable(
    root: Path, direct_url: Mapping[str, object] | None, files: Iterable[InstalledFile] | None
) -> str | None:
    """Return where an editable install has its source, ``""`` if it does not say, None if none.

    PEP 610 says it in ``direct_url.json``; without that, setuptools' ``__editable__*`` files tell
    that it is editable, and a ``.pth`` among them also where.
    """
    info = direct_url.get("dir_info") if direct_url else None
    if isinstance(info, dict) and info.get("editable") is True:
        url = direct_url.get("url") if direct_url else None
        return _parse_file_url(url) if isinstance(url, str) else ""
    location: str | None = None
    for file in files or ():
        name = file.path.rpartition("/")[2]
        if name.startswith("__editable__"):
            location = location or ""
            if name.endswith(".pth"):
                line = (read_text(to_disk(root, file.path)) or "").partition("\n")[0].strip()
                location = location if line.startswith("import ") else line
    return location


def _parse_file_url(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url2pathname(parts.path) if parts.scheme == "file" else url


def read_text(path: Path) -> str | None:
    """Read a small text file; None if it cannot be read: a pipe or a device would never end."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace") if path.is_file() else None
    except OSError:
        return None
