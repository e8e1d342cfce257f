"""Where a Python of conda's will be is where it is found once it is there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from conda_pip_interop.environment.conda_meta.conda_python import (
    build_empty_prefix,
    build_python,
    build_python_spec,
    is_free_threaded,
    name_series,
)
from conda_pip_interop.environment.prefix import Platform, read_prefix
from tests.support.builders import Layout, PrefixBuilder


@pytest.mark.parametrize(
    ("layout", "version", "build"),
    [
        ("cpython", "3.8.20", "h0_0_cpython"),
        ("cpython", "3.14.0", "h0_cp314"),
        ("free-threaded", "3.13.1", "h0_cp313t"),
        ("pypy", "3.9.18", "0_73_pypy"),
        ("windows", "3.12.1", "h0_0_cpython"),
    ],
)
def test_python_is_where_it_was_said_to_be(
    tmp_path: Path, layout: Layout, version: str, build: str
) -> None:
    built = PrefixBuilder(root=tmp_path, layout=layout, python=version)
    platform: Platform = "windows" if layout == "windows" else "posix"
    said = build_python(version, build, platform)
    assert said == read_prefix(built.root).python
    own = build_python(version, build, platform, site_packages="lib/other/site-packages")
    assert own == replace(said, site_packages=own.site_packages)
    assert own.site_packages == "lib/other/site-packages"
    for odd in (3, None, "../outside"):
        assert build_python(version, build, platform, site_packages=odd) == said


def test_an_environment_that_is_not_there_yet_has_no_python(tmp_path: Path) -> None:
    prefix = build_empty_prefix(tmp_path / "a/../new")
    assert (prefix.root, prefix.python) == (tmp_path / "new", None)
    assert prefix.platform == "posix"


@pytest.mark.parametrize(
    ("version", "build", "series", "site_packages"),
    [
        ("3.12.1", "h0_0_cpython", "3.12", "lib/python3.12/site-packages"),
        ("3.13.1", "h9a34b6e_5_cp313", "3.13", "lib/python3.13/site-packages"),
        ("3.13.1", "h9a34b6e_5_cp313t", "3.13t", "lib/python3.13t/site-packages"),
        ("3.14.0", "h1_100_cp314t", "3.14t", "lib/python3.14t/site-packages"),
    ],
)
def test_a_free_threaded_build_is_another_python(
    version: str, build: str, series: str, site_packages: str
) -> None:
    python = build_python(version, build, "posix")
    assert python.site_packages == site_packages
    assert python.free_threaded is is_free_threaded(build) is series.endswith("t")
    assert name_series(version, build) == series


def test_a_python_is_requested_as_conda_spells_it() -> None:
    assert build_python_spec("3.13") == "python=3.13"
    spec = build_python_spec("3.13.1", free_threaded=True)
    assert spec == "python[version='3.13.1.*',build='*_cp313t']"
