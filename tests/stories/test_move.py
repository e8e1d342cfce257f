"""`conda pip create`, `sync` and `install -r`: an environment from what files say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.stories.tree import compare_records, hash_tree
from tests.support.channels import build_carrying_package, write_channel
from tests.support.environments import Env, MakeEnv

pytestmark = pytest.mark.e2e

PROJECT = """\
[project]
name = "web"
version = "1"
requires-python = ">=3.11,<3.12"
dependencies = ["six"]
[project.optional-dependencies]
art = ["cowsay"]
[dependency-groups]
dev = ["idna"]
"""
FILE = """\
dependencies:
  - python=3.11
  - pip
  - click=8.1.7
  - pip:
      - cowsay==6.0
      - six
      - click==8.1.3  # in place of conda's click
variables:
  GREETING: hello
"""
#: With these neither a solver nor an index can be asked.
NOWHERE = {"CONDA_SOLVER": "none-such", "PIP_NO_INDEX": "1"}


def test_an_environment_is_created_from_a_project_and_follows_its_files(
    again: Env, tmp_path: Path
) -> None:
    project, yml, lock = (tmp_path / name for name in ("pyproject.toml", "web.yml", "pylock.toml"))
    project.write_text(PROJECT)
    yml.write_text(FILE)
    words = (str(project), "--extra", "art", "--group", "dev")
    planned = again.json("pip create", *words, "--dry-run")["plan"]
    by_conda = {one["name"] for one in planned if one["manager"] == "conda"}
    assert by_conda == {"python", "six", "idna"}
    assert not again.prefix.exists()
    again.conda("pip create", *words, "--yes")
    versions = again.owners()
    assert [versions[name][1] for name in ("cowsay", "six")] == ["pip", "conda"]
    assert again.python("import sys; print(sys.version_info[:2])") == "(3, 11)"
    assert "# update specs: " in (again.prefix / "conda-meta/history").read_text()
    refused = again.conda("pip create", str(yml), "--yes", check=False)
    assert (refused.returncode, "exists already" in refused.stderr) == (1, True)
    again.conda("pip export", "-o", str(lock))

    assert again.json("pip sync", str(yml), "--check", check=False)["in_sync"] is False
    done = again.conda("pip sync", str(yml), "--yes").stdout
    assert "not needed by web.yml" in done
    owners = again.owners()
    assert (owners["click"], owners["six"]) == (("8.1.3", "pip"), versions["six"])
    assert (owners["cowsay"], "idna" in owners) == (("6.0", "pip"), False)
    assert json.loads((again.prefix / "conda-meta/state").read_text()) == {
        "env_vars": {"GREETING": "hello"}
    }
    assert again.findings() == []
    again.conda("pip sync", str(yml), "--check")
    again.conda("pip install", "-r", str(yml), "--yes")

    again.conda("pip sync", str(lock), "--yes", check=True, **NOWHERE)
    assert (again.owners(), again.findings()) == (versions, [])
    again.conda("pip undo", "--yes")
    assert (again.owners()["cowsay"], again.findings()) == (("6.0", "pip"), [])


def test_a_project_says_where_to_search_and_under_which_names(again: Env, tmp_path: Path) -> None:
    lab = write_channel(tmp_path / "lab", build_carrying_package("bovine", carries="cowsay"))
    project = tmp_path / "pyproject.toml"
    table = f'channels = ["{lab}"]\nnames = {{ cowsay = "bovine", six = false }}\n'
    project.write_text(f"{PROJECT}[tool.conda-pip-interop]\n{table}")
    words = ("pip create", str(project), "--extra", "art", "--dry-run")
    planned = again.json(*words)["plan"]
    managers = {one["name"]: one["manager"] for one in planned}
    assert managers == {"python": "conda", "bovine": "conda", "six": "pip"}
    project.write_text(f'{PROJECT}[tool.conda-pip-interop]\nprefer = "pypi"\n')
    planned = again.json(*words)["plan"]
    assert {one["manager"] for one in planned if one["name"] != "python"} == {"pip"}
    project.write_text(f'{PROJECT}[tool.conda-pip-interop]\nchannel = ["{lab}"]\n')
    refused = again.conda(*words, check=False)
    assert (refused.returncode, "not 'channel'" in refused.stderr) == (2, True)


def test_a_failed_create_leaves_no_environment_and_says_why(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "six")
    env.conda("pip install", "--yes", "cowsay")
    lock = tmp_path / "pylock.toml"
    env.conda("pip export", "-o", str(lock))
    text = lock.read_text()
    listed = Path(again.base.scratch / "home/.conda/environments.txt")
    wheel, packages = text.split("[tool.conda-pip-interop]")
    for parts, message in (
        ((wheel, spoil(packages)), "does not have the hash that the lock states"),
        ((spoil(wheel), packages), "DO NOT MATCH THE HASHES"),
    ):
        lock.write_text("[tool.conda-pip-interop]".join(parts))
        failed = again.conda("pip create", str(lock), "--yes", check=False)
        assert (failed.returncode, message in failed.stderr) == (1, True)
        assert not again.prefix.exists()
    (tmp_path / "r.txt").write_text("six\ncowsay==66.0\n")
    failed = again.conda("pip create", str(tmp_path / "r.txt"), "--yes", check=False)
    assert (failed.returncode, "cowsay==66.0" in failed.stderr) == (1, True)
    assert not again.prefix.exists()
    assert not listed.exists() or again.name not in listed.read_text()
    lock.write_text(text)
    again.conda("pip create", str(lock), "--yes", check=True, **NOWHERE)
    assert (again.owners(), again.findings()) == (env.owners(), [])
    fingerprint = again.conda("pip status", "--fingerprint").stdout
    assert fingerprint == env.conda("pip status", "--fingerprint").stdout


def spoil(text: str) -> str:
    """Change the first SHA-256."""
    before, mark, after = text.partition('sha256 = "')
    return f"{before}{mark}{'0' * 64}{after[64:]}"


def test_undo_brings_back_pips_package_in_place_of_one_that_a_sync_removed(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "click=8.1.7", "itsdangerous")
    without, restored = tmp_path / "pylock.toml", tmp_path / "pylock.restored.toml"
    make_env("python", "pip").conda("pip export", "-o", str(without))
    env.conda("pip export", "-o", str(restored))
    env.conda("pip install", "--yes", "click==8.1.3", "--break-other-managers=click")
    before, files = env.owners(), hash_tree(env.prefix, but="conda-meta/pip-interop")
    assert before["click"] == ("8.1.3", "pip")
    for lock, owners in (
        (without, {"pip": "conda"}),
        (restored, {"pip": "conda", "click": "conda", "itsdangerous": "conda"}),
    ):
        env.conda("pip sync", str(lock), "--yes")
        assert {name: owner for name, (_, owner) in env.owners().items()} == owners
        env.conda("pip undo", "--yes")
        assert (env.owners(), env.findings()) == (before, [])
        assert compare_records(env) == (set(), set())
        assert hash_tree(env.prefix, but="conda-meta/pip-interop") == files
    assert env.python("import click, itsdangerous; print(click.__file__)")
    env.conda("pip restore", "--yes", "click")
    assert (env.owners()["click"], env.findings()) == (("8.1.7", "conda"), [])
