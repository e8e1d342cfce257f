"""What pip has installed is held by later installations, and what the user requested above all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_wheel
from tests.support.plans import plan_of, reasons_of

if TYPE_CHECKING:
    from tests.support.environments import Env

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Versions that no channel has, and what requires one."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("1.1", "2.1.5", "3.0.4"):
        build_wheel(folder, "markupsafe", version)
    build_wheel(folder, "jinja2", "3.1.6", requires=["markupsafe>=2"])
    build_wheel(folder, "modern", requires=["markupsafe>=3"])
    build_wheel(folder, "modern", "0.9", requires=["markupsafe"])
    build_wheel(folder, "newest", requires=["markupsafe>=3"])
    return folder


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A program of conda's that only conda has, and that needs what pip has."""
    return write_channel(
        tmp_path_factory.mktemp("channel") / "conda-forge",
        build_conda_package("only-conda", "1.0", "markupsafe >=3", carries={"only_conda": "1.0"}),
        build_conda_package("undemanding", "1.0", "markupsafe", carries={"undemanding": "1.0"}),
    )


def install(env: Env, wheels: Path, *words: str, **options: Any) -> Any:
    """The document of an installation."""
    argv = ("--yes", "--find-links", str(wheels))
    return env.json("pip install", *argv, *words, **options)


def test_what_pip_has_is_held_and_the_newcomer_goes_to_pip(make_env: MakeEnv, wheels: Path) -> None:
    env = make_env("python", "pip")
    install(env, wheels, "markupsafe==2.1.5")
    done = install(env, wheels, "jinja2")
    assert plan_of(done) == {"jinja2": ("pip", "install"), "markupsafe": ("pip", "keep")}
    assert reasons_of(done)["jinja2"] == (
        "conda cannot install it beside the markupsafe that pip has installed"
    )
    assert env.owners()["markupsafe"] == ("2.1.5", "pip")
    assert env.findings() == []


def test_what_cannot_be_held_is_shown_as_replaced(
    make_env: MakeEnv, wheels: Path, channel: str
) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "--find-links", str(wheels), "markupsafe==2.1.5")
    dry = env.conda("pip install", "--dry-run", "-c", channel, "undemanding")  # on no index
    assert "2.1.5 -> 3.0.2" in dry.stdout
    dry = env.conda("pip install", "--dry-run", "-c", channel, "only-conda")
    assert "2.1.5 -> 3.0.2" in dry.stdout
    assert "replaces pip's" in dry.stdout
    named = env.json("pip install --dry-run", "-c", channel, "only-conda", "markupsafe")
    assert [one["action"] for one in named["plan"] if one["name"] == "markupsafe"] == ["upgrade"]
    document = env.json("pip install", "--yes", "-c", channel, "only-conda")
    (step,) = [one for one in document["plan"] if one["name"] == "markupsafe"]
    assert (step["manager"], step["previous"], step["version"]) == ("conda", "2.1.5", "3.0.2")
    assert step["reason"] == "needed by only-conda, replaces pip's"
    assert env.owners()["markupsafe"] == ("3.0.2", "conda")
    assert env.findings() == []


def test_a_version_that_the_user_requested_is_not_replaced_unless_it_is_named_again(
    make_env: MakeEnv, wheels: Path, channel: str
) -> None:
    env = make_env("python", "pip")
    install(env, wheels, "markupsafe==2.1.5")
    before = hash_tree(env.prefix)
    for words in (("-c", channel, "only-conda"), ("newest",)):
        refused = install(env, wheels, *words, check=False)
        assert refused["error"]["code"] == "pinned"
        assert "you requested markupsafe==2.1.5" in refused["error"]["message"]
        assert hash_tree(env.prefix) == before
    # an older version that works with it is found
    done = install(env, wheels, "modern")
    assert {one["name"]: one["version"] for one in done["plan"]}["modern"] == "0.9"
    done = install(env, wheels, "newest", "markupsafe")
    assert plan_of(done)["markupsafe"] == ("pip", "upgrade")
    # from then on it is requested in any version
    done = install(env, wheels, "-c", channel, "only-conda", "--from-conda", "markupsafe")
    assert env.owners()["markupsafe"] == ("3.0.2", "conda")


def test_upgrade_lets_a_requested_version_change(
    make_env: MakeEnv, wheels: Path, channel: str
) -> None:
    env = make_env("python", "pip")
    install(env, wheels, "markupsafe<3")
    install(env, wheels, "-U", "-c", channel, "only-conda")
    assert env.owners()["markupsafe"] == ("3.0.2", "conda")


def test_the_pins_of_a_file_hold(make_env: MakeEnv, wheels: Path, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    (tmp_path / "r.txt").write_text("markupsafe==2.1.5\ncowsay<6.1\n")
    install(env, wheels, "-r", str(tmp_path / "r.txt"))
    install(env, wheels, "flask")
    assert env.owners()["markupsafe"] == ("2.1.5", "pip")
    assert env.owners()["click"][1] == "conda"
    assert env.findings() == []


def test_what_an_environment_file_of_condas_replaces_is_shown(
    make_env: MakeEnv, wheels: Path, tmp_path: Path
) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [jinja2]\n")
    env = make_env("python", "pip")
    env.pip("install", "-q", "--find-links", str(wheels), "markupsafe==2.1.5")
    done = install(env, wheels, "-r", str(file))
    (markupsafe,) = (one for one in done["plan"] if one["name"] == "markupsafe")
    assert (markupsafe["previous"], markupsafe["action"]) == ("2.1.5", "upgrade")
    assert markupsafe["reason"] == "needed by jinja2, replaces pip's"


def test_a_sync_is_not_held_by_what_was_requested_before(
    make_env: MakeEnv, wheels: Path, tmp_path: Path
) -> None:
    """The file says all, and `sync` has neither names nor `--upgrade`."""
    file = tmp_path / "environment.yml"
    file.write_text("dependencies: [python, pip, jinja2]\n")
    env = make_env("python", "pip")
    install(env, wheels, "markupsafe==2.1.5")
    refused = env.json("pip install", "--yes", "-r", str(file), check=False)
    assert refused["error"]["code"] == "pinned"
    env.conda("pip sync", "--yes", str(file))
    assert env.owners()["markupsafe"][1] == "conda"
    assert env.findings() == []
    env.conda("pip sync", "--check", str(file))
