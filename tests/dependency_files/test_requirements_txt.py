"""Dependency files read line by line, and every kind of file that is not what its name says."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.dependency_files.pylock import parse_pylock
from conda_pip_interop.dependency_files.pyproject import Chosen, parse_pyproject
from conda_pip_interop.dependency_files.read import read_sources
from conda_pip_interop.dependency_files.requirements_txt import read_requirements_file, split_lines
from conda_pip_interop.errors import InteropError, UsageError

NOTHING = Chosen()


def test_a_requirements_file_is_read_with_its_comments(tmp_path: Path) -> None:
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
        ("place", "-e git+https://example.org/y#egg=y"),
        ("place", "./local[extra]"),
        ("place", "https://example.org/z-1.0-py3-none-any.whl"),
        ("requirement", "w @ https://example.org/w.whl ; os_name == 'nt'"),
        ("requirement", "last"),
    ]
    assert entries[0].comment == "# why"
    assert entries[0].before == ("# about flask", "# and more")
    assert entries[1].before == ()
    assert entries[0].origin == f"{file}:3"


@given(text=st.text("ab#\\ \n-", max_size=30))
def test_no_text_breaks_the_lines(text: str) -> None:
    for _, line, comment in split_lines(text):
        assert not comment or comment.startswith("#")
        assert line == line.strip()


@pytest.mark.parametrize(
    "text", ["-r requirements.txt", "-r nowhere.txt", "-r https://example.org/x"]
)
def test_what_cannot_be_included_is_an_error(tmp_path: Path, text: str) -> None:
    file = tmp_path / "requirements.txt"
    file.write_text(text)
    with pytest.raises(InteropError) as caught:
        tuple(read_requirements_file(file))
    assert caught.value.code == "unreadable-file"


PYPROJECT = """
[build-system]
requires = ["hatchling>=1"]
[project]
name = "My.App"
requires-python = ">=3.10"
dependencies = ["flask", "my-app[fast]"]
[project.optional-dependencies]
fast = ["numpy; python_version > '3'"]
Docs_x = ["sphinx"]
[dependency-groups]
test = ["pytest", {include-group = "Lint"}]
lint = ["ruff"]
"""


def texts(text: str, chosen: Chosen = NOTHING) -> list[str]:
    return [one.text for one in parse_pyproject(text, origin="p", chosen=chosen).entries]


def test_a_pyproject_has_what_is_asked_for() -> None:
    assert texts(PYPROJECT) == ["flask", "my-app[fast]"]
    chosen = Chosen(extras=("docs-X",), groups=("test",), build_system=True)
    assert texts(PYPROJECT, chosen)[2:] == ["sphinx", "pytest", "ruff", "hatchling>=1"]
    found = parse_pyproject(PYPROJECT, origin="p", chosen=NOTHING)
    assert found.requires_python == ">=3.10"
    assert {str(name): lines for name, lines in found.own.items()} == {
        "my-app": (
            "numpy ; (python_version > '3') and extra == \"fast\"",
            'sphinx ; extra == "docs-x"',
        )
    }


@pytest.mark.parametrize(
    "chosen", [Chosen(extras=("nope",)), Chosen(groups=("nope",))], ids=["extra", "group"]
)
def test_a_part_that_is_not_there_is_named(chosen: Chosen) -> None:
    with pytest.raises(InteropError) as caught:
        texts(PYPROJECT, chosen)
    assert "nope" in caught.value.message
    assert caught.value.hints[0].startswith("It has: ")


@pytest.mark.parametrize(
    "text",
    [
        *("[project", "project = 3", "[project]\ndependencies = 3", "\0"),
        *("[project]\ndependencies = [3]", "[project]\noptional-dependencies = []"),
        "[dependency-groups]\ng = [{include-group = 'g'}]",
        "[dependency-groups]\ng = [3]",
        "a = " + "[" * 5000,
    ],
)
def test_what_is_no_pyproject_is_refused(text: str) -> None:
    with pytest.raises(InteropError):
        texts(text, Chosen(groups=("g",)))


def test_a_lock_gives_versions_and_places() -> None:
    found = parse_pylock(
        "lock-version = '1.0'\n"
        "requires-python = '>=3.12'\n"
        "[[packages]]\nname = 'a'\nversion = '1.0'\nmarker = \"os_name == 'nt'\"\n"
        "[[packages]]\nname = 'b'\n[packages.archive]\nurl = 'https://example.org/b.zip'\n"
        "[[packages]]\nname = 'c'\n[packages.directory]\npath = './c'\n"
        "[[packages]]\nname = 'd'\n[packages.vcs]\ntype = 'git'\n"
        "url = 'https://example.org/d'\ncommit-id = 'abc'\n",
        origin="p",
    )
    assert found.requires_python == ">=3.12"
    assert [(one.kind, one.text) for one in found.entries] == [
        ("requirement", "a==1.0 ; os_name == 'nt'"),
        ("requirement", "b @ https://example.org/b.zip"),
        ("place", "./c"),
        ("requirement", "d @ git+https://example.org/d@abc"),
    ]
    for text in ("[[packages]]\nversion = '1'", "packages = [3]"):
        with pytest.raises(InteropError):
            parse_pylock(text, origin="p")


def test_files_are_told_by_their_names(tmp_path: Path) -> None:
    for name in ("a.yml", "b.yaml", "x.docx", "latin.txt", "folder.txt"):
        (tmp_path / name).write_text("dependencies: []\n")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    (tmp_path / "folder.txt").unlink()
    (tmp_path / "folder.txt").mkdir()
    with pytest.raises(UsageError):
        read_sources([tmp_path / "a.yml", tmp_path / "b.yaml"], NOTHING)
    for name in ("x.docx", "latin.txt", "folder.txt", "nowhere.toml"):
        with pytest.raises(InteropError) as caught:
            read_sources([tmp_path / name], NOTHING)
        assert str(tmp_path / name) in caught.value.message
