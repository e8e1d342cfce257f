"""What people do with conda and pip in one environment, from the first command to the last.

Each story ends with `conda pip check` clean, or with exactly the findings that it should have.
"""

from __future__ import annotations

import subprocess
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from tests.stories.tree import compare_records, hash_tree
from tests.support.channels import build_broken_channel, build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_project, build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def assert_whole(env: Any) -> None:
    """No findings; a name once; every file that a record lists is there; pip is content too."""
    assert env.findings() == []
    folders = [one.name.split("-")[0].lower() for one in env.site_packages.glob("*-info")]
    assert max(Counter(folders).values()) == 1
    assert compare_records(env)[1] == set()
    env.pip("check")


def test_install_upgrade_install_by_turns(make_env: MakeEnv) -> None:
    """What degrades environments without the plugin: each manager goes over what the other did."""
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "-U", "click")
    env.conda("install", "-y", "flask=3.0.3")
    env.pip("install", "-q", "-U", "flask", "idna", "Flask-Testing")
    env.conda("install", "-y", "requests")
    assert env.owners()["click"] == ("8.2.1", "pip")
    assert env.owners()["flask"] == ("3.1.0", "pip")
    assert env.owners()["idna"] == ("3.10", "conda")
    assert_whole(env)
    env.pip("install", "-q", "-U", "idna")
    told = env.conda("update", "-y", "--all").stderr
    assert "pip's click 8.2.1 would be overwritten by conda's click 8.1.8" in told
    env.conda("install", "-y", "six")
    assert env.owners()["click"] == ("8.1.8", "conda")
    assert env.owners()["idna"] == ("3.11", "pip")
    assert env.owners()["flask-testing"] == ("0.8.1", "pip")
    assert_whole(env)
    env.python("import click, flask, flask_testing, idna, requests")


def test_pip_uninstalls_what_conda_installed(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "flask")
    env.pip("uninstall", "-q", "-y", "click")
    told = env.conda("install", "-y", "six").stderr
    assert f"To fix: conda pip restore -n {env.name} click" in told
    assert env.findings() == [("vanished", "click")]
    env.conda("list")
    assert env.records()["click"] == "8.1.8"
    env.conda("pip restore", "-y", "click")
    assert_whole(env)
    env.python("import flask")
    env.pip("uninstall", "-q", "-y", "click")
    env.conda("remove", "-y", "click")
    assert {"click", "flask"}.isdisjoint(env.records())
    assert_whole(env)


def test_conda_removes_what_pip_upgraded(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "-U", "click", "cowsay")
    env.conda("install", "-y", "six")
    env.conda("remove", "-y", "click")
    assert set(env.owners()) == {"cowsay", "pip", "six"}
    assert not list(env.site_packages.glob("click*"))
    assert_whole(env)


def test_python_changes(make_env: MakeEnv) -> None:
    """What pip had is told as stranded, and comes over by one command."""
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "cowsay", "click==8.1.3")
    told = env.conda("install", "-y", "python=3.12").stderr
    assert "these packages would no longer be found: cowsay 6.1" in told
    assert "pip's click 8.1.3 would be overwritten by conda's click 8.1.7" in told
    assert f"To fix: conda pip repair -n {env.name} cowsay" in told
    assert env.findings() == [("stranded", "cowsay")]
    env.conda("pip repair", "-y")
    assert env.findings() == []
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert env.owners()["click"] == ("8.1.7", "conda")
    env.python("import sys, cowsay, click; assert sys.version_info[:2] == (3, 12)")


@pytest.mark.parametrize("command", ["clone", "rename"])
def test_an_environment_of_both_is_copied_or_moved(
    make_env: MakeEnv, base: Any, command: str
) -> None:
    """What pip has comes along, in the place of conda's where it had replaced that, and told."""
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "cowsay", "click==8.1.3")
    other = type(env)(base=base, name=f"{env.name}x")
    if command == "clone":
        done = base.run("create", "-y", "-n", other.name, "--clone", env.name)
        assert env.owners()["click"] == ("8.1.3", "pip")
        assert_whole(env)
    else:
        done = base.run("rename", "-n", env.name, other.name)
        assert not env.prefix.exists()
    notice = f"{other.name} has pip's click 8.1.3 of {env.name} in place of conda's click 8.1.7."
    assert notice in done.stderr
    told = f"conda pip restore -n {other.name} click"
    assert told in done.stderr
    assert other.owners()["click"] == ("8.1.3", "pip")
    assert other.owners()["cowsay"] == ("6.1", "pip")
    other.python("import cowsay, click")
    assert_whole(other)
    base.run(*told.split()[1:], "--yes")
    assert other.owners()["click"] == ("8.1.7", "conda")
    assert_whole(other)
    base.run("env", "remove", "-y", "-n", other.name)


