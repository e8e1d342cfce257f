"""The RECORD file of an installed distribution: parse, check, write.

Format: "Recording installed projects", the RECORD file (PEP 376, PEP 627): CSV without a header,
three fields ``path,hash,size``, ``hash`` as ``name=urlsafe-base64-without-padding``.
"""

from __future__ import annotations

import binascii
import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass

_FIELDS = 3
_SHA256_BYTES = 32
_SIZE_DIGITS = 19
"""More digits than any file's size has; Python refuses to convert absurdly long ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRow:
    """One row; ``hash_value`` is urlsafe base64 without padding, as the file has it."""

    path: str
    hash_name: str | None
    hash_value: str | None
    size: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordProblem:
    """A row that could not be taken as it stands; ``line`` counts from 1."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedRecord:
    """The rows that make sense, and what was wrong with the others."""

    rows: tuple[RecordRow, ...]
    problems: tuple[RecordProblem, ...]


def parse_record(text: str) -> ParsedRecord:
    """Parse RECORD leniently: a bad field is dropped, a bad row too, and each becomes a problem."""
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
        except csv.Error as error:  # of one line; the reader goes on behind it
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


def render_record(rows: Iterable[RecordRow]) -> str:
    """Write rows as RECORD text, in the order given.

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


def sha256_hex(row: RecordRow) -> str | None:
    """Return the row's sha256 as lower-case hex (as conda states it), or None if it has none."""
    if row.hash_name != "sha256" or row.hash_value is None:
        return None
    try:
        digest = binascii.a2b_base64(row.hash_value.replace("-", "+").replace("_", "/") + "=")
    except ValueError:  # also binascii.Error
        return None
    return digest.hex() if len(digest) == _SHA256_BYTES else None
