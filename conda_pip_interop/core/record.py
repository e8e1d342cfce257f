"""The RECORD file of an installed distribution: parse, check, write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


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
    """Parse RECORD leniently: a bad row becomes a problem, the rest stays."""
    raise NotImplementedError


def render_record(rows: Iterable[RecordRow]) -> str:
    """Write rows as RECORD text, in the order given."""
    raise NotImplementedError


def sha256_hex(row: RecordRow) -> str | None:
    """Return the row's sha256 as lower-case hex (as conda states it), or None if it has none."""
    raise NotImplementedError
