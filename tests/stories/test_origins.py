"""Where what pip installs for us came from is kept: the file, its hash, and what was asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import ORIGINS_FILE
from conda_pip_interop.changes.origins import read_provenance
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.environments import Env, MakeEnv
from tests.support.index_server import PASSWORD, USER, serve_index
from tests.support.pip_worlds import build_project, build_sdist, build_wheel
from tests.world.cache import file_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.e2e


def read(env: Env) -> Mapping[Any, Any]:
    """What is known of the environment's distributions."""
    return read_provenance(env.prefix, read_snapshot(env.prefix).distributions)


def test_the_file_of_each_wheel_is_kept_with_the_request(make_env: MakeEnv, tmp_path: Path) -> None:
    www = tmp_path / "www"
    wheel = build_wheel(www / "simple/private", "private", requires=["helper"], extras=["more"])
    build_wheel(www / "simple/helper", "helper")
    build_sdist(www / "simple/built", build_project(tmp_path / "built", "built"), "built")
    (tmp_path / "limits.txt").write_text("private<2\n")
    env = make_env("python", "pip")
    with serve_index(www) as index:
        options = (
            "-i",
            index.url(f"{USER}:{PASSWORD}"),
            "--constraint",
            str(tmp_path / "limits.txt"),
        )
        env.conda("pip install", "--yes", "private[more]>=1", "built", *options)
        known = read(env)
        assert known["private"].requested == "private[more]>=1"
        assert known["private"].constraint == "<2"
        assert known["private"].url == f"{index.url()}private/{wheel.name}"
        assert known["private"].sha256 == file_digest(wheel)
        variables = "${INDEX_127_0_0_1_USER}:${INDEX_127_0_0_1_PASSWORD}"
        assert known["private"].options == (f"--index-url {index.url(variables)}",)
        assert known["helper"].requested == ""
        assert known["built"].url == f"{index.url()}built/built-1.0.tar.gz"
    assert PASSWORD not in (env.prefix / ORIGINS_FILE).read_text()

    env.pip("install", "-q", "--force-reinstall", "--no-deps", "--no-index", str(wheel))
    assert read(env).keys() == {"helper", "built"}, "pip has a direct_url.json of its own"


def test_an_undo_takes_it_back_and_a_failure_leaves_none(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay==6.0")
    before = (env.prefix / ORIGINS_FILE).read_bytes()
    env.conda("pip install", "--yes", "cowsay==6.1")
    assert read(env)["cowsay"].version == "6.1"
    env.conda("pip undo", "--yes")
    assert read(env)["cowsay"].version == "6.0"
    assert (env.prefix / ORIGINS_FILE).read_bytes() == before
    assert env.conda("pip install", "--yes", "cowsay==99", check=False).returncode == 1
    assert (env.prefix / ORIGINS_FILE).read_bytes() == before


def test_a_repair_keeps_the_request_and_uv_tells_as_much(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    (tmp_path / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    uv: dict[str, Any] = {
        "CONDA_PLUGINS_PIP_INTEROP_INSTALLER": "uv",
        "PATH": f"{tmp_path}:/usr/bin:/bin",
    }
    env.conda("pip install", "--yes", "cowsay>=6", **uv)
    known = read(env)["cowsay"]
    assert (known.requested, known.url.rpartition("/")[2]) == (
        "cowsay>=6",
        "cowsay-6.1-py3-none-any.whl",
    )
    (env.site_packages / "cowsay/__init__.py").unlink()
    env.conda("pip repair", "--yes")
    again = read(env)["cowsay"]
    assert (again.requested, again.sha256) == ("cowsay>=6", known.sha256)
    assert json.loads((env.prefix / ORIGINS_FILE).read_text())["format"] == 1


def test_a_clone_and_a_renamed_environment_keep_it(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay==6.1")
    known = read(env)
    assert known.keys() == {"cowsay"}
    copy = Env(base=env.base, name=f"{env.name}-copy")
    env.base.run("create", "-y", "-q", "-n", copy.name, "--clone", env.name)
    assert read(copy) == known
    moved = Env(base=env.base, name=f"{env.name}-moved")
    env.base.run("rename", "-n", copy.name, moved.name)
    assert read(moved) == known
    env.base.run("env", "remove", "-y", "-n", moved.name)
