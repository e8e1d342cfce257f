"""What Python finds before the environment's distributions, as a real Python says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.site_packages.shadows import (
    find_user_site,
    is_plain,
    read_shadows,
)
from tests.support.builders import PrefixBuilder
from tests.support.eggs import EASY_INSTALL_END, EASY_INSTALL_START

_ASK = """
import importlib.metadata, json
seen = {}
for one in importlib.metadata.distributions():
    seen.setdefault(one.metadata["Name"], str(one._path))
print(json.dumps(seen))
"""


def write_distribution(folder: Path, name: str, version: str, kind: str = "dist-info") -> Path:
    stem = f"{name}-{version}"
    info = {
        "dist-info": f"{stem}.dist-info",
        "egg-info": f"{stem}.egg-info",
        "develop": f"{name}.egg-info",
    }
    file = {"dist-info": "METADATA"}.get(kind, "PKG-INFO")
    path = folder / info.get(kind, f"{stem}-py3.11.egg/EGG-INFO")
    path.mkdir(parents=True)
    (path / file).write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return path.parent if kind == "egg" else path


@pytest.fixture
def env(tmp_path: Path) -> Path:
    """A real environment that uses the user's site-packages, in `home`."""
    return make_environment(tmp_path / "env")


def make_environment(folder: Path) -> Path:
    """Link this Python's standard library; PYTHONHOME makes the folder its prefix."""
    stdlib = Path(sysconfig.get_path("stdlib"))
    own = folder / "lib" / stdlib.name / "site-packages"
    own.mkdir(parents=True)
    for one in stdlib.iterdir():
        if one.name != "site-packages":
            (own.parent / one.name).symlink_to(one)
    (folder / "bin").mkdir()
    (folder / "bin" / "python").symlink_to(Path(sys.executable).resolve())
    (folder / "conda-meta").mkdir()
    return folder


def find_own(env: Path) -> Path:
    (own,) = (env / "lib").glob("python*/site-packages")
    return own


def find_users(env: Path) -> Path:
    return env.parent / "home" / ".local" / find_own(env).relative_to(env)


