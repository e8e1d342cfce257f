"""What a package wrote over conda's file is found after nothing lists that package any more."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.alone import ALONE
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e

SHARED = "site-packages/shared.py"


@pytest.fixture
def channel(tmp_path: Path) -> str:
    """liba and libx have a file in common; libb is what pip installs, without it."""
    return write_channel(
        tmp_path / "channel",
        build_conda_package("liba", carries={"liba": "1.0"}, files={SHARED: "owner = 'liba'\n"}),
        build_conda_package("libb", "2.0", carries={"libb": "2.0"}),
        build_conda_package("libx", carries={"libx": "1.0"}, files={SHARED: "owner = 'libx'\n"}),
    )


@pytest.fixture
def env(make_env: MakeEnv, channel: str) -> Any:
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "liba")
    return env


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    return str(build_wheel(tmp_path, "libb", more={"shared.py": "owner = 'libb'\n"}))


def read_owner(env: Any) -> str:
    return str((env.site_packages / "shared.py").read_text().split("'")[1])


@pytest.mark.parametrize("remedy", ["repair", "repair liba", "restore liba"])
def test_conda_replaces_what_overwrote_its_file(
    env: Any, channel: str, wheel: str, remedy: str
) -> None:
    env.pip("install", "-q", "--no-compile", wheel)
    done = env.conda("install", "-y", "-c", channel, "libb=2.0")
    assert env.owners()["libb"] == ("2.0", "conda")
    assert read_owner(env) == "libb"
    assert env.findings() == [("damaged", "liba")]
    assert f"conda pip repair -n {env.name} liba" in done.stderr
    env.conda(f"pip {remedy}", "-y")
    assert read_owner(env) == "liba"
    assert env.findings() == []
    env.conda("pip undo", "-y")
    assert read_owner(env) == "libb"
    assert env.findings() == [("damaged", "liba")]


@pytest.mark.parametrize("reconcile", ["auto", "report"])
def test_reconciling_by_hand_remembers_it(
    env: Any, channel: str, wheel: str, reconcile: str
) -> None:
    env.pip("install", "-q", "--no-compile", wheel)
    env.conda("install", "-y", "-c", channel, "libb=2.0", **ALONE)
    assert env.findings() == [("stale-metadata", "libb"), ("clobbered", "liba")]
    done = env.conda("pip reconcile", "-y", CONDA_PLUGINS_PIP_INTEROP_RECONCILE=reconcile)
    assert f"conda pip repair -n {env.name} liba" in done.stderr
    assert env.findings() == [("damaged", "liba")]


def test_the_older_of_two_installations_takes_nothing_of_the_other_along(
    env: Any, tmp_path: Path, wheel: str
) -> None:
    env.pip("install", "-q", "--no-compile", wheel)
    newer = str(build_wheel(tmp_path, "libb", "1.5"))
    env.pip("install", "-q", "--no-compile", "--ignore-installed", newer)
    assert env.findings() == [("clobbered", "liba"), ("leftover", "libb")]
    env.conda("pip repair", "-y")
    assert env.findings() == []
    assert read_owner(env) == "liba"
    assert env.owners()["libb"] == ("1.5", "pip")


def test_an_edit_after_it_is_the_persons(env: Any, channel: str, wheel: str) -> None:
    env.pip("install", "-q", "--no-compile", wheel)
    env.conda("install", "-y", "-c", channel, "libb=2.0")
    module = env.site_packages / "shared.py"
    module.unlink()  # conda has linked it to its package cache
    module.write_text("owner = 'me'\n")
    assert env.findings() == []
    assert "conda-pip-interop" not in env.conda("install", "-y", "six").stderr
    assert read_owner(env) == "me"


def test_the_metadata_of_what_overwrote_it_is_deleted(env: Any, wheel: str) -> None:
    env.pip("install", "-q", "--no-compile", wheel)
    env.conda("install", "-y", "six")
    shutil.rmtree(env.site_packages / "libb-1.0.dist-info")
    assert env.findings() == [("damaged", "liba")]
    env.conda("pip repair", "-y")
    assert read_owner(env) == "liba"
    assert env.findings() == []


def test_conda_forgets_the_package_that_overwrote_it(env: Any, channel: str) -> None:
    env.conda("install", "-y", "-q", "-c", channel, "libx")
    env.pip("install", "-q", "cowsay")
    env.conda("install", "-y", "six")
    (record,) = (env.prefix / "conda-meta").glob("libx-*.json")
    record.unlink()
    env.conda("pip repair", "-y", "--clean-up", "libx")
    assert read_owner(env) == "libx"
    assert env.findings() == [("damaged", "liba")]
    env.conda("pip repair", "-y")
    assert read_owner(env) == "liba"
    assert env.findings() == []


@pytest.mark.parametrize("version", ["1.0", "1.5"])
def test_pip_removes_the_file_with_what_overwrote_it(
    env: Any, tmp_path: Path, wheel: str, version: str
) -> None:
    env.pip("install", "-q", "--no-compile", wheel)
    env.conda("install", "-y", "six")
    if version == "1.0":
        env.pip("uninstall", "-q", "-y", "libb")
    else:
        env.pip("install", "-q", "--no-compile", str(build_wheel(tmp_path, "libb", version)))
    assert env.findings() == [("damaged", "liba")]
    env.conda("pip repair", "-y")
    assert read_owner(env) == "liba"
    assert env.findings() == []
