"""`pip_interop_installer: uv`: the same plan, the same result and the same refusals as with pip."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_project
from tests.support.plans import plan_of

if TYPE_CHECKING:
    from tests.support.environments import Env

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def by_uv(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The variables that let uv do it; beside the system's programs, PATH has uv alone."""
    folder = tmp_path_factory.mktemp("uv")
    (folder / "uv").symlink_to(Path(sys.executable).with_name("uv"))
    return {"CONDA_PLUGINS_PIP_INTEROP_INSTALLER": "uv", "PATH": f"{folder}:/usr/bin:/bin"}


def install(env: Env, *words: str, **variables: str) -> Any:
    """The document of an installation."""
    return json.loads(
        env.conda("pip install", "--yes", "--json", *words, check=True, **variables).stdout
    )


def test_it_installs_what_pip_would(make_env: MakeEnv, by_uv: dict[str, Any]) -> None:
    env = make_env("python", "pip")
    words = ("Flask-Testing", "cowsay", "idna>=3.11", "requests[socks]")
    by_pip = env.json("pip install", "--dry-run", *words)
    assert install(env, *words, **by_uv)["plan"] == by_pip["plan"]
    owners = env.owners()
    assert owners["flask"] == ("3.1.0", "conda")
    assert owners["flask-testing"][1] == owners["cowsay"][1] == owners["pysocks"][1] == "pip"
    assert env.pip("check").stdout.strip() == "No broken requirements found."
    env.python("import flask_testing, cowsay, socks")
    assert env.findings() == []
    before = hash_tree(env.prefix)
    again = install(env, *words, **by_uv)
    assert {action for _, action in plan_of(again).values()} == {"keep"}
    assert hash_tree(env.prefix) == before
    env.conda("pip uninstall", "--yes", "requests", check=False)
    env.conda("pip uninstall", "--yes", "cowsay")
    assert "cowsay" not in env.owners()


def test_an_environment_without_pip_and_a_marker_and_foreign_settings(
    make_env: MakeEnv, by_uv: dict[str, Any], tmp_path: Path
) -> None:
    env = make_env("python")
    env.conda("pip protect")
    elsewhere = str(tmp_path / "elsewhere")
    install(
        env, "cowsay", **by_uv, UV_TARGET=elsewhere, UV_PYTHON="3.8", UV_INDEX_URL="http://[::1]:1/"
    )
    assert env.owners() == {"cowsay": ("6.1", "pip")}
    assert not Path(elsewhere).exists()


def test_an_environment_without_python_gets_one_with_uv_too(
    make_env: MakeEnv, by_uv: dict[str, Any], tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("cowsay\nflask\n")
    env = make_env("ninja")
    install(env, "-r", str(names), "-e", str(build_project(tmp_path / "mine", "mine")), **by_uv)
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert env.owners()["flask"][1] == "conda"
    env.python("import cowsay, flask, mine")
    assert env.findings() == []


def test_sources_and_editables_are_built_by_pip_which_is_said(
    make_env: MakeEnv, by_uv: dict[str, Any], tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    for name in ("one", "two"):
        build_project(tmp_path / name, name, requires=["cowsay", "six"])
    words = (str(tmp_path / "one"), "-e", str(tmp_path / "two"))
    done = env.conda("pip install", "-v", "--yes", *words, **by_uv)
    assert "pip, and not uv, is to build" in done.stderr
    owners = env.owners()
    assert owners["one"][1] == owners["two"][1] == owners["cowsay"][1] == "pip"
    assert owners["six"][1] == "conda"
    env.python("import one, two, cowsay")


def test_what_conda_owns_is_not_overwritten(make_env: MakeEnv, by_uv: dict[str, Any]) -> None:
    env = make_env("python", "pip", "idna")
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", "idna>=3.11", check=False, **by_uv)
    assert refused.returncode == 1
    assert "conda installed idna 3.10" in refused.stderr
    assert hash_tree(env.prefix) == before
    env.conda("pip install", "--yes", "idna>=3.11", "--break-other-managers", **by_uv)
    assert env.python("import idna; print(idna.__version__)") == "3.11"
    assert env.owners()["idna"] == ("3.11", "pip")
    assert env.findings() == []


def test_what_uv_cannot_do_is_refused_by_name_and_its_errors_are_whole(
    make_env: MakeEnv, by_uv: dict[str, Any]
) -> None:
    env = make_env("python", "pip")
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", "cowsay", "--prefer-binary", check=False, **by_uv)
    assert refused.returncode == 1
    assert "--prefer-binary" in refused.stderr
    failed = env.conda("pip install", "--yes", "no-such-project", check=False, **by_uv)
    assert failed.returncode == 1
    assert "uv failed (exit code 1)" in failed.stderr
    assert "no-such-project was not found" in failed.stderr
    assert hash_tree(env.prefix) == before


def test_a_uv_that_is_not_there_is_said_with_who_asked_for_it(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    setting: dict[str, Any] = {"CONDA_PLUGINS_PIP_INTEROP_INSTALLER": "uv"}
    refused = env.conda("pip install", "--yes", "cowsay", check=False, **setting)
    assert refused.returncode == 1
    assert "pip_interop_installer is set to uv by envvars" in refused.stderr
    assert "conda install -n base uv" in refused.stderr
    assert "cowsay" not in env.owners()


@pytest.mark.parametrize(
    ("name", "words"), [("pip", "Would install cowsay"), ("uv", "Resolved 1 ")]
)
def test_what_it_says_is_passed_on_to_who_asks_for_more(
    make_env: MakeEnv, by_uv: dict[str, Any], name: str, words: str
) -> None:
    env = make_env("python", "pip")
    variables: dict[str, Any] = {**by_uv, "CONDA_PLUGINS_PIP_INTEROP_INSTALLER": name}
    quiet = env.conda("pip install", "--dry-run", "cowsay", **variables)
    assert words not in quiet.stdout + quiet.stderr
    more = env.conda("pip install", "--dry-run", "-v", "--json", "cowsay", **variables)
    assert words in more.stderr
    assert json.loads(more.stdout)["success"] is True


def test_an_address_that_cannot_be_reached_ends_with_the_same_exit_code_as_with_pip(
    make_env: MakeEnv, by_uv: dict[str, Any]
) -> None:
    env = make_env("python", "pip")
    url = "http://127.0.0.1:1/app-1.0-py3-none-any.whl"
    for variables in (by_uv, {}):
        done = env.conda("pip install", "--yes", url, check=False, PIP_RETRIES="0", **variables)
        assert "cannot be reached" in done.stderr
        assert done.returncode == 1
