"""The layout of a prefix is found on disk, on any machine."""

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
def test_the_python_of_every_layout_is_found(
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


def test_the_full_version_is_read_from_the_c_headers(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path, conda=False).write(
        "include/python3.11/patchlevel.h", '#define PY_VERSION     "3.11.9+"\n'
    )
    assert read_python(tmp_path).version == "3.11.9"


def test_the_full_version_of_a_venv_is_read_from_its_configuration(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path, conda=False)
    built.write("pyvenv.cfg", "home = /usr/bin\nversion = 3.11.4\n")
    assert read_python(tmp_path).version == "3.11.4"


def test_after_a_minor_upgrade_the_old_site_packages_is_another(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.python_upgrade("3.12.1")
    prefix = read_prefix(tmp_path)
    assert prefix.python is not None
    assert prefix.python.minor == "3.12"
    assert prefix.other_site_packages == ("lib/python3.11/site-packages",)


def test_a_symlink_to_the_current_folder_is_not_another_python(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path, layout="pypy", python="3.9.18")
    (tmp_path / "lib/python3.9").symlink_to("pypy3.9")
    prefix = read_prefix(tmp_path)
    assert prefix.python is not None
    assert prefix.other_site_packages == ()


def test_bin_python_decides_which_of_two_folders_is_current(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path, conda=False)
    built.write("lib/python3.12/site-packages/README.txt", "")
    built.write("lib/python3.12/os.py", "")
    built.write("bin/python3.11", "")
    (tmp_path / "bin/python").unlink()
    (tmp_path / "bin/python").symlink_to("python3.11")
    assert read_python(tmp_path).minor == "3.11"


def test_a_folder_without_an_interpreter_is_not_the_python(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    (tmp_path / "bin/python").unlink()
    next((tmp_path / "conda-meta").glob("python*.json")).unlink()
    prefix = read_prefix(tmp_path)
    assert prefix.python is None
    assert prefix.other_site_packages == (built.site_packages,)


def test_an_invalid_record_of_python_is_skipped(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    next((tmp_path / "conda-meta").glob("python*.json")).write_text("{")
    assert read_python(tmp_path).site_packages == built.site_packages


def test_a_conda_environment_without_python_is_an_environment(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    assert read_prefix(tmp_path).python is None


@pytest.mark.parametrize("name", ["missing", "file", "empty"])
def test_a_folder_that_is_not_an_environment_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InteropError) as caught:
        read_prefix(tmp_path / name)
    assert caught.value.code == "not-an-environment"
    assert caught.value.hints


def test_a_changed_record_of_python_is_read_again(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path)
    (record,) = (tmp_path / "conda-meta").glob("python-*.json")
    for version in ("3.11.7", "3.11.10"):
        record.write_text(record.read_text().replace("3.11.7", version))
        python = read_prefix(tmp_path).python
        assert python is not None
        assert python.version == version
