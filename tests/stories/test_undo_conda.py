"""`conda pip undo` takes back a command of conda's, where it was the last."""

from __future__ import annotations

import shlex
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER
from tests.stories.tree import compare_records, hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.pip_worlds import build_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env
    from tests.world.base import Base

pytestmark = pytest.mark.e2e

COMMANDS = (
    "install colorama",
    "install click=8.1.8",
    "remove click",
    "update click",
    "update --all",
    "install --revision 0",
)


def look(env: Env) -> tuple[dict[str, str], dict[str, tuple[str, str]], str, str]:
    """The records, the owners, conda's history and all files beside its records."""
    history = (env.prefix / "conda-meta" / "history").read_text()
    return env.records(), env.owners(), history, hash_tree(env.prefix, but="conda-meta")


def run(env: Env, command: str) -> None:
    """Run a command of conda's in the environment."""
    verb, *words = command.split()
    env.conda(verb, "-y", *words)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_condas_is_taken_back_by_undo(make_env: Any, command: str) -> None:
    env = make_env("python", "pip", "click=8.1.7", "idna")
    first = look(env)
    env.conda("pip install", "--yes", "cowsay==6.1")
    second = look(env)
    env.conda("install", "-y", "six=1.16.0")
    before = look(env)
    run(env, command)
    after = hash_tree(env.prefix)
    *_, last = env.json("pip undo", "--list")["operations"]
    assert (last["id"], last["title"].split()[:2]) == (
        "revision-2",
        ["conda", command.split(maxsplit=1)[0]],
    )
    named = env.json("pip history")["events"][-1]
    assert named["operation"] == "revision-2"
    assert f"To undo the last operation: {named['command']}\n" in env.conda("pip history").stdout
    dry = env.json("pip undo", "--dry-run")
    assert {one["path"].partition("/")[0] for one in dry["plan"]} == {"conda-meta"}
    assert hash_tree(env.prefix) == after
    env.conda("pip undo", "--yes")
    assert look(env) == before
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert look(env) == second
    env.conda("pip undo", "--yes")
    assert look(env) == first
    assert "nothing to undo" in env.conda("pip undo", "--yes", check=False).stderr


def test_another_python_is_taken_back_with_what_follows_it(make_env: Any, base: Base) -> None:
    env = make_env("python", "pip", "click=8.1.7", "six")
    env.pip("install", "-q", "cowsay==6.1")
    before = look(env)
    env.conda("install", "-y", f"python={base.channel.pythons[1]}")
    assert env.findings() != []
    env.conda("pip undo", "--yes")
    assert look(env) == before
    assert env.findings() == []
    assert compare_records(env)[1] == set()
    assert env.python("import click, cowsay, six; print(1)") == "1"


def test_undo_to_goes_back_over_the_commands_of_both(make_env: Any) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.conda("pip install", "--yes", "cowsay==6.1")
    (first,) = env.json("pip undo", "--list")["operations"]
    before = look(env)
    env.conda("install", "-y", "six")
    env.conda("pip install", "--yes", "idna", "cowsay==6.0")
    env.conda("remove", "-y", "click")
    middle = look(env)
    refused = env.conda("pip undo", "--yes", "revision-1", check=False)
    assert "conda has changed the environment since revision-1" in refused.stderr
    assert look(env) == middle
    env.conda("pip undo", "--yes", "--to", first["id"])
    assert look(env) == before
    assert env.findings() == []


def test_what_only_links_again_is_not_taken_for_the_command_before(make_env: Any) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-y", "six")
    env.conda("install", "-y", "--force-reinstall", "six")
    before = hash_tree(env.prefix)
    refused = env.conda("pip undo", "--yes", check=False)
    assert "the last change is conda's, revision 2" in refused.stderr
    assert f"`conda pip undo -n {env.name} revision-1`" in refused.stderr
    assert "To undo the last" not in env.conda("pip history").stdout
    assert hash_tree(env.prefix) == before
    env.conda("install", "-y", "idna")
    env.conda("pip undo", "--yes")
    assert env.records().keys() == {"python", "pip", "six"}, "conda's history has all once more"
    assert env.findings() == []


def test_what_is_nowhere_any_more_is_told_before_anything_changes(
    make_env: Any, tmp_path: Path
) -> None:
    old, new = (
        build_conda_package("kit", version, carries={"kit": version}) for version in ("1.0", "2.0")
    )
    channel = write_channel(tmp_path / "channel", old, new)
    pkgs = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", channel, "kit=1.0", **pkgs)
    before = look(env)
    env.conda("install", "-y", "-c", channel, "kit=2.0", **pkgs)
    shutil.rmtree(tmp_path / "pkgs")
    shutil.move(tmp_path / "channel", tmp_path / "elsewhere")
    after = hash_tree(env.prefix)
    for words in (["--yes"], ["--dry-run"], ["--yes", "revision-2"]):
        refused = env.conda("pip undo", *words, check=False, **pkgs)
        assert refused.returncode == 1
        assert "kit 1.0" in refused.stderr
        assert "neither in the package cache nor in its channel" in refused.stderr
        assert hash_tree(env.prefix) == after
    shutil.move(tmp_path / "elsewhere", tmp_path / "channel")
    assert "To undo the last" not in env.conda("pip history", **pkgs).stdout
    assert "installs kit 1.0" in env.conda("pip undo", "--dry-run", **pkgs).stdout
    env.conda("pip undo", "--yes", **pkgs)
    assert look(env) == before