@pytest.mark.parametrize("command", ["clone", "rename"])
def test_what_came_from_a_path_is_copied_and_moved_with_it(
    make_env: MakeEnv, base: Any, tmp_path: Path, command: str
) -> None:
    """In no index is there a proj 2.0.dev1, nor a gone 3.0; neither is asked for."""
    packages = [build_conda_package(one, carries={one: "1.0"}) for one in ("proj", "mine", "gone")]
    env = make_env("python", "pip")
    channel = write_channel(tmp_path / "channel", *packages)
    env.conda("install", "-y", "-c", channel, "proj", "mine", "gone")
    proj = build_project(env.prefix / "src" / "proj", "proj", "2.0.dev1")
    mine = build_project(tmp_path / "mine", "mine", "2.0.dev1")
    gone = build_wheel(tmp_path / "gone", "gone", "3.0")
    env.pip("install", "-q", "-e", str(proj), "-e", str(mine), str(gone))
    gone.unlink()
    other = type(env)(base=base, name=f"{env.name}x")
    words = ["create", "-y", "-n", other.name, "--clone", env.name]
    base.run(*(words if command == "clone" else ["rename", "-n", env.name, other.name]))
    assert other.owners()["proj"] == other.owners()["mine"] == ("2.0.dev1", "pip")
    assert other.owners()["gone"] == ("3.0", "pip")
    rows = {one["name"]: one["editable"] for one in other.json("pip list")["distributions"]}
    assert rows["proj"] == str(other.prefix / "src" / "proj")
    assert rows["mine"] == str(mine)
    assert_whole(other)
    base.run("env", "remove", "-y", "-n", other.name)


def test_a_link_fails_in_mid_transaction(make_env: MakeEnv, tmp_path: Path) -> None:
    """From 25.5 on pip's payload comes back; before, conda itself breaks it: told, and repaired."""
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11")
    before = hash_tree(env.prefix / "lib")
    channel = build_broken_channel(tmp_path, "script")
    refused = env.conda("install", "-y", "-c", channel, "broken", check=False)
    assert refused.returncode != 0
    env.conda("install", "-y", "six")
    env.conda("remove", "-y", "six")
    if Version(env.base.version) < Version("25.5"):
        assert env.findings() == [("damaged", "idna")]
        env.conda("pip repair", "-y")
    else:
        assert hash_tree(env.prefix / "lib") == before
    assert env.owners()["idna"] == ("3.11", "pip")
    assert_whole(env)


def test_two_consoles_at_once(make_env: MakeEnv) -> None:
    """Twice `conda pip install`, and then plain pip beside conda."""
    env = make_env("python", "pip", "click=8.1.7")
    conda = [str(env.base.conda), "pip", "install", "-y", "-n", env.name]
    pip = [str(env.prefix / "bin" / "python"), "-m", "pip", "install", "-q"]
    for first, second in (
        ([*conda, "cowsay"], [*conda, "attrs"]),
        ([str(env.base.conda), "install", "-y", "-n", env.name, "six"], [*pip, "click==8.1.3"]),
    ):
        consoles = [
            subprocess.Popen(
                words, env=env.base.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
            for words in (first, second)
        ]
        said = [console.communicate()[0].decode() for console in consoles]
        assert [console.returncode for console in consoles] == [0, 0], said
    env.conda("install", "-y", "idna")
    there = env.owners()
    assert there["cowsay"] == ("6.1", "pip")
    assert there["attrs"] == ("25.1.0", "conda")
    assert there["click"] == ("8.1.3", "pip")
    assert there["six"] == ("1.16.0", "conda")
    assert_whole(env)
