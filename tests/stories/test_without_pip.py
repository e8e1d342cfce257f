"""Neither the environment nor base has pip: uv needs none, else one of the channels does it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import write_channel
from tests.support.pip_worlds import build_project

if TYPE_CHECKING:
    from tests.support.environments import Env, MakeEnv
    from tests.world.base import Base

pytestmark = pytest.mark.e2e


@pytest.fixture
def env(own_base: Base, make_env: MakeEnv) -> Env:
    """An environment without pip, of a base whose pip was removed."""
    (site_packages,) = (own_base.prefix / "lib").glob("python3.*/site-packages")
    for folder in site_packages.glob("pip*"):
        if folder.name == "pip" or folder.name.startswith("pip-"):
            shutil.rmtree(folder)
    return make_env("python", base=own_base)


@pytest.fixture
def by_uv(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    path = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    return {"CONDA_PLUGINS_PIP_INTEROP_INSTALLER": "uv", "PATH": path}


def test_pip_of_the_channel_installs_and_stays_out_of_the_environment(
    env: Env, tmp_path: Path
) -> None:
    done = env.conda("pip install", "--yes", "cowsay")
    assert "Traceback" not in done.stderr
    assert env.owners() == {"cowsay": ("6.1", "pip")}
    first, *_ = (env.prefix / "bin" / "cowsay").read_text().splitlines()
    assert first == f"#!{env.prefix}/bin/python"
    assert "pip" not in env.records()
    env.conda("pip install", "--yes", "-e", str(build_project(tmp_path / "mine", "mine")))
    env.python("import cowsay, mine")
    assert "cache" in env.conda("pip cache", "dir").stdout
    env.conda("pip uninstall", "--yes", "cowsay")
    assert env.owners().keys() == {"mine"}


def test_uv_needs_no_pip_and_reads_its_configuration(
    env: Env, by_uv: dict[str, Any], tmp_path: Path
) -> None:
    index = env.base.env()["PIP_INDEX_URL"]
    empty = write_channel(tmp_path / "channel")  # no pip for a moment either
    words = ("--yes", "--override-channels", "-c", empty)
    (tmp_path / "pip.conf").write_text(f"[global]\nindex-url = {index}\n")
    here: dict[str, Any] = {"PIP_INDEX_URL": "", "PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    env.conda("pip install", *words, "cowsay", **by_uv, **here)
    assert env.owners() == {"cowsay": ("6.1", "pip")}
    wrong = tmp_path / "wrong.conf"
    wrong.write_text("no section\n")
    refused = env.conda(
        "pip install", *words, "six", check=False, **by_uv, PIP_CONFIG_FILE=str(wrong)
    )
    assert f"pip's configuration file {wrong} cannot be read" in refused.stderr


def test_without_any_pip_the_way_on_is_told(env: Env, tmp_path: Path) -> None:
    empty = write_channel(tmp_path / "channel")
    words = ("--yes", "--override-channels", "-c", empty)
    refused = env.conda("pip install", *words, "cowsay", check=False)
    assert refused.returncode == 1
    assert f"conda install -n {env.name} pip" in refused.stderr
    assert "Traceback" not in refused.stderr
