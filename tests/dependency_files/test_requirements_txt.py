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
    (tmp_path / "limits.txt").write_text("click<9\n--pre\n")
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
        ("option", "--pre"),
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


def test_a_constraint_without_a_name_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text("-e ./here\n")
    (tmp_path / "r.txt").write_text("-c limits.txt\n")
    with pytest.raises(UsageError, match=r"the constraint .* has no name"):
        tuple(read_requirements_file(tmp_path / "r.txt"))


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


def test_the_via_lines_of_pip_compile_belong_to_the_line_above(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text(
        "click==8.1 \\\n    --hash=sha256:aa\n    # via flask\n"
        "six==1.16  # old\n    # via\n    #   -r requirements.in\n    #   dateutil\n"
        "# about attrs\nattrs==1\n    # via x"
    )
    found = list(read_requirements_file(tmp_path / "r.txt"))
    assert [(one.text, one.comment, one.before) for one in found] == [
        ("click==8.1", "# via flask", ()),
        ("six==1.16", "# old  # via -r requirements.in, dateutil", ()),
        ("attrs==1", "# via x", ("# about attrs",)),
    ]
    assert [one.origin.rpartition(":")[2] for one in found] == ["2", "4", "9"]


def test_a_conda_package_of_pip_freeze_is_a_requirement(tmp_path: Path) -> None:
    path = "file:///croot/six_1655968806487/work"
    (tmp_path / "r.txt").write_text(
        f"six @ {path}\ntqdm @ {path} ; os_name == 'nt'\n", encoding="utf-16"
    )
    found, marked = read_requirements_file(tmp_path / "r.txt")
    assert (found.kind, found.text) == ("requirement", "six")
    assert marked.text == "tqdm ; os_name == 'nt'"
    assert found.comment == marked.comment == f"# the version is not in {path}"


def test_files_at_urls_include_others_beside_them_and_each_is_fetched_once(tmp_path: Path) -> None:
    host = "https://me:secret@h.example/a"
    files = {
        f"{host}/r.txt": b"one\n-r sub/more.txt\n-r sub/more.txt\n-c ../limits.txt\n",
        f"{host}/sub/more.txt": b"two\n-r again.txt\n",
        f"{host}/sub/again.txt": "\ufeffthree\n".encode(),
        "https://me:secret@h.example/limits.txt": b"one<2\n",
    }
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if url not in files:
            raise OSError("HTTP 404")
        return files[url]

    (tmp_path / "here.txt").write_text(f"zero\n-r {host}/r.txt\n")
    found = [*read_requirements_file(tmp_path / "here.txt", fetch=fetch)]
    assert [(one.text, one.kind) for one in found] == [
        ("zero", "requirement"),
        ("one", "requirement"),
        ("two", "requirement"),
        ("three", "requirement"),
        ("one<2", "constraint"),
    ]
    assert found[2].origin == "https://****@h.example/a/sub/more.txt:1"
    assert sorted(asked) == sorted(files)
    for text, reason in (
        (f"-r {host}/none.txt", "HTTP 404"),
        ("-r http://h.example/r.txt", "it is a URL"),
    ):
        (tmp_path / "bad.txt").write_text(text)
        with pytest.raises(UsageError, match=reason):
            [*read_requirements_file(tmp_path / "bad.txt", fetch=fetch)]
    with pytest.raises(UsageError, match="it is a URL; download it first"):
        [*read_requirements_file(tmp_path / "here.txt")]


@pytest.mark.parametrize("line", ["-r file:///etc/hostname", "-r r.txt", "-r /a/r.txt"])
def test_a_file_at_a_url_reads_no_local_file_and_not_itself(line: str) -> None:
    def fetch(_url: str) -> bytes:
        return f"{line}\n".encode()

    with pytest.raises(UsageError, match=r"is a URL|includes itself"):
        [*read_requirements_file("https://h.example/a/r.txt", fetch=fetch)]


def test_a_file_url_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "a b.txt").write_text("one\n")
    (tmp_path / "r.txt").write_text(f"-r {(tmp_path / 'a b.txt').as_uri()}\n")
    assert [one.text for one in read_requirements_file(tmp_path / "r.txt")] == ["one"]
