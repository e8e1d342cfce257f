"""Prefix: the layout is found on disk, whatever machine looks."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.environment.prefix import PythonInstall, read_prefix
from conda_pip_interop.errors import InteropError
from tests.support.builders import Layout, PrefixBuilder


def read_python(root: Path) -> PythonInstall:
    python = read_prefix(root).python
    assert python is not None
    return python


@pytest.mark.parametrize(
    ("layout", "version", "site_packages"),
    [
        ("cpython", "3.8.20", "lib/python3.8/site-packages"),
        ("cpython", "3.14.0", "lib/python3.14/site-packages"),
        ("free-threaded", "3.13.1", "lib/python3.13t/site-packages"),
        ("pypy", "3.9.18", "lib/pypy3.9/site-packages"),
        ("windows", "3.12.1", "Lib/site-packages"),
    ],
)
@pytest.mark.parametrize("conda", [True, False])
def test_every_layout_is_found(
    tmp_path: Path, layout: Layout, version: str, site_packages: str, *, conda: bool
) -> None:
    built = PrefixBuilder(root=tmp_path, layout=layout, python=version, conda=conda)
    if not conda and layout == "windows":
        built.write("python312.dll", "")
    python = read_python(tmp_path)
    assert python.site_packages == site_packages
    assert python.version in ({version} if conda else {version, python.minor})
    assert python.free_threaded is (layout == "free-threaded")
    assert python.implementation == ("pypy" if layout == "pypy" else "cpython")


def test_the_headers_tell_the_version(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path, conda=False).write(
        "include/python3.11/patchlevel.h", '#define PY_VERSION     "3.11.9+"\n'
    )
    assert read_python(tmp_path).version == "3.11.9"


def test_a_venv_tells_its_version(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path, conda=False)
    built.write("pyvenv.cfg", "home = /usr/bin\nversion = 3.11.4\n")
    assert read_python(tmp_path).version == "3.11.4"
    assert not read_prefix(tmp_path).is_conda


def test_after_a_minor_upgrade_the_old_folder_is_another(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.python_upgrade("3.12.1")
    prefix = read_prefix(tmp_path)
    assert prefix.python is not None
    assert prefix.python.minor == "3.12"
    assert prefix.other_site_packages == ("lib/python3.11/site-packages",)


def test_a_link_to_the_current_folder_is_no_other_python(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path, layout="pypy", python="3.9.18")
    (tmp_path / "lib/python3.9").symlink_to("pypy3.9")
    prefix = read_prefix(tmp_path)
    assert prefix.python is not None
    assert prefix.other_site_packages == ()


def test_bin_python_tells_which_of_two_runs(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path, conda=False)
    built.write("lib/python3.12/site-packages/README.txt", "")
    built.write("lib/python3.12/os.py", "")
    built.write("bin/python3.11", "")
    (tmp_path / "bin/python").unlink()
    (tmp_path / "bin/python").symlink_to("python3.11")
    assert read_python(tmp_path).minor == "3.11"


def test_without_python_an_old_folder_is_only_a_remnant(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    (tmp_path / "bin/python").unlink()
    next((tmp_path / "conda-meta").glob("python*.json")).unlink()
    prefix = read_prefix(tmp_path)
    assert prefix.python is None
    assert prefix.other_site_packages == (built.site_packages,)


def test_a_broken_python_record_is_passed_over(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    next((tmp_path / "conda-meta").glob("python*.json")).write_text("{")
    assert read_python(tmp_path).site_packages == built.site_packages


def test_an_environment_without_python_is_one(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    prefix = read_prefix(tmp_path)
    assert (prefix.is_conda, prefix.python) == (True, None)


@pytest.mark.parametrize("name", ["missing", "file", "empty"])
def test_what_is_no_environment_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InteropError) as caught:
        read_prefix(tmp_path / name)
    assert caught.value.code == "not-an-environment"
    assert caught.value.hints


def test_pythons_record_is_read_again_once_it_has_changed(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path)
    (record,) = (tmp_path / "conda-meta").glob("python-*.json")
    for version in ("3.11.7", "3.11.10"):
        record.write_text(record.read_text().replace("3.11.7", version))
        python = read_prefix(tmp_path).python
        assert python is not None
        assert python.version == version
