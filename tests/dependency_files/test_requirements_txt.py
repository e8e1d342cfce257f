"""Requirements files, read line by line."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.dependency_files.requirements_txt import (
    classify,
    read_requirements_file,
    split_lines,
)
from conda_pip_interop.errors import UsageError


def test_lines_and_includes_are_read_with_their_comments(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/more.txt").write_text("six\n-c ../limits.txt\n")
    (tmp_path / "limits.txt").write_text("click<9\n-e ./never\n")
    file = tmp_path / "requirements.txt"
    file.write_text(
        "# about flask\n"
        "# and more\n"
        "Flask>=3   # why\n"
        "# of no one\n"
        "\n"
        "x[a] \\\n"
        "  >=1 --hash=sha256:0 \\\n"
        "  --hash=sha256:1\n"
        "-r sub/more.txt\n"
        "--index-url=https://example.org/#fragment\n"
        "-e git+https://example.org/y#egg=y\n"
        "./local[extra]\n"
        "https://example.org/z-1.0-py3-none-any.whl\n"
        "w @ https://example.org/w.whl ; os_name == 'nt'\n"
        "last"
    )
    entries = tuple(read_requirements_file(file))
    assert [(one.kind, one.text) for one in entries] == [
        ("requirement", "Flask>=3"),
        ("requirement", "x[a]   >=1"),
        ("requirement", "six"),
        ("constraint", "click<9"),
        ("option", "--index-url=https://example.org/#fragment"),
        ("location", "-e git+https://example.org/y#egg=y"),
        ("location", "./local[extra]"),
        ("location", "https://example.org/z-1.0-py3-none-any.whl"),
        ("requirement", "w @ https://example.org/w.whl ; os_name == 'nt'"),
        ("requirement", "last"),
    ]
    assert entries[0].comment == "# why"
    assert entries[0].before == ("# about flask", "# and more")
    assert entries[1].before == ()
    assert entries[0].origin == f"{file}:3"


@given(text=st.text("ab#\\ \n-", max_size=30))
def test_any_text_is_split_into_lines_and_comments(text: str) -> None:
    for _, line, comment in split_lines(text):
        assert not comment or comment.startswith("#")
        assert line == line.strip()


@pytest.mark.parametrize(
    "text", ["-r requirements.txt", "-r nowhere.txt", "-r https://example.org/x"]
)
def test_a_file_that_cannot_be_included_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    with pytest.raises(UsageError) as caught:
        tuple(read_requirements_file(file))
    assert caught.value.code == "unreadable-file"


@pytest.mark.parametrize(
    ("line", "kind", "text", "tail"),
    [
        ("x>=1", "requirement", "x>=1", ""),
        (
            "x --config-settings=--prefix=/opt",
            "requirement",
            "x",
            "--config-settings=--prefix=/opt",
        ),
        (".", "location", ".", ""),
        ("-e .", "location", "-e .", ""),
        ("--editable=./x[a]", "location", "--editable=./x[a]", ""),
        ("--pre", "option", "--pre", ""),
    ],
)
def test_a_line_is_classified_with_its_options(line: str, kind: str, text: str, tail: str) -> None:
    assert classify(line) == (kind, text, tail)


@pytest.mark.parametrize(
    "data",
    [
        "six  # ü\r\nattrs\r\n".encode("utf-16"),
        "six  # ü\nattrs\n".encode("utf-32"),
        "six  # ü\nattrs\n".encode("utf-8-sig"),
        "# -*- coding: latin-1 -*-\nsix  # ü\nattrs\n".encode("latin-1"),
    ],
    ids=["utf-16", "utf-32", "utf-8-sig", "latin-1"],
)
def test_every_encoding_that_pip_reads_is_read(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "r.txt").write_bytes(data)
    found = list(read_requirements_file(tmp_path / "r.txt"))
    assert [one.text for one in found] == ["six", "attrs"]
    assert "# ü" in [one.comment for one in found]


def test_an_unknown_encoding_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("# coding: klingon\nsix\n")
    with pytest.raises(UsageError, match="it is not klingon"):
        list(read_requirements_file(tmp_path / "r.txt"))
