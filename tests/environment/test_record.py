"""RECORD files are parsed leniently and rendered exactly."""

from __future__ import annotations

import hashlib

import pytest

from conda_pip_interop.environment.record import RecordRow, parse_record, render_record, sha256_hex
from tests.support.builders import record_line


def test_rows_written_by_pip_are_parsed() -> None:
    parsed = parse_record(record_line("a.py", b"x") + '"b,c.py",,\r\n')
    assert parsed.problems == ()
    first, second = parsed.rows
    assert (first.path, first.size, second.path) == ("a.py", 1, "b,c.py")
    assert sha256_hex(first) == hashlib.sha256(b"x").hexdigest()
    assert sha256_hex(second) is None


@pytest.mark.parametrize(
    ("line", "kept", "reason"),
    [
        ("a.py", 1, "1 fields, not 3"),
        ("a.py,,,,", 1, "5 fields, not 3"),
        (",sha256=x,1", 0, "no path"),
        ("a.py,sha256,", 1, "hash is not name=value"),
        ("a.py,,many", 1, "size is not a number"),
        ("a.py,," + "9" * 5000, 1, "size is not a number"),
        ("a.py,,-1", 1, "size is not a number"),
    ],
)
def test_an_invalid_row_is_a_problem_and_the_others_are_kept(
    line: str, kept: int, reason: str
) -> None:
    parsed = parse_record(f"{line}\ngood.py,,\n")
    assert [problem.reason for problem in parsed.problems] == [reason]
    assert len(parsed.rows) == kept + 1


def test_an_unterminated_field_is_a_problem() -> None:
    assert parse_record("a" * 200_000 + ",,\ngood.py,,\n").problems


@pytest.mark.parametrize("value", ["", "%%", "AAAA", "é" * 43])
def test_the_sha256_of_another_or_invalid_hash_is_none(value: str) -> None:
    row = RecordRow(path="a", hash_name="sha256", hash_value=value, size=None)
    assert sha256_hex(row) is None


def test_rows_are_rendered_as_pip_does() -> None:
    text = record_line("a.py", b"x") + '"b,c.py",,\n'
    assert render_record(parse_record(text).rows) == text