def ask_python(env: Path, **variables: str) -> dict[str, str]:
    environ = {"HOME": str(env.parent / "home"), "PYTHONHOME": str(env), **variables}
    done = subprocess.run(
        [env / "bin" / "python", "-c", _ASK], env=environ, capture_output=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def check(env: Path, *names: str, **variables: str) -> set[str]:
    """Return which of the environment's own are hidden, once Python has said the same."""
    environ = {"HOME": str(env.parent / "home"), **variables}
    shadows = read_shadows(read_prefix(env), environ)
    python = ask_python(env, **variables)
    own = find_own(env)
    for name in names:
        by = shadows.get(canonicalize_name(name))
        expected = Path(python[name])
        expected = expected.parent if expected.name == "EGG-INFO" else expected
        assert (own if by is None else by.path.parent) == expected.parent, name
        assert by is None or by.path == expected, name
    return {name for name in names if canonicalize_name(name) in shadows}


def test_the_users_site_packages_come_first_unless_they_are_off(env: Path) -> None:
    own, users = find_own(env), find_users(env)
    for name in ("one", "two"):
        write_distribution(own, name, "1.0")
    write_distribution(users, "one", "2.0")
    names = ("one", "two")
    assert check(env, *names) == {"one"}
    assert check(env, *names, PYTHONNOUSERSITE="1") == set()
    assert check(env, *names, PYTHONUSERBASE=str(env.parent / "elsewhere")) == set()
    prefix, environ = read_prefix(env), {"HOME": str(env.parent / "home")}
    state = env / "conda-meta" / "state"
    for text, off in (
        ('{"env_vars": {"PYTHONNOUSERSITE": "1"}}', True),
        ('{"env_vars": {"PYTHONNOUSERSITE": "***unset***"}}', False),
        ('{"env_vars": []}', False),
        ("[" * 100_000, False),
        ("\0", False),
    ):
        state.write_text(text)
        assert (find_user_site(prefix, environ) is None) is off, text
    state.unlink()
    (env / "pyvenv.cfg").write_text("include-system-site-packages = true\n")
    assert find_user_site(prefix, environ) is None


def test_eggs_that_are_moved_to_the_front_hide_and_the_others_do_not(env: Path) -> None:
    own, users = find_own(env), find_users(env)
    users.mkdir(parents=True)
    names = ("one", "two", "three", "four", "five")
    for name in names:
        write_distribution(own, name, "1.0")
    front = write_distribution(own, "one", "2.0", "egg")
    behind = write_distribution(own, "two", "2.0", "egg")
    develop = write_distribution(env.parent / "src", "three", "2.0", "develop").parent
    write_distribution(env.parent / "more", "four", "2.0", "egg-info")
    last = write_distribution(users, "five", "2.0", "egg")
    lines = [
        EASY_INSTALL_START,
        f"./{front.name}",
        str(develop),
        EASY_INSTALL_END,
        "# no",
        "",
        f"./{behind.name}",
        "./none",
    ]
    (own / "easy-install.pth").write_text("\n".join(lines))
    (users / "more.pth").write_text(f"{env.parent / 'more'}\n{last}\n/does/not/exist\n")
    assert check(env, *names) == {"one", "three", "four", "five"}
    shadows = read_shadows(read_prefix(env), {"HOME": str(env.parent / "home")})
    three = shadows[canonicalize_name("three")]
    assert (three.version, three.source) == ("2.0", "pth")
    assert three.file == own / "easy-install.pth"


@pytest.mark.parametrize(
    "text",
    [
        "\0/x\n",
        "x" * (2 << 20),
        "/dev\n" * 10_000,
        f"{EASY_INSTALL_START}\n{EASY_INSTALL_START}\n/dev/null\n{EASY_INSTALL_END}\n",
        "/dev/zero\n" + EASY_INSTALL_END,
        "import sys; sys.path.insert(0, '/dev/null')\n",
        "import sys; sys.path.insert(0, 'relative')\nimport sys; sys.path.insert(0, '/\\0')\n",
        "import sys; sys.path.insert" + "(" * 1_500,
    ],
)
def test_bad_path_files_are_read_as_far_as_they_can_be(tmp_path: Path, text: str) -> None:
    builder = PrefixBuilder(root=tmp_path / "env", python="3.11")
    builder.conda_package("one", "1.0", files={"one.py": ""})
    builder.write(f"{builder.site_packages}/bad.pth", text)
    fifo = tmp_path / "env" / builder.site_packages / "pipe.pth"
    os.mkfifo(fifo)
    assert read_shadows(read_prefix(builder.root), {"HOME": str(tmp_path)}) == {}


@pytest.mark.parametrize(
    ("variables", "folder"),
    [
        ({"APPDATA": "HERE/roaming"}, "roaming/Python/Python312"),
        ({"PYTHONUSERBASE": "HERE/base", "APPDATA": "HERE/roaming"}, "base/Python312"),
        ({"PYTHONNOUSERSITE": "1", "APPDATA": "HERE/roaming"}, None),
        ({"APPDATA": "HERE/elsewhere"}, None),
    ],
)
def test_the_users_site_packages_of_windows_are_below_appdata(
    tmp_path: Path, variables: dict[str, str], folder: str | None
) -> None:
    built = PrefixBuilder(root=tmp_path / "env", layout="windows", python="3.12.1")
    for one in ("roaming/Python/Python312", "base/Python312", "roaming/Python/Python312t"):
        (tmp_path / one / "site-packages").mkdir(parents=True)
    environ = {name: value.replace("HERE", str(tmp_path)) for name, value in variables.items()}
    found = find_user_site(read_prefix(built.root), environ)
    assert found == (None if folder is None else tmp_path / folder / "site-packages")


def test_a_free_threaded_python_of_windows_has_a_folder_of_its_own(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env", layout="windows", python="3.13.1")
    (built.root / "conda-meta/python-3.13.1-h0_0.json").unlink()
    built.write("conda-meta/python-3.13.1-h0_cp313t.json", _FREE_THREADED)
    for name in ("Python313", "Python313t"):
        (tmp_path / "Python" / name / "site-packages").mkdir(parents=True)
    found = find_user_site(read_prefix(built.root), {"APPDATA": str(tmp_path)})
    assert found == tmp_path / "Python/Python313t/site-packages"


_FREE_THREADED = '{"name": "python", "version": "3.13.1", "build": "h0_cp313t"}'


@pytest.mark.parametrize("home", ["", "/" + "a" * 300, "~nobody-has-this-name", "a\0b"])
def test_a_home_that_is_no_folder_has_no_packages(tmp_path: Path, home: str) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    environ = {"PYTHONUSERBASE": home, "HOME": str(tmp_path)}
    assert find_user_site(read_prefix(built.root), environ) is None
    assert read_shadows(read_prefix(built.root), environ) == {}


def test_without_python_nothing_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    assert read_shadows(read_prefix(tmp_path), {"HOME": str(tmp_path)}) == {}


def test_pip_can_uninstall_what_lists_its_files(env: Path) -> None:
    users = find_users(env)
    write_distribution(find_own(env), "one", "1.0")
    listing = {"one": "RECORD", "two": "installed-files.txt", "three": None, "four": None}
    for name, file in listing.items():
        kind = {"one": "dist-info", "four": "egg"}.get(name, "egg-info")
        found = write_distribution(users, name, "2.0", kind)
        if file is not None:
            (found / file).write_text("")
        if kind == "egg":
            (users / "eggs.pth").write_text(f"./{found.name}\n")
    shadows = read_shadows(read_prefix(env), {"HOME": str(env.parent / "home")})
    assert {name: one.is_removable for name, one in shadows.items()} == {
        "one": True,
        "two": True,
        "three": False,
        "four": True,
    }


def test_a_development_install_is_known_by_its_link_and_every_line_by_its_number(
    env: Path, tmp_path: Path
) -> None:
    own = find_own(env)
    folders = {name: tmp_path / "sources" / name for name in ("linked", "elsewhere", "plain")}
    for name, folder in folders.items():
        write_distribution(own, name, "1.0")
        write_distribution(folder, name, "2.0", "develop")
    (own / "linked.egg-link").write_text(f"{folders['linked']}\n.")
    (own / "elsewhere.egg-link").write_text(f"{tmp_path}\n.")
    lines = ["# mine", EASY_INSTALL_START, *map(str, folders.values()), EASY_INSTALL_END]
    (own / "easy-install.pth").write_text("\n".join(lines))
    (own / "zz.pth").write_text(f"\nimport sys; sys.path.insert(0, '{folders['plain']}')\n")
    shadows = read_shadows(read_prefix(env), {"PYTHONNOUSERSITE": "1"})
    found = {
        name: (one.file and one.file.name, one.line, one.is_removable)
        for name, one in shadows.items()
    }
    assert found == {
        "linked": ("easy-install.pth", 3, True),
        "elsewhere": ("easy-install.pth", 4, False),
        "plain": ("zz.pth", 2, False),
    }


_INSERT = "import sys; sys.path.insert(0, 'HERE/b')"
_LINES = st.lists(
    st.sampled_from(
        [
            "./a",
            "./b",
            "/nowhere",
            "",
            "# x",
            "import os",
            _INSERT,
            EASY_INSTALL_START,
            EASY_INSTALL_END,
        ]
    ),
    max_size=8,
)


@settings(max_examples=25)
@example(  # lines of setuptools move entries of the standard library, too
    own=[EASY_INSTALL_END],
    users=[EASY_INSTALL_START, *["import sys; sys.path.insert(0, 'HERE/b')"] * 2],
)
@example(  # what is moved to the front later comes behind what was moved before
    own=[EASY_INSTALL_START, "./a", EASY_INSTALL_END],
    users=[EASY_INSTALL_START, "./a", EASY_INSTALL_END],
)
@given(own=_LINES, users=_LINES)
def test_whatever_the_path_files_say_it_is_what_python_does(
    scratch_env: Path, own: list[str], users: list[str]
) -> None:
    """`__egginsert` without `__plen` before it is an error to Python, which ends the file."""
    for folder, lines in ((find_own(scratch_env), own), (find_users(scratch_env), users)):
        (folder / "x.pth").write_text("\n".join(lines).replace("HERE", str(folder)))
    check(scratch_env, "one", "two")


@pytest.mark.parametrize("has_user_site", [False, True])
def test_where_no_folder_of_its_own_exists_nothing_is_put_before_it(
    env: Path, has_user_site: bool
) -> None:
    """conda removes the folder with the last package in it."""
    find_own(env).rmdir()
    environ = {"HOME": str(env / "home")}
    if has_user_site:
        stdlib = Path(sysconfig.get_path("stdlib")).name
        (env / "home/.local/lib" / stdlib / "site-packages").mkdir(parents=True)
    prefix = read_prefix(env)
    assert is_plain(prefix, environ)
    assert not read_shadows(prefix, environ)


@pytest.fixture(scope="module")
def scratch_env(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = make_environment(tmp_path_factory.mktemp("lines") / "env")
    own, users = find_own(folder), find_users(folder)
    users.mkdir(parents=True)
    for name in ("one", "two"):
        write_distribution(own, name, "1.0")
    for where in (own, users):
        write_distribution(where / "a", "one", "2.0")
        write_distribution(where / "b", "two", "3.0")
    return folder


if sys.platform == "win32":  # a venv has another layout there
    pytestmark = pytest.mark.skip(reason="paths of POSIX")


def test_a_virtual_environment_is_not_plain(env: Path) -> None:
    environ = {"PYTHONNOUSERSITE": "1"}
    assert is_plain(read_prefix(env), environ)
    (env / "pyvenv.cfg").write_text(f"home = {env}/bin\n")
    assert not is_plain(read_prefix(env), environ)
