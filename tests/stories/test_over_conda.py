"""pip's files over conda's: refused, unless they are named; and then there is a way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_project, build_wheel

pytestmark = pytest.mark.e2e


def hash_env(env: Any) -> list[str]:
    return [hash_tree(env.prefix / one) for one in ("lib", "bin")]


def test_files_of_another_name_are_refused_naming_both_unless_it_is_let(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "ninja")
    tool = build_wheel(tmp_path, "tool", data={"bin/ninja": "x", "share/tool/x": "y"})
    before = hash_env(env)
    refused = env.conda("pip install", "--yes", str(tool), "cowsay", "six", check=False)
    assert refused.returncode == 1
    assert "pip's tool would overwrite 1 file of conda's ninja (something else)" in refused.stderr
    assert "bin/ninja for one" in refused.stderr
    assert hash_env(env) == before

    env.conda("pip install", "--yes", str(tool), "--break-other-managers")
    assert env.findings() == []
    (row,) = (one for one in env.json("pip list")["distributions"] if one["name"] == "tool")
    assert (row["owner"], row["in_place_of"]) == ("pip", "ninja")
    assert (env.prefix / "bin/ninja").read_text() == "x"
    env.conda("pip restore", "--yes", "ninja")
    assert hash_env(env) == before
    assert not (env.prefix / "share/tool").exists()

    # conda's ninja is a program: the project of that name is pip's, and over it by name alone
    assert env.conda("pip install", "--yes", "ninja", check=False).returncode == 1
    env.conda("pip install", "--yes", "ninja", "--break-other-managers")
    assert env.owners()["ninja"] == ("1.11.1.3", "pip")
    env.conda("pip undo", "--yes")
    assert hash_env(env) == before


def test_a_development_build_of_numpy_over_condas(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "numpy=2.1.3")
    build_project(tmp_path / "numpy", "numpy", "2.4.0.dev0")
    before = hash_env(env)
    argv = ("--yes", str(tmp_path / "numpy"))
    refused = env.conda("pip install", *argv, check=False)
    assert refused.returncode == 1
    assert "pip would overwrite conda's numpy 2.1.3" in refused.stderr
    assert f"`conda remove -n {env.name} numpy`" in refused.stderr
    env.conda("pip install", *argv, "--break-other-managers")
    assert env.owners()["numpy"] == ("2.4.0.dev0", "pip")
    assert env.python("import numpy; print(numpy.settings)") == "{}"
    assert not (env.prefix / "bin/f2py").exists()  # of conda's numpy
    assert env.findings() == []
    listed = {one["name"]: one["version"] for one in env.json("list")}
    assert listed["numpy"] == "2.4.0.dev0"
    env.conda("install", "--yes", "six")
    assert env.owners()["numpy"] == ("2.4.0.dev0", "pip")
    env.conda("remove", "--yes", "six")
    env.conda("pip restore", "--yes", "numpy")
    assert hash_env(env) == before
    assert env.findings() == []


def test_the_flag_means_the_command_line_and_files_where_it_names_nothing(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    build_project(tmp_path / "click", "click", "9.9")
    build_project(tmp_path / "mine", "mine")
    file = tmp_path / "requirements.txt"
    file.write_text("./click\n")
    flag = "--break-other-managers"
    before = hash_env(env)
    words = ("--yes", flag, str(tmp_path / "mine"), "-r", str(file))
    refused = env.conda("pip install", *words, check=False)
    assert refused.returncode == 1
    assert "would overwrite conda's click 8.1.7" in refused.stderr
    assert hash_env(env) == before

    env.conda("pip install", "--yes", flag, "-r", str(file))
    assert env.owners()["click"] == ("9.9", "pip")
