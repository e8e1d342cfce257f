"""What Python finds before the environment's distributions is told, with a remedy that works."""

from __future__ import annotations

import shlex
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.eggs import EASY_INSTALL_END, EASY_INSTALL_START
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env, MakeEnv

pytestmark = pytest.mark.e2e


@pytest.fixture
def home(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "home").mkdir()
    return {"HOME": str(tmp_path / "home")}


def find(env: Env, home: dict[str, Any]) -> list[Any]:
    return list(env.json("pip check", check=False, **home)["findings"])


def import_version(env: Env, name: str, home: dict[str, Any]) -> str:
    """What Python imports after the environment was activated."""
    words = ("run", "-n", env.name, "python", "-c", f"import {name}; print({name}.version)")
    return env.base.run(*words, **home).stdout.strip()


@pytest.fixture
def env(make_env: MakeEnv, tmp_path: Path, home: dict[str, Any]) -> Env:
    """The environment's app 1.0 and conda's six, and the user's app 2.0, idna and six."""
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", str(build_wheel(tmp_path / "own", "app", "1.0")))
    users = [build_wheel(tmp_path / "users", name, "2.0") for name in ("app", "six", "lone")]
    words = ("python", "-m", "pip", "install", "-q", "--user", "--ignore-installed")
    env.base.run_in(env.prefix, *words, *map(str, users), **home)
    return env


def test_the_users_site_packages_are_told_and_switched_off(
    env: Env, home: dict[str, Any], tmp_path: Path
) -> None:
    assert import_version(env, "app", home) == "2.0"
    app, six = sorted(find(env, home), key=lambda one: str(one["distribution"]))
    assert {app["kind"], six["kind"]} == {"shadowed"}
    assert (app["conda"], app["pip_version"]) == (None, "1.0")
    assert (six["conda"], six["conda_version"], six["pip_version"]) == ("six", "1.16.0", None)
    by = app["details"]["by"]
    assert (by["version"], by["source"]) == ("2.0", "user-site")
    assert by["path"].startswith(str(tmp_path / "home"))
    assert app["summary"].startswith("pip's app 1.0 is hidden by app 2.0, in the user's site-pack")
    told = env.conda("pip list", **home).stdout
    assert "hidden by app 2.0" in told
    rows = {row["name"]: row["hidden_by"] for row in env.json("pip list", **home)["distributions"]}
    assert rows["app"] == by["path"]
    assert rows["pip"] is None
    command = app["commands"][0]
    assert command == f"conda env config vars set -n {env.name} PYTHONNOUSERSITE=1"
    env.base.run(*shlex.split(command)[1:], **home)
    assert import_version(env, "app", home) == "1.0"
    assert find(env, home) == []


def test_each_of_the_users_is_uninstalled_and_the_environments_stay(
    env: Env, home: dict[str, Any]
) -> None:
    assert find(env, {**home, "PYTHONNOUSERSITE": "1"}) == []
    for finding in find(env, home):
        env.base.run(*shlex.split(finding["commands"][1])[1:], **home)
    assert find(env, home) == []
    assert import_version(env, "app", home) == "1.0"
    assert env.owners()["six"] == ("1.16.0", "conda")


def test_a_marker_does_not_stop_the_remedy(env: Env, home: dict[str, Any]) -> None:
    env.conda("pip protect", **home)
    for finding in find(env, home):
        env.base.run(*shlex.split(finding["commands"][1])[1:], **home)
    assert find(env, home) == []


def test_an_egg_that_comes_first_is_told_and_uninstalled(
    make_env: MakeEnv, home: dict[str, Any]
) -> None:
    env = make_env("python", "pip", "six")
    info = env.site_packages / "six-1.0-py3.11.egg" / "EGG-INFO"
    info.mkdir(parents=True)
    (info / "PKG-INFO").write_text("Metadata-Version: 1.0\nName: six\nVersion: 1.0\n")
    (info / "top_level.txt").write_text("six\n")
    (info.parent / "six.py").write_text("version = '1.0'\n")
    lines = [EASY_INSTALL_START, "./six-1.0-py3.11.egg", EASY_INSTALL_END, ""]
    (env.site_packages / "easy-install.pth").write_text("\n".join(lines))
    assert import_version(env, "six", home) == "1.0"
    (finding,) = find(env, home)
    assert finding["details"]["by"]["source"] == "pth"
    assert "easy-install.pth puts first" in finding["summary"]
    (command,) = finding["commands"]
    env.base.run(*shlex.split(command)[1:], **home)
    assert find(env, home) == []
    assert env.python("import six; print(six.__version__)") == "1.16.0"


def test_a_folder_that_a_line_puts_first_is_uninstalled_or_the_line_taken_out(
    make_env: MakeEnv, home: dict[str, Any], tmp_path: Path
) -> None:
    env = make_env("python", "pip", "six", "idna", "click")
    folders = [tmp_path / name for name in ("six", "idna", "click")]
    for folder in folders:
        info = folder / f"{folder.name}.egg-info"
        info.mkdir(parents=True)
        (info / "PKG-INFO").write_text(f"Name: {folder.name}\nVersion: 99\n")
        (folder / f"{folder.name}.py").write_text("version = '99'\n")
    (env.site_packages / "six.egg-link").write_text(f"{folders[0]}\n.")  # `setup.py develop`
    lines = [EASY_INSTALL_START, *map(str, folders), EASY_INSTALL_END]
    (env.site_packages / "easy-install.pth").write_text("\n".join(lines))
    shown = env.conda("pip show", "idna", **home).stdout
    assert f"Hidden-by: idna 99, which line 3 of {env.site_packages}/easy-install.pth" in shown
    found = {one["distribution"]: one for one in find(env, home) if one["kind"] == "shadowed"}
    assert found["click"]["details"]["by"]["line"] == 4
    for name in ("idna", "click"):
        assert import_version(env, name, home) == "99"
        subprocess.run(shlex.split(found[name]["commands"][0]), check=True)
        file = env.python(f"import {name}; print({name}.__file__)")
        assert file.startswith(str(env.site_packages))
    env.base.run(*shlex.split(found["six"]["commands"][0])[1:], **home)
    assert find(env, home) == []
    assert env.python("import six; print(six.__version__)") == "1.16.0"


def test_hooks_do_not_look_for_it(env: Env, home: dict[str, Any]) -> None:
    assert "hidden" not in env.conda("install", "-y", "idna", **home).stderr
    assert find(env, home) != []


def test_protect_keeps_the_users_site_packages_out_until_unprotect(
    env: Env, home: dict[str, Any]
) -> None:
    env.conda("env config vars set", "A=b")
    env.conda("pip protect", "--no-user-site")
    assert find(env, home) == []
    assert import_version(env, "app", home) == "1.0"
    shown = env.conda("env config vars list").stdout
    assert "PYTHONNOUSERSITE = 1" in shown
    assert "A = b" in shown
    assert "again" in env.conda("pip unprotect").stdout
    assert import_version(env, "app", home) == "2.0"
