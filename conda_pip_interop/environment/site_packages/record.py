"""The RECORD file of an installed distribution, and the files that it lists."""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path, read_regular, to_disk
from conda_pip_interop.environment.prefix import Prefix
from conda_pip_interop.values import dataclass

_FIELDS = 3
_SHA256_BYTES = 32
_SIZE_DIGITS = 19
"""More than any file's size has; Python refuses to convert very long numbers."""


class RecordRow(NamedTuple):
    """One row; ``hash_value`` is urlsafe base64 without padding, as in the file.

    A NamedTuple, since there are hundreds of thousands: a frozen dataclass takes twice as long.
    """

    path: str
    hash_name: str | None
    hash_value: str | None
    size: int | None

    @property
    def encoded_sha256(self) -> bytes | None:
        """Its sha256 as in the file, or None if it has none; as bytes, which are smaller."""
        value = self.hash_value if self.hash_name == "sha256" else None
        return value.encode() if value is not None and value.isascii() else None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordProblem:
    """What is wrong with a row; ``line`` counts from 1."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedRecord:
    """The valid rows, and the problems of the others."""

    rows: tuple[RecordRow, ...]
    problems: tuple[RecordProblem, ...]


def parse_record(text: str) -> ParsedRecord:
    """Parse RECORD leniently: invalid fields and rows are dropped, and each is a problem."""
    rows: list[RecordRow] = []
    problems: list[RecordProblem] = []
    reader = csv.reader(io.StringIO(text, newline=""))
    more = True
    while more:
        try:
            for fields in reader:
                row, reasons = _build_row(fields)
                if reasons:
                    problems += (RecordProblem(line=reader.line_num, reason=r) for r in reasons)
                if row is not None:
                    rows.append(row)
            more = False
        except csv.Error as error:  # in one line; the reader continues after it
            problems.append(RecordProblem(line=reader.line_num, reason=str(error)))
    return ParsedRecord(rows=tuple(rows), problems=tuple(problems))


def _build_row(fields: list[str]) -> tuple[RecordRow | None, tuple[str, ...]]:
    if not fields:
        return None, ()
    reasons: tuple[str, ...] = ()
    if len(fields) != _FIELDS:
        reasons = (f"{len(fields)} fields, not 3",)
        fields = [*fields, "", ""][:_FIELDS]
    path, hash_text, size_text = fields
    if not path or "\0" in path:
        return None, ("no path",)
    name, equals, value = hash_text.partition("=")
    if hash_text and not (name and equals and value):
        name = value = ""
        reasons += ("hash is not name=value",)
    size = None
    if size_text:
        if size_text.isdigit() and size_text.isascii() and len(size_text) <= _SIZE_DIGITS:
            size = int(size_text)
        else:
            reasons += ("size is not a number",)
    row = RecordRow(path=path, hash_name=name or None, hash_value=value or None, size=size)
    return row, reasons


def describe_file(path: str, content: bytes) -> RecordRow:
    """Build the row of a file with this content, as pip writes it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return RecordRow(path=path, hash_name="sha256", hash_value=digest, size=len(content))


def render_record(rows: Iterable[RecordRow]) -> str:
    """Render rows as RECORD text, in the given order.

    A path with a carriage return is quoted by hand: the csv module reads it as the end of a line,
    but before Python 3.13 does not quote it.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    quoting = csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        hash_text = f"{row.hash_name}={row.hash_value}" if row.hash_name else ""
        fields = (row.path, hash_text, "" if row.size is None else str(row.size))
        (quoting if "\r" in row.path else writer).writerow(fields)
    return out.getvalue()


def _decode_sha256(encoded: bytes) -> str | None:
    try:
        digest = binascii.a2b_base64(encoded.replace(b"-", b"+").replace(b"_", b"/") + b"=")
    except ValueError:  # also binascii.Error
        return None
    return digest.hex() if len(digest) == _SHA256_BYTES else None


_ROW_LIMIT = 200_000
"""Several times those of the largest wheel known; reading them takes two seconds and 100 MB."""
_RECORD_LIMIT = _ROW_LIMIT << 8
"""Bytes."""


class InstalledFile(NamedTuple):
    """One RECORD row inside the prefix. A NamedTuple for the same reason.

    ``encoded`` is its sha256 as in the file (urlsafe base64), None if the row has none.
    """

    path: PrefixPath
    encoded: bytes | None

    @property
    def sha256(self) -> str | None:
        """Its hash as lower-case hex, as in conda's records, if it has a valid one.

        Computed when asked, since few are.
        """
        return None if self.encoded is None else _decode_sha256(self.encoded)


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A file list, inside and outside of the prefix; ``files`` is None without a readable list.

    ``size`` are the bytes of those inside as far as the list states them, None if it states none.
    """

    files: tuple[InstalledFile, ...] | None
    outside: tuple[str, ...]
    size: int | None = None


