"""RECORD files are parsed leniently and rendered exactly."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.site_packages.record import (
    InstalledFile,
    RecordRow,
    locate_rows,
    parse_file_url,
    parse_record,
    read_limited_text,
    render_record,
)
from tests.support.builders import PrefixBuilder, record_line


def hash_of(row: RecordRow) -> str | None:
    return InstalledFile(PrefixPath("x"), row.encoded_sha256).sha256


def test_rows_written_by_pip_are_parsed() -> None:
    parsed = parse_record(record_line("a.py", b"x") + '"b,c.py",,\r\n')
    assert parsed.problems == ()
    first, second = parsed.rows
    assert (first.path, first.size, second.path) == ("a.py", 1, "b,c.py")
    assert hash_of(first) == hashlib.sha256(b"x").hexdigest()
    assert hash_of(second) is None


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


def test_a_field_that_is_too_long_is_a_problem_and_the_rows_after_it_are_kept() -> None:
    parsed = parse_record("a" * 200_000 + ",,\ngood.py,,\n")
    (problem,) = parsed.problems
    assert (problem.line, problem.reason) == (1, "field larger than field limit (131072)")
    assert [row.path for row in parsed.rows] == ["good.py"]


@pytest.mark.parametrize("value", ["", "%%", "AAAA", "é" * 43])
def test_the_sha256_of_another_or_invalid_hash_is_none(value: str) -> None:
    row = RecordRow(path="a", hash_name="sha256", hash_value=value, size=None)
    assert hash_of(row) is None


def test_rows_are_rendered_as_pip_does() -> None:
    text = record_line("a.py", b"x") + '"b,c.py",,\n'
    assert render_record(parse_record(text).rows) == text


def test_empty_lines_between_rows_are_neither_rows_nor_problems() -> None:
    parsed = parse_record("a.py,,\n\n\nb.py,,\n")
    assert ([row.path for row in parsed.rows], parsed.problems) == (["a.py", "b.py"], ())


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("file:///src/my%20pkg", "/src/my pkg"),
        ("https://h/x.git", "https://h/x.git"),
        ("file://[::1/x", ""),
    ],
)
def test_the_path_of_a_file_url_is_found(url: str, path: str) -> None:
    assert parse_file_url(url) == path


def test_a_file_that_cannot_be_read_is_a_problem_and_a_missing_one_is_not(tmp_path: Path) -> None:
    problems: list[str] = []
    assert read_limited_text(tmp_path / "RECORD", problems) is None
    assert problems == []
    (tmp_path / "RECORD").symlink_to("RECORD")
    assert read_limited_text(tmp_path / "RECORD", problems) is None
    assert problems == ["RECORD: Too many levels of symbolic links"]


def test_only_a_sha256_counts_as_one() -> None:
    for line in ("a.py,sha512=abc,1\n", "a.py,,1\n"):
        (row,) = parse_record(line).rows
        assert row.encoded_sha256 is None


def test_only_what_is_in_conda_meta_or_elsewhere_is_outside(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    names = ("config/x", "Conda-Meta/x", "conda-meta-more/x", "conda-meta/x", "../x")
    rows = [
        RecordRow(path=f"../../../{one}", hash_name=None, hash_value=None, size=1) for one in names
    ]
    found = locate_rows(read_prefix(built.root), PrefixPath(built.site_packages), rows)
    assert [one.path for one in found.files or ()] == ["config/x", "conda-meta-more/x"]
    assert len(found.outside) == 3
    assert found.size == 2
