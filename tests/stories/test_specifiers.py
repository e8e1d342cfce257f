"""`conda create --file` and `conda env create` from pyproject.toml and pylock.toml."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_project

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.needs_conda("26.3", "conda_environment_specifiers with file names"),
]

PROJECT = """\
[project]
name = "web"
version = "1"
requires-python = ">=3.11,<3.12"
dependencies = ["six<2", "cowsay==6.0", "idna; python_version >= '3.11'"]
"""


@pytest.mark.parametrize("command", ["create", "env create"])
def test_conda_creates_an_environment_of_a_project_as_conda_pip_does(
    make_env: MakeEnv, again: Env, tmp_path: Path, command: str
) -> None:
    ours = make_env("python", "pip")
    shutil.rmtree(ours.prefix)
    project = tmp_path / "pyproject.toml"
    project.write_text(PROJECT)
    ours.conda("pip create", "--yes", str(project))
    again.conda(command, "--file", str(project))
    assert (again.owners(), again.records()) == (ours.owners(), ours.records())
    assert again.owners()["cowsay"] == ("6.0", "pip")
    assert again.findings() == []
    assert "six[version='<2dev0']" in (again.prefix / "conda-meta/history").read_text()


@pytest.mark.parametrize("command", ["create", "env create"])
def test_conda_creates_the_environment_of_a_lock_with_pips_part(
    make_env: MakeEnv, again: Env, tmp_path: Path, command: str
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    build_project(tmp_path / "plain", "plain")
    env.conda("pip install", "--yes", "cowsay", str(tmp_path / "plain"))
    env.conda("pip install", "--yes", "click==8.1.3", "--break-other-managers=click")
    lock = tmp_path / "pylock.toml"
    env.conda("pip export", "-o", str(lock))
    again.conda(command, "--file", str(lock), CONDA_SOLVER="classic")
    assert (again.owners(), again.records()) == (env.owners(), env.records())
    assert again.findings() == []
    again.conda("pip sync", str(lock), "--check")
    assert (
        again.conda("pip status", "--fingerprint").stdout
        == env.conda("pip status", "--fingerprint").stdout
    )


def test_what_conda_cannot_create_is_refused_with_what_to_do(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    lock, project = tmp_path / "pylock.toml", tmp_path / "pyproject.toml"
    lock.write_text('lock-version = "1.0"\ncreated-by = "x"\npackages = []\n')
    refused = again.conda("create", "--file", str(lock), check=False)
    assert refused.returncode == 1
    assert "was written by another tool" in refused.stderr
    project.write_text(PROJECT.replace("cowsay==6.0", "cowsay==66"))
    failed = again.conda("create", "--file", str(project), check=False)
    assert failed.returncode == 1
    assert "conda's part of pyproject.toml was installed in" in failed.stderr
    assert f"conda pip install -n {again.name} -r {project}" in failed.stderr
    env = make_env("python", "pip")
    project.write_text(PROJECT)
    other = env.conda("install", "--file", str(project), check=False)
    assert (other.returncode, "conda pip install -r" in other.stderr) == (1, True)
    assert "six" not in env.records()
    planned = again.base.run("create", "-n", "none", "--file", str(project), "--dry-run")
    assert "cowsay" not in planned.stderr
    assert not (again.base.envs / "none").exists()