NOT_RECORDED = Installed(files=None, outside=())


def locate_rows(prefix: Prefix, base: PrefixPath, rows: Iterable[RecordRow]) -> Installed:
    """Turn rows, relative to ``base``, into paths of the prefix; the others are ``outside``.

    Rows in ``conda-meta`` are ``outside`` too: only conda writes there.
    """
    root, windows = str(prefix.root), prefix.platform == "windows"
    links = tuple(link for link, _ in prefix.links)
    files: list[InstalledFile] = []
    outside: list[str] = []
    size: int | None = None
    for row in rows:
        path = parse_prefix_path(row.path, base=base, root=root, windows=windows)
        if path is not None and path.startswith(links):
            path = prefix.follow(path)
        if path is None or (path[0] in "Cc" and path.partition("/")[0].lower() == "conda-meta"):
            outside.append(row.path)
        else:
            files.append(InstalledFile(path, row.encoded_sha256))
            if row.size is not None:
                size = (size or 0) + row.size
    return Installed(files=tuple(files), outside=tuple(outside), size=size)


def read_limited_text(path: Path | str, problems: list[str]) -> str | None:
    """Read a text file; None if missing or, with a problem added, if unreadable or too large."""
    name = os.path.basename(path)
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):  # reading a pipe or a device would not end
            problems.append(f"{name} is not a regular file")
            return None
        if status.st_size > _RECORD_LIMIT:
            problems.append(f"{name} is too large")
            return None
        content = read_regular(path)
        if content.count(b"\n") > _ROW_LIMIT:
            problems.append(f"{name} has more than {_ROW_LIMIT} rows")
            return None
        return content.decode("utf-8")
    except FileNotFoundError:
        return None
    except OSError as error:
        problems.append(f"{name}: {error.strerror}")
    except UnicodeDecodeError:
        problems.append(f"{name} is not UTF-8")
    return None


def read_direct_url(path: Path | str, problems: list[str]) -> Mapping[str, object] | None:
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
    """Return the source of an editable install, ``""`` if unknown, None if not editable.

    It is in ``direct_url.json`` (PEP 610). Without that file, setuptools' ``__editable__*`` files
    show that it is editable, and a ``.pth`` among them has the source.
    """
    info = direct_url.get("dir_info") if direct_url else None
    if isinstance(info, dict) and info.get("editable") is True:
        url = direct_url.get("url") if direct_url else None
        return parse_file_url(url) if isinstance(url, str) else ""
    location: str | None = None
    for file in files or ():
        name = file.path.rpartition("/")[2]
        if name.startswith("__editable__"):
            location = location or ""
            if name.endswith(".pth"):
                line = (read_text(to_disk(root, file.path)) or "").partition("\n")[0].strip()
                location = location if line.startswith("import ") else line
    return location


def parse_file_url(url: str) -> str:
    """Return the path of a `file:` URL, any other URL as it is, and `""` for what is none."""
    from urllib.request import url2pathname  # slow to import, and few distributions are editable

    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url2pathname(parts.path) if parts.scheme == "file" else url


def read_text(path: Path | str) -> str | None:
    """Read a small text file; None if it cannot be read or is not a regular file."""
    try:
        return read_regular(path).decode("utf-8", errors="replace")
    except (OSError, ValueError):  # ValueError: NUL in an egg-link
        return None
