"""The sources of a project in a folder count, whichever way the project is named."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.resolve.request.read_request import read_request
from conda_pip_interop.resolve.request.request import Request
from tests.support.pip_worlds import build_project


def write_sources(folder: Path, requires: list[str], sources: str) -> None:
    """Write a project; its optional dependencies are those of the extra `x`."""
    folder.mkdir()
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{folder.name}"\nversion = "1.0"\ndependencies = {requires}\n'
        f'[project.optional-dependencies]\nx = ["lib", "six"]\n[tool.uv.sources]\n{sources}\n'
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """app needs inner, which needs app and deep in turn; its extra x needs lib."""
    sources = 'inner = {path = "../inner", editable = true}\nlib = {url = "https://e.org/lib.zip"}'
    write_sources(tmp_path / "app", ["inner", "flask", "d @ https://e.org/d.zip"], sources)
    back = 'app = {path = "../app"}\ndeep = {path = "../deep"}'
    write_sources(tmp_path / "inner", ["app", "deep"], back)
    build_project(tmp_path / "deep", "deep")
    return tmp_path


def read(folder: Path, *words: str) -> Request:
    options = parse_arguments(["install", *words])
    assert isinstance(options, Namespace)
    return read_request(options.words, options.install, folder=folder, environ={})


def list_texts(request: Request, folder: Path) -> list[str]:
    """The lines, with paths from the folder."""
    lines = (f"{'-e ' * one.editable}{one.text}" for one in request.lines)
    return [one.replace(f"{folder}/", "") for one in lines]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["./app"], ["app", "-e inner", "deep"]),
        (["-e", "app"], ["-e app", "-e inner", "deep"]),
        (["./inner", "./app"], ["inner", "app", "deep"]),
        (["./app[x]"], ["app[x]", "-e inner", "app", "deep", "lib @ https://e.org/lib.zip"]),
        (["--no-deps", "./app"], ["app"]),
        (["./app[none]"], ["app[none]", "-e inner", "app", "deep"]),
    ],
)
def test_what_a_project_needs_comes_from_where_it_says(
    folder: Path, words: list[str], expected: list[str]
) -> None:
    assert list_texts(read(folder, *words), folder) == expected


def test_it_is_needed_where_the_project_is(folder: Path) -> None:
    request = read(folder, "./app ; os_name == 'nt'")
    assert list_texts(request.choose({"os_name": "posix"}), folder) == []
    assert len(request.direct) == 3


def test_the_marker_of_an_editable_project_in_a_file_keeps_its_quotes(folder: Path) -> None:
    (folder / "r.txt").write_text("-e \"./deep\" ; os_name == 'nt'\n")
    (deep,) = read(folder, "-r", "r.txt").direct
    assert (deep.location.text, deep.location.marker) == (f"{folder}/deep", "os_name == 'nt'")


def test_a_folder_that_is_missing_is_said_and_left_to_pip(folder: Path) -> None:
    file = folder / "app" / "pyproject.toml"
    file.write_text(file.read_text().replace("../inner", "../nowhere"))
    request = read(folder, "-e", "app")
    assert list_texts(request, folder) == ["-e app"]
    (note,) = request.notes
    assert "-e ../nowhere must come from a folder that has no project" in note


@pytest.mark.parametrize("text", ["[project]\ndependencies = 3\n", "[", "[project]\n"])
def test_a_file_that_is_not_valid_is_left_to_pip(folder: Path, text: str) -> None:
    (folder / "app" / "pyproject.toml").write_text(text)
    assert list_texts(read(folder, "./app"), folder) == ["app"]


def test_what_must_come_from_one_index_is_said(folder: Path) -> None:
    file = folder / "app" / "pyproject.toml"
    index = '[[tool.uv.index]]\nname = "ours"\nurl = "https://me:secret@ours.example/simple"\n'
    text = file.read_text().replace('{path = "../inner", editable = true}', '{index = "ours"}')
    file.write_text(text + index)
    (note,) = read(folder, "./app").notes
    assert "inner must come from https://****@ours.example/simple" in note
    assert read(folder, "./app", "--index-url", "https://ours.example/simple").notes == ()
