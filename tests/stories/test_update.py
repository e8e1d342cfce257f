"""Both managers make their packages newer, within what the user asked for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.environment.conda_meta.history import read_requested_specs
from tests.stories.tree import hash_tree
from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_clone, build_project
from tests.support.plans import plan_of, reasons_of

pytestmark = pytest.mark.e2e


def test_everything_is_updated_within_what_was_requested(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "flask<3.1", "attrs=24.2.0", "idna=3.7", "click=8.1.7")
    history = env.prefix / "conda-meta/history"
    history.write_text(history.read_text().replace("attrs=24.2.0", "attrs").replace("=8.1.7'", "'"))
    build_project(tmp_path / "app", "app", requires=["click<8.1.8"])
    build_project(tmp_path / "repo", "cloned")
    build_clone(tmp_path / "repo")
    env.pip("install", "-q", "cowsay==6.0", "-e", str(tmp_path / "app"))
    env.pip("install", "-q", f"git+{(tmp_path / 'repo').as_uri()}")
    env.conda("pip install", "--yes", "six<1.16", "--from-pypi=six")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    specs = read_requested_specs(env.prefix)

    outdated = env.json("pip list", "--outdated")["distributions"]
    held = {one["name"]: one["held_by"] for one in outdated}
    assert held == {
        "attrs": None,
        "click": "app requires click<8.1.8",
        "cowsay": None,
        "flask": "flask<3.1",
        "idna": "idna==3.7.*",
        "six": "six<1.16",
    }
    done = env.json("pip update", "--all", "--yes")
    assert plan_of(done) == {
        "attrs": ("conda", "upgrade"),
        "cowsay": ("pip", "upgrade"),
        "app": ("pip", "keep"),
        "cloned": ("pip", "keep"),
    }
    assert reasons_of(done)["app"].startswith("not from an index: editable")
    owners = env.owners()
    assert owners["attrs"] == ("25.1.0", "conda")
    assert owners["click"] == ("8.1.7", "conda"), "app is left, and requires it"
    assert owners["six"] == ("1.15.0", "pip")
    assert (owners["flask"][0], owners["idna"][0]) == ("3.0.3", "3.7")
    assert read_requested_specs(env.prefix) == specs
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before

    (tmp_path / "repo/new.txt").write_text("new")
    git = [
        "git",
        "-c",
        "user.name=me",
        "-c",
        "user.email=me@example.org",
        "-C",
        str(tmp_path / "repo"),
    ]
    for words in (["add", "."], ["commit", "-q", "-m", "new"]):
        subprocess.run([*git, *words], check=True)
    named = ("cloned", "six", "idna", "attrs")
    done = env.json("pip update", "--yes", "--upgrade-vcs", *named)
    assert reasons_of(done) == {
        "attrs": "newer version",
        "cloned": "the newest commit of its repository",
        "idna": "the channels have no newer one within ==3.7.*",
        "six": "no newer one on the index within <1.16",
    }
    assert read_requested_specs(env.prefix) == specs
    assert env.findings() == []


def test_what_pip_has_put_in_condas_place_stays_when_conda_has_a_newer_one(
    make_env: MakeEnv,
) -> None:
    """Nobody has requested conda's: its solver alone would take the newest."""
    env = make_env("python", "pip", "click=8.1.7", "idna=3.7")
    history = env.prefix / "conda-meta/history"
    history.write_text(history.read_text().replace("'click=8.1.7', ", "").replace("=3.7'", "'"))
    env.pip("install", "-q", "click==8.1.3")
    env.conda("install", "-y", "six")
    specs = read_requested_specs(env.prefix)
    done = env.json("pip update", "--all", "--yes")
    assert plan_of(done) == {"click": ("pip", "keep"), "idna": ("conda", "upgrade")}
    assert env.owners()["click"] == ("8.1.3", "pip")
    assert read_requested_specs(env.prefix) == specs
    assert env.findings() == []


def test_a_clone_keeps_to_what_was_requested_and_its_packages_can_be_updated(
    make_env: MakeEnv,
) -> None:
    env = make_env("python", "pip", "attrs=24.2.0")
    env.conda("pip install", "--yes", "six<1.16", "--from-pypi=six")
    copy = Env(base=env.base, name=f"{env.name}-copy")
    env.base.run("create", "-y", "-q", "-n", copy.name, "--clone", env.name)
    done = copy.json("pip update", "--all", "--yes")
    assert plan_of(done) == {"attrs": ("conda", "upgrade")}
    assert copy.owners()["six"] == ("1.15.0", "pip")
    assert read_requested_specs(copy.prefix)["attrs"] == "attrs"
    assert copy.findings() == []
