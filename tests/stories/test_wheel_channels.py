"""Channels of wheels (repodata version 3): what conda installs from one is conda's."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.support.channels import split_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel
from tests.support.wheel_channels import add_wheel_extractor, write_wheel_channel

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = [pytest.mark.e2e, pytest.mark.needs_conda("26.7", "repodata version 3")]

RATTLER: dict[str, Any] = {"CONDA_SOLVER": "rattler"}


@pytest.fixture(params=["repodata", "shards"])
def channel(request: pytest.FixtureRequest, base: Base, tmp_path: Path) -> str:
    """A channel of the wheels of web-app and web-core, which it needs; no index has them."""
    only_old = 'backport>=1[when="python<3.1"]'
    depends = {"web_app": ("web-core>=1", only_old), "web_core": ()}
    wheels = {build_wheel(tmp_path / "wheels", name): depends[name] for name in depends}
    folder = tmp_path / "channel"
    url = write_wheel_channel(folder, wheels)
    if request.param == "shards":
        split_channel(folder, base)
        for file in folder.glob("*/repodata.json"):
            file.unlink()
    return url


def test_conda_supplies_its_wheels(
    own_base: Base, make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    add_wheel_extractor(own_base)
    env = make_env("python", "pip", base=own_base)
    words = ("--yes", "-c", channel, "web_app", "six")
    own: dict[str, Any] = {**RATTLER, "CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    env.conda("pip install", *words, **own)
    owners = env.owners()
    assert {owners[name] for name in ("web-app", "web-core")} == {("1.0", "conda")}
    assert env.findings() == []
    assert "web-app" in env.conda("pip why", "web-core").stdout
    assert "already" in env.conda("pip install", *words, **own).stdout

    record = env.prefix / "conda-meta/web-app-1.0-py3_none_any_0.json"
    record.unlink()
    shutil.rmtree(env.prefix / STATE_FOLDER, ignore_errors=True)
    (finding,) = env.json("pip check", check=False)["findings"]
    assert (finding["kind"], finding["details"]["package_available"]) == ("lost-record", True)
    env.conda("pip repair", "--yes", **own)
    assert record.is_file()
    assert env.findings() == []

    env.pip("install", "-q", str(build_wheel(tmp_path, "web_core", "2.0")))
    assert env.findings() == [("overridden", "web-core")]
    env.conda("pip restore", "--yes", "web-core", **own)
    assert env.owners()["web-core"] == ("1.0", "conda")
    assert env.findings() == []


@pytest.mark.parametrize("solver", ["rattler", "classic"])
def test_pip_supplies_what_conda_cannot_install(
    make_env: MakeEnv, channel: str, tmp_path: Path, solver: str
) -> None:
    if solver == "classic" and not (tmp_path / "channel/noarch/repodata.json").is_file():
        pytest.skip("the classic solver reads no shards")
    env = make_env("python", "pip")
    variables: dict[str, Any] = {
        "CONDA_SOLVER": solver,
        "PIP_FIND_LINKS": (tmp_path / "wheels").as_uri(),
    }
    env.conda("pip install", "--yes", "-c", channel, "web-core", **variables)
    assert env.owners()["web-core"] == ("1.0", "pip")
    assert env.findings() == []
