"""Channels of shards (CEP 16): a file a package name, which conda reads in place of repodata."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.support.channels import build_conda_package, split_channel, write_channel
from tests.support.environments import MakeEnv

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = [pytest.mark.e2e, pytest.mark.needs_conda("26.7", "sharded repodata")]

# conda's classic solver reads no shards.
RATTLER: dict[str, Any] = {"CONDA_SOLVER": "rattler"}


@pytest.fixture(params=["shards alone", "broken repodata beside the shards"])
def channel(request: pytest.FixtureRequest, base: Base, tmp_path: Path) -> str:
    """A channel with two versions of kit, which needs kin, and others; all in shards."""
    folder = tmp_path / "channel"
    packages = [
        build_conda_package("kit", version, "kin", carries={"kit": version})
        for version in ("1.0", "2.0")
    ]
    url = write_channel(
        folder,
        *packages,
        build_conda_package("kin", carries={"kin": "1.0"}),
        build_conda_package("lone", carries={"lone": "1.0"}),
        build_conda_package("far.away", carries={"far-away": "1.0"}),
    )
    split_channel(folder, base)
    for file in folder.glob("*/repodata.json"):
        if request.param == "shards alone":
            file.unlink()
        else:
            file.write_text("{")
    return url


def test_conda_supplies_what_the_shards_have(make_env: MakeEnv, channel: str) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "-c", channel, "kit<2", "cowsay", **RATTLER)
    owners = env.owners()
    assert owners["kit"] == ("1.0", "conda")
    assert owners["kin"] == ("1.0", "conda")
    assert owners["cowsay"][1] == "pip"
    again = env.conda("pip install", "--yes", "-c", channel, "kit<2", **RATTLER)
    assert "already" in again.stdout + again.stderr
    rows = env.json("pip list", "--outdated", CONDA_CHANNELS=channel, **RATTLER)["distributions"]
    assert ("kit", "2.0") in {(row["name"], row["latest"]) for row in rows}
    env.conda("pip install", "--yes", "-U", "-c", channel, "kit", **RATTLER)
    assert env.owners()["kit"] == ("2.0", "conda")
    assert env.findings() == []


def test_a_channel_of_shards_alone_names_a_solver_that_reads_them(base: Base, channel: str) -> None:
    for file in Path(channel.removeprefix("file://")).glob("*/repodata.json"):
        file.unlink()
    told = base.run("pip", "names", "-c", channel, "kit", check=False, CONDA_SOLVER="classic")
    assert told.returncode == 1
    assert "has sharded repodata alone, and the solver classic does not read it" in told.stderr
    assert "`conda config --set solver rattler`" in told.stderr


def test_other_spellings_are_found_in_the_index_of_shards(base: Base, channel: str) -> None:
    told = base.run("pip", "names", "-c", channel, "far-away", "unheard-of", **RATTLER).stdout
    assert "far.away" in told


def test_a_record_is_recovered_from_a_package_in_shards(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    cache: dict[str, Any] = {**RATTLER, "CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    env.conda("install", "-c", channel, "lone=1.0", **cache)
    (env.prefix / "conda-meta/lone-1.0-pyhd_0.json").unlink()
    for copies in (tmp_path / "pkgs", env.prefix / STATE_FOLDER):
        shutil.rmtree(copies, ignore_errors=True)
    assert env.findings() == [("lost-record", "lone")]
    env.conda("pip repair", "--yes", **cache)
    assert env.findings() == []
    assert env.owners()["lone"] == ("1.0", "conda")