def test_what_a_person_wrote_since_is_not_overwritten(make_env: Any) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.conda("install", "-y", "six")
    module = env.site_packages / "six.py"
    text = module.read_text()
    module.unlink()
    module.write_text(f"{text}# edited\n")
    refused = env.conda("pip undo", "--yes", check=False)
    assert "The last change" in refused.stderr
    assert "six.py" in refused.stderr
    assert f"`conda install -n {env.name} --revision 0`" in refused.stderr
    assert module.read_text().endswith("# edited\n")
    module.write_text(text)
    env.conda("pip undo", "--yes")
    env.conda("remove", "-y", "click")
    own = env.site_packages / "click" / "core.py"
    own.parent.mkdir()
    own.write_text("mine = True\n")
    refused = env.conda("pip undo", "--yes", check=False)
    assert "click/core.py" in refused.stderr
    assert own.read_text() == "mine = True\n"


def test_what_pip_has_installed_for_it_since_is_told(make_env: Any) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-y", "flask=3.0.3")
    env.pip("install", "-q", "--no-deps", "flask-testing==0.8.1")
    before = hash_tree(env.prefix)
    refused = env.conda("pip undo", "--yes", check=False)
    assert refused.returncode == 1
    assert "1 new finding" in refused.stderr
    assert "flask-testing 0.8.1 requires flask, but flask is not installed" in refused.stderr
    assert "To undo the last" not in env.conda("pip history").stdout
    assert hash_tree(env.prefix) == before
    command = f"conda pip uninstall -n {env.name} flask-testing"
    assert f"`{command}`" in refused.stderr
    env.base.run(*shlex.split(command)[1:], "--yes")
    env.conda("pip undo", "--yes", "revision-1")
    assert "flask" not in env.owners()
    assert env.findings() == []


def test_what_conda_overwrote_of_pips_comes_back_where_it_was_kept(make_env: Any) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11", "cowsay")
    before = look(env)
    env.conda("install", "-y", "idna")
    there = hash_tree(env.prefix)
    done = env.conda("pip undo", "--yes", check=False)
    if Version(env.base.version) >= Version("25.5"):
        assert look(env) == before
        assert "Restored 1 package" in done.stdout
    else:
        (automatic,) = (env.prefix / JOURNAL_FOLDER).iterdir()
        alone = env.conda("pip undo", "--yes", automatic.name, check=False)
        for refused in (done, alone):
            assert "damaged: pip's idna 3.11" in refused.stderr
            assert f"`conda install -n {env.name} --revision 0`" in refused.stderr
        assert hash_tree(env.prefix) == there
    assert env.findings() == []


def test_a_single_module_that_conda_overwrote_is_damage_too(make_env: Any, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    channel = write_channel(tmp_path / "channel", build_conda_package("kit", carries={"kit": "1"}))
    env.pip("install", "-q", str(build_wheel(tmp_path, "kit", "0.5")))
    before = look(env)
    env.conda("install", "-y", "-c", channel, "kit")
    done = env.conda("pip undo", "--yes", check=False)
    if Version(env.base.version) >= Version("25.5"):
        assert look(env) == before
    else:
        assert "damaged: pip's kit 0.5" in done.stderr
        assert env.owners()["kit"] == ("1", "conda")
    assert env.findings() == []


def test_base_keeps_its_marker(own_base: Base) -> None:
    own_base.run("install", "-y", "-n", "base", "colorama")
    (marker,) = own_base.prefix.rglob("EXTERNALLY-MANAGED")
    before = marker.read_text()
    done = own_base.run("pip", "undo", "-n", "base", "--yes")
    assert "Removed 1 package in base: colorama 0.4.6 (conda)" in done.stdout
    assert marker.read_text() == before
    assert own_base.run("pip", "check", "-n", "base").returncode == 0


@pytest.mark.parametrize("command", ["remove click", "install click=8.1.8", "update --all"])
def test_pips_files_in_the_place_of_condas_come_back_where_they_were_kept(
    make_env: Any, command: str
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.conda("pip install", "--yes", "--break-other-managers", "click==8.1.3")
    before = look(env)
    assert before[1]["click"] == ("8.1.3", "pip")
    run(env, command)
    there = hash_tree(env.prefix)
    done = env.conda("pip undo", "--yes", check=False)
    if Version(env.base.version) >= Version("25.5"):
        assert look(env) == before
        assert env.python("import click; print(click.__version__)") == "8.1.3"
    else:
        assert "pip's files were in the place of click-8.1.7-pyhd_0" in done.stderr
        assert hash_tree(env.prefix) == there
    assert env.findings() == []
