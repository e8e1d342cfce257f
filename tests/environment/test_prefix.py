"""The layout of a prefix is found on disk, on any machine."""

from __future__ import annotations

import json
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


@pytest.mark.parametrize("name", ["bin/python", "lib/[", "lib/]", 'lib/"], "version": "9.9'])
@pytest.mark.parametrize("indent", [None, 2])
def test_the_names_of_files_do_not_count_as_fields(
    tmp_path: Path, name: str, indent: int | None
) -> None:
    PrefixBuilder(root=tmp_path)
    (record,) = (tmp_path / "conda-meta").glob("python-*.json")
    paths = {"paths_version": 1, "paths": [{"_path": name, "path_type": "hardlink"}]}
    content = {**json.loads(record.read_text()), "files": [name], "paths_data": paths}
    record.write_text(json.dumps(content, indent=indent, sort_keys=True))
    assert read_python(tmp_path).version == "3.11.7"


@pytest.mark.parametrize(
    "field", [{"name": "other"}, {"version": None}, {"version": "three"}, {"version": "3"}]
)
def test_a_record_that_states_no_python_is_skipped(tmp_path: Path, field: dict[str, str]) -> None:
    PrefixBuilder(root=tmp_path)
    (record,) = (tmp_path / "conda-meta").glob("python-*.json")
    record.write_text(json.dumps({**json.loads(record.read_text()), **field}))
    assert read_python(tmp_path).version == "3.11"
    record.write_text("[]")
    assert read_python(tmp_path).version == "3.11"


def state_python(root: Path, version: str, build: str, **more: str) -> None:
    raw = {"name": "python", "version": version, "build": build, **more}
    (root / "conda-meta").mkdir(exist_ok=True)
    (root / "conda-meta" / f"python-{version}-{build}.json").write_text(json.dumps(raw))


@pytest.mark.parametrize(
    ("version", "build", "folder"),
    [
        ("3.13.1", "h0_cp313", "lib/python3.13"),
        ("3.13.1", "h0_cp313t", "lib/python3.13t"),
        ("3.9.18", "0_73_pypy", "lib/pypy3.9"),
        ("3.9.18", "h0_0_cpython", "lib/python3.9"),
        ("3.10.1", "h0_0_cpython", "lib/python3.10"),
        ("3.8.1", "h0_0_cpython", "lib/python3.13t"),  # none of it: that of bin/python
    ],
)
def test_the_record_decides_which_of_several_folders_is_current(
    tmp_path: Path, version: str, build: str, folder: str
) -> None:
    for name in ("python3.9", "pypy3.9", "python3.10", "python3.13", "python3.13t"):
        (tmp_path / "lib" / name / "site-packages").mkdir(parents=True)
    (tmp_path / "lib/python3.14").write_text("no folder")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3.13t").write_text("")
    (tmp_path / "bin/python").symlink_to("python3.13t")
    state_python(tmp_path, version, build)
    assert read_python(tmp_path).stdlib == folder
    stated = {"python_site_packages_path": "lib/python3.9/site-packages"}
    state_python(tmp_path, version, build, **stated)
    assert read_python(tmp_path).stdlib == "lib/python3.9"


def test_without_a_record_the_highest_folder_with_a_library_is_current(tmp_path: Path) -> None:
    for name in ("python3.9", "python3.10", "python3.12"):
        (tmp_path / "lib" / name / "site-packages").mkdir(parents=True)
        if name != "python3.12":
            (tmp_path / "lib" / name / "os.py").write_text("")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").write_text("")  # says nothing of its version
    assert read_python(tmp_path).minor == "3.10"


def test_windows_without_an_interpreter_or_a_version_has_no_python(tmp_path: Path) -> None:
    (tmp_path / "Lib/site-packages").mkdir(parents=True)
    (tmp_path / "conda-meta").mkdir()
    prefix = read_prefix(tmp_path)
    assert (prefix.platform, prefix.python) == ("windows", None)
    (tmp_path / "Scripts").mkdir()
    (tmp_path / "Scripts/python.exe").write_text("")
    assert read_prefix(tmp_path).python is None, "nothing says which version it is"
    (tmp_path / "include").mkdir()
    (tmp_path / "include/patchlevel.h").write_text('#define PY_VERSION "3.12.4"\n')
    python = read_python(tmp_path)
    assert (python.version, python.executable) == ("3.12.4", "Scripts/python.exe")
    (tmp_path / "pyvenv.cfg").write_text("version = 3.12.5\n")
    assert read_python(tmp_path).version == "3.12.5"


def test_names_without_letters_do_not_tell_whether_case_counts(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    (tmp_path / "1").write_text("")
    (tmp_path / "A").write_text("")
    (tmp_path / "a").write_text("")
    assert not read_prefix(tmp_path).folds_case


def test_a_record_of_python_that_cannot_be_read_is_passed_over(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path, python="3.11.7")
    built.write("conda-meta/python-3.10.1-0.json", "{")
    assert read_python(tmp_path).version == "3.11.7"
    built.write("conda-meta/python-3.12.1-0.json", "{")
    assert read_python(tmp_path).version == "3.11.7"


def test_what_the_record_says_of_site_packages_counts_on_windows_too(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path, layout="windows", python="3.12.1")
    (record,) = (tmp_path / "conda-meta").glob("python-*.json")
    stated = json.loads(record.read_text()) | {"python_site_packages_path": "Lib/more/packages"}
    built.write(f"conda-meta/{record.name}", json.dumps(stated))
    assert read_python(tmp_path).site_packages == "Lib/more/packages"


@pytest.mark.parametrize(
    ("folders", "platform"),
    [
        (("bin", "lib", "Lib"), "posix"),
        (("bin", "Lib"), "windows"),
        (("lib", "Lib"), "windows"),
        (("bin",), "posix"),
    ],
)
def test_the_platform_is_that_of_the_folders(
    tmp_path: Path, folders: tuple[str, ...], platform: str
) -> None:
    (tmp_path / "conda-meta").mkdir()
    for name in folders:
        (tmp_path / name).mkdir(exist_ok=True)
    if (tmp_path / "LIB").exists():
        pytest.skip("this file system ignores case")
    assert read_prefix(tmp_path).platform == platform
