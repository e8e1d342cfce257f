"""The distributions in a conda package, found in its list of files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_pip_interop.names.package_contents import (
    find_distributions,
    has_module,
    read_package_paths,
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
def test_metadata_directly_in_site_packages_is_a_distribution(
    path: str, found: list[tuple[str, str]]
) -> None:
    assert [(one.name, one.version) for one in find_distributions([path])] == found


@pytest.mark.parametrize(
    ("path", "module", "there"),
    [
        ("site-packages/foo/__init__.py", "foo", True),
        ("lib/python3.12/site-packages/foo.py", "foo", True),
        ("Lib/site-packages/_foo.cp312-win_amd64.pyd", "_foo", True),
        ("lib/python3.12/site-packages/a/b/c.py", "a.b", True),
        ("lib/python3.12/site-packages/a/b.cpython-312-x86_64-linux-gnu.so", "a.b", True),
        ("lib/python3.12/site-packages/food/__init__.py", "foo", False),
        ("lib/python3.12/site-packages/foo-1.0.dist-info/METADATA", "foo", False),
        ("lib/python3.12/site-packages/pip/_vendor/foo/__init__.py", "foo", False),
    ],
)
def test_a_module_is_found_directly_in_site_packages(path: str, module: str, there: bool) -> None:
    assert has_module(["bin/x", path], module) == there


def test_a_package_may_contain_several_distributions() -> None:
    paths = [
        "lib/python3.12/site-packages/opencv_python_headless-4.10.0.dist-info/METADATA",
        "lib/python3.12/site-packages/opencv_python-4.10.0.dist-info/METADATA",
        "lib/python3.12/site-packages/cv2/__init__.py",
    ]
    assert [one.name for one in find_distributions(paths)] == [
        "opencv-python",
        "opencv-python-headless",
    ]


def test_the_paths_of_an_extracted_package_are_read_in_either_format(tmp_path: Path) -> None:
    info = tmp_path / "info"
    assert read_package_paths(tmp_path) is None
    info.mkdir()
    (info / "files").write_text("a/b\nc\n")
    assert read_package_paths(tmp_path) == ("a/b", "c")
    (info / "paths.json").write_text(json.dumps({"paths": [{"_path": "x/y"}]}))
    assert read_package_paths(tmp_path) == ("x/y",)


@pytest.mark.parametrize("text", ["", "[]", '{"paths": 3}', '{"paths": [{}]}', '{"paths": [3]}'])
def test_the_paths_of_a_package_with_an_invalid_list_are_unknown(tmp_path: Path, text: str) -> None:
    (tmp_path / "info").mkdir()
    (tmp_path / "info" / "paths.json").write_text(text)
    assert read_package_paths(tmp_path) is None
