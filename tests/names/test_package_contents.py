"""What a package carries: read from its list of files; and what is remembered of wrong guesses."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from conda_pip_interop.names.package_contents import carries, find_carried, read_package_paths
from conda_pip_interop.names.wrong_guesses import (
    WrongGuess,
    read_wrong_guesses,
    remember_wrong_guesses,
)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("site-packages/foo_bar-1.0.dist-info/METADATA", [("foo-bar", "1.0")]),
        ("lib/python3.12/site-packages/Foo.Bar-1.0.dist-info/METADATA", [("foo-bar", "1.0")]),
        ("Lib/site-packages/foo-1.0.dist-info/METADATA", [("foo", "1.0")]),
        ("lib/python3.12/site-packages/foo-1.0-py3.12.egg-info/PKG-INFO", [("foo", "1.0")]),
        ("lib/python3.12/site-packages/foo-1.0-py3.12.egg-info", [("foo", "1.0")]),
        ("lib/python3.12/site-packages/pip/_vendor/foo-1.0.dist-info/METADATA", []),
        ("site-packages/foo-1.0.dist-info/RECORD", []),
        ("site-packages/foo/METADATA", []),
        ("bin/foo", []),
        ("share/a/b/c/site-packages/foo-1.0.dist-info/METADATA", []),
    ],
)
def test_metadata_in_site_packages_is_what_counts(path: str, found: list[tuple[str, str]]) -> None:
    assert [(one.name, one.version) for one in find_carried([path])] == found


def test_a_package_may_carry_several_and_a_name_is_right_only_if_among_them() -> None:
    paths = [
        "lib/python3.12/site-packages/opencv_python-4.10.0.dist-info/METADATA",
        "lib/python3.12/site-packages/opencv_python_headless-4.10.0.dist-info/METADATA",
        "lib/python3.12/site-packages/cv2/__init__.py",
    ]
    assert carries(NormalizedName("opencv-python-headless"), paths)
    assert not carries(NormalizedName("opencv"), paths)
    assert not carries(NormalizedName("opencv-python"), [])


def test_the_list_of_an_extracted_package_is_read(tmp_path: Path) -> None:
    info = tmp_path / "info"
    assert read_package_paths(tmp_path) is None
    info.mkdir()
    (info / "files").write_text("a/b\nc\n")
    assert read_package_paths(tmp_path) == ("a/b", "c")
    (info / "paths.json").write_text(json.dumps({"paths": [{"_path": "x/y"}]}))
    assert read_package_paths(tmp_path) == ("x/y",)
    for text in ("", "[]", '{"paths": 3}', '{"paths": [{}]}', '{"paths": [3]}'):
        (info / "paths.json").write_text(text)
        assert read_package_paths(tmp_path) is None


def guess(build: str, project: str = "ninja") -> WrongGuess:
    return WrongGuess(
        channel="conda-forge",
        name="ninja",
        version="1.12",
        build=build,
        project=NormalizedName(project),
    )


def test_wrong_guesses_add_up_by_channel_and_build(tmp_path: Path) -> None:
    file = tmp_path / "new" / "guesses.json"
    assert read_wrong_guesses(file) == frozenset()
    assert remember_wrong_guesses(file, [guess("h0_0")])
    assert remember_wrong_guesses(file, [guess("h0_1"), guess("h0_0")])
    assert read_wrong_guesses(file) == {guess("h0_0"), guess("h0_1")}


def test_a_read_only_home_is_no_fault(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")  # a folder cannot be made below a file, whoever runs this
    assert not remember_wrong_guesses(blocked / "guesses.json", [guess("h0_0")])
    assert read_wrong_guesses(blocked / "guesses.json") == frozenset()


@pytest.mark.parametrize(
    "text", ["", "[]", '{"version": 2, "wrong": []}', '{"version": 1, "wrong": [3, ["a"], []]}']
)
def test_what_is_no_memory_is_forgotten(tmp_path: Path, text: str) -> None:
    file = tmp_path / "guesses.json"
    file.write_text(text)
    assert read_wrong_guesses(file) == frozenset()
    assert remember_wrong_guesses(file, [guess("h0_0")])
    assert read_wrong_guesses(file) == {guess("h0_0")}
    assert [one.name for one in os.scandir(tmp_path)] == ["guesses.json"]
