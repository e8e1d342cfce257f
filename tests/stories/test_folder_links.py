"""A folder that a conda package has as a symbolic link inside the environment: two paths, one file.

A wheel that has a file below the link writes it into the folder, over conda's own.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel
from tests.world.package import Link

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env
    from tests.world.package import Package

pytestmark = pytest.mark.e2e

OWN = "share/x/real/own.txt"
BEHIND = "share/x/alias/own.txt"
NEW = "share/x/alias/sub/new.txt"


def build_aliased() -> Package:
    """`share/x/alias` leads to `share/x/real`, `share/x/nest/inner` through it to a folder."""
    files = {OWN: "conda's\n", "share/x/real/deep/own.txt": "conda's\n"}
    package = build_conda_package("aliased", carries={"aliased": "1.0"}, files=files)
    links = (
        Link(path="share/x/alias", target="real"),
        Link(path="share/x/nest/inner", target="../alias/deep"),
    )
    return replace(package, files=(*package.files, *links))


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    return write_channel(tmp_path_factory.mktemp("channel"), build_aliased())


@pytest.fixture(scope="module")
def prepared(prepare_env: MakeEnv, channel: str) -> Env:
    env = prepare_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "aliased")
    return env


@pytest.fixture
def env(make_env: MakeEnv, prepared: Env) -> Any:
    """An environment with conda's package."""
    return make_env(like=prepared)


def read(env: Env, path: str = OWN) -> str:
    return (env.prefix / path).read_text()


@pytest.mark.parametrize("path", [BEHIND, "share/x/nest/inner/own.txt"])
def test_what_pip_writes_through_the_link_is_found_and_put_back(
    env: Env, tmp_path: Path, path: str
) -> None:
    real = os.path.relpath(os.path.realpath(env.prefix / path), os.path.realpath(env.prefix))
    wheel = build_wheel(tmp_path, "through", data={path: "pip's\n"})
    env.pip("install", "-q", str(wheel))
    assert read(env, real) == "pip's\n"
    assert env.findings() == [("clobbered", "aliased")]
    assert real in env.conda("pip check", check=False).stdout
    env.conda("pip uninstall through", "--yes")
    assert read(env, real) == "conda's\n"
    assert env.findings() == []
    assert (env.prefix / "share/x/alias").is_symlink()


def test_restore_puts_back_what_pip_wrote_through_the_link(env: Env, tmp_path: Path) -> None:
    env.pip("install", "-q", str(build_wheel(tmp_path, "through", data={BEHIND: "pip's\n"})))
    env.conda("pip repair", "--yes")
    assert read(env) == "conda's\n"
    assert env.findings() == []


def test_an_installation_through_the_link_is_refused(env: Env, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "through", data={BEHIND: "pip's\n"})
    refused = env.conda("pip install", str(wheel), "--yes", check=False)
    assert refused.returncode == 1
    assert "pip's through would overwrite 1 file of conda's aliased" in refused.stderr
    assert OWN in refused.stderr
    assert read(env) == "conda's\n"


def test_an_override_through_the_link_can_be_undone(env: Env, tmp_path: Path) -> None:
    wheel = build_wheel(tmp_path, "through", data={BEHIND: "pip's\n", NEW: "pip's\n"})
    env.conda("pip install --break-other-managers", str(wheel), "--yes")
    assert read(env) == "pip's\n"
    assert (env.prefix / "share/x/alias").is_symlink()
    env.conda("pip undo", "--yes")
    assert read(env) == "conda's\n"
    assert not (env.prefix / NEW).exists()
    assert env.findings() == []


def test_a_file_beside_those_of_conda_comes_and_goes_through_the_link(
    env: Env, tmp_path: Path
) -> None:
    wheel = build_wheel(tmp_path, "through", data={NEW: "pip's\n"})
    env.conda("pip install", str(wheel), "--yes")
    assert read(env, "share/x/real/sub/new.txt") == "pip's\n"
    assert env.findings() == []
    env.conda("pip uninstall through", "--yes")
    assert not (env.prefix / "share/x/real/sub").exists()
    assert read(env) == "conda's\n"
    assert env.findings() == []


def test_a_link_that_comes_with_the_same_plan_counts(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    wheel = build_wheel(tmp_path, "through", requires=["aliased"], data={BEHIND: "pip's\n"})
    refused = env.conda(
        "pip install", "-c", channel, f"through @ {wheel.as_uri()}", "--yes", check=False
    )
    assert refused.returncode == 1
    assert "would overwrite" in refused.stderr
    assert not (env.prefix / OWN).exists()
    assert env.findings() == []
