"""A conda package whose METADATA states another version than its record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """METADATA that says 0.0.0, and a package of another name and version than its project."""
    return write_channel(
        tmp_path_factory.mktemp("channel"),
        build_conda_package("formulae", "0.5.3", carries={"formulae": "0.0.0"}),
        build_conda_package("py-opencv", "4.9.0", carries={"opencv_python": "4.9.0.80"}),
    )


@pytest.mark.parametrize("installed", [True, False])
def test_the_version_of_the_record_counts_everywhere(
    make_env: MakeEnv, channel: str, tmp_path: Path, installed: bool
) -> None:
    env = make_env("python", "pip")
    if installed:
        env.conda("install", "-y", "-q", "-c", channel, "formulae")
    wheel = str(build_wheel(tmp_path, "bambi", requires=["formulae>=0.5"]))
    env.conda("pip install", "-y", "-c", channel, wheel)
    assert env.findings() == []
    assert env.owners()["formulae"] == ("0.5.3", "conda")
    assert "formulae==0.5.3" in env.conda("pip freeze", "--all").stdout
    assert "Version: 0.5.3" in env.conda("pip show", "formulae").stdout
    for words in (("pip tree", "bambi"), ("pip why", "formulae")):
        told = env.conda(*words).stdout
        assert "formulae 0.5.3" in told
        assert "0.0.0" not in told
    again = env.conda("pip install", "-y", "-c", channel, "formulae>=0.5.2")
    assert "0.0.0" not in again.stdout + again.stderr
    refused = env.conda("pip install", "-y", "-c", channel, "formulae>=0.6", check=False)
    assert refused.returncode == 1
    assert "0.0.0" not in refused.stderr
    warned = env.conda("remove", "--dry-run", "formulae")
    assert "bambi 1.0 requires formulae>=0.5, but formulae would be removed" in warned.stderr


def test_the_version_of_what_pip_put_in_its_place_counts(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "formulae")
    env.pip("install", "-q", str(build_wheel(tmp_path, "formulae", "0.4")))
    env.pip(
        "install",
        "-q",
        "--no-deps",
        str(build_wheel(tmp_path, "bambi", requires=["formulae>=0.5"])),
    )
    assert env.owners()["formulae"] == ("0.4", "pip")
    (unmet,) = (
        one for one in env.json("pip check", check=False)["findings"] if one["kind"] == "unmet"
    )
    assert "formulae is 0.4" in unmet["summary"]
    env.conda("pip restore", "-y", "formulae")
    assert env.findings() == []


@pytest.mark.parametrize("cached", [True, False])
def test_a_project_of_another_name_counts_as_what_the_package_contains(
    make_env: MakeEnv, tmp_path: Path, cached: bool
) -> None:
    """The channel says 4.9.0 of py-opencv; only its files say opencv-python 4.9.0.80."""
    package = build_conda_package(
        "py-opencv", "4.9.0", carries={"opencv_python": "4.9.0.80"}, files={"x": str(cached)}
    )
    channel = write_channel(tmp_path / "channel", package)
    env = make_env("python", "pip")
    if cached:
        env.conda("install", "-y", "-q", "-c", channel, "--download-only", "py-opencv")
    wheels = tmp_path / "wheels"
    build_wheel(wheels, "opencv_python", "4.8.1")
    wheel = str(build_wheel(tmp_path, "app", requires=["opencv-python<=4.9.0"]))
    words = ("-y", "-c", channel, "--find-links", str(wheels))
    if cached:
        asked = ("--from-conda=opencv-python", "opencv-python<=4.9.0")
        refused = env.conda("pip install", *words, *asked, check=False)
        assert refused.returncode == 1
        assert "conda's py-opencv contains opencv-python 4.9.0.80" in refused.stderr
    done = env.conda("pip install", *words, wheel)
    assert "contains opencv-python 4.9.0.80" in done.stdout
    assert env.owners()["opencv-python"] == ("4.8.1", "pip")
    assert env.findings() == []


def test_what_the_package_contains_satisfies(
    make_env: MakeEnv, channel: str, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-y", "-q", "-c", channel, "py-opencv")
    before: Any = hash_tree(env.prefix / "conda-meta", but="pip-interop")
    wheel = str(build_wheel(tmp_path, "app", requires=["opencv-python>=4.9.0.80"]))
    env.conda("pip install", "-y", wheel)
    assert env.owners()["opencv-python"] == ("4.9.0.80", "conda")
    assert hash_tree(env.prefix / "conda-meta", but="pip-interop") == before
    assert env.findings() == []
