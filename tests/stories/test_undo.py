"""What we changed can be taken back, byte for byte, or not at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, STATE_FOLDER
from tests.stories.tree import hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.e2e


def test_a_clean_up_is_undone_and_not_repeated_until_conda_installs_it_again(
    make_env: MakeEnv,
) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11")
    env.conda("install", "-y", "idna", CONDA_PLUGINS_PIP_INTEROP_RECONCILE="report")
    before = hash_tree(env.prefix / "lib")
    env.conda("pip reconcile", "--yes")
    assert hash_tree(env.prefix / "lib") != before
    *_, operation = env.json("pip undo", "--list")["operations"]
    unknown = env.conda("pip undo", "--yes", "20200101T000000Z", check=False)
    assert f"`conda pip undo -n {env.name} --list`" in unknown.stderr
    assert operation["title"] == "reconcile"
    shown = env.conda("pip undo", "--dry-run", operation["id"])
    assert "idna-3.11.dist-info/METADATA" in shown.stdout
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix / "lib") == before
    env.conda("install", "-y", "six")
    assert ("stale-metadata", "idna") in env.findings()
    env.conda("install", "-y", "--force-reinstall", "idna")
    assert env.findings() == []


def test_what_has_changed_since_is_named_and_all_is_left_as_it_is(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    folder = env.site_packages / "~dna"
    folder.mkdir()
    (folder / "a.py").write_text("a")
    (folder / "b.py").write_text("b")
    env.conda("pip reconcile", "--yes")
    folder.mkdir()
    (folder / "b.py").write_text("new")
    before = hash_tree(env.prefix / "lib")
    refused = env.conda("pip undo", "--yes", check=False)
    assert refused.returncode == 1
    assert "~dna/b.py" in refused.stderr
    assert "~dna/a.py" not in refused.stderr
    assert hash_tree(env.prefix / "lib") == before


def test_what_the_journal_has_lost_is_named_and_the_history_is_shown(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "idna")
    env.conda("pip install --yes --break-other-managers idna==3.11")
    for stash in [*(env.prefix / JOURNAL_FOLDER).glob("*/stash")]:
        shutil.rmtree(stash)
    before = hash_tree(env.prefix / "lib")
    assert "pip install" in env.conda("pip history").stdout
    refused = env.conda("pip undo", "--yes", check=False)
    assert refused.returncode == 1
    assert "does not keep any more" in refused.stderr
    assert hash_tree(env.prefix / "lib") == before


def test_undo_of_nothing_and_of_an_unknown_operation_is_told(make_env: MakeEnv) -> None:
    env = make_env("python")
    assert env.conda("pip undo", "--yes", check=False).returncode == 1
    unknown = env.conda("pip undo", "--yes", "20200101T000000Z", check=False)
    assert unknown.returncode == 1
    assert "20200101T000000Z" in unknown.stderr
    assert "Nothing to undo" in env.conda("pip undo", "--list").stdout


def test_a_restore_is_undone_unless_what_conda_linked_has_changed(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    (env.prefix / "lib" / "spare").mkdir()
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip restore", "--yes", "click")
    module = env.site_packages / "click" / "core.py"
    linked = module.read_bytes()
    module.unlink()
    module.write_text("mine")
    refused = env.conda("pip undo", "--yes", check=False)
    assert refused.returncode == 1
    assert "changed since" in refused.stderr
    assert "Undo in" not in refused.stdout, "refused before it is shown and asked"
    module.write_bytes(linked)
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    env.conda("pip restore", "--yes", "click")
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert env.findings() == []


def test_an_install_of_both_managers_is_one_operation(make_env: Any) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip install", "--yes", "cowsay", "click==8.1.8", "six")
    assert env.owners()["cowsay"][1] == "pip"
    assert env.owners()["six"][1] == "conda"
    (operation,) = env.json("pip undo", "--list")["operations"]
    dry = env.json("pip undo", "--dry-run")
    assert "conda-meta/click-8.1.7-pyhd_0.json" in {one["path"] for one in dry["plan"]}
    env.conda("pip undo", "--yes", operation["id"])
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert env.findings() == []

    env.conda("pip install", "--yes", "six")
    env.conda("install", "-y", "idna")
    there = hash_tree(env.prefix)
    operation, command = env.json("pip undo", "--list")["operations"]
    refused = env.conda("pip undo", "--yes", operation["id"], check=False)
    assert "conda has changed the environment since" in refused.stderr
    assert hash_tree(env.prefix) == there
    events = [one["operation"] for one in env.json("pip history")["events"] if one["operation"]]
    assert events == [operation["id"], command["id"]]
    env.conda("pip undo", "--yes")
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


def test_a_command_of_ours_after_condas_is_the_last_again(make_env: Any) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay==6.1")
    env.conda("install", "-y", "six")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip install", "--yes", "idna")
    assert "To undo the last operation" in env.conda("pip history").stdout
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert "Undid revision-1" in env.conda("pip undo", "--yes").stdout
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert "six" not in env.records()


def test_a_file_of_nobodys_that_conda_overwrote_comes_back(make_env: Any) -> None:
    env = make_env("python", "pip")
    module = env.site_packages / "six.py"
    module.write_text("mine = True")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip install", "--yes", "six")
    assert module.read_text() != "mine = True"
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


EDITS = {
    "release click flask": "click",
    "install click==8.1.8": "click",
    "install --break-other-managers click==8.1.3": "click",
    "restore idna": "idna",
}


@pytest.mark.parametrize("command", EDITS)
def test_what_a_person_edited_before_is_back_after_undo(make_env: Any, command: str) -> None:
    env = make_env("python", "pip", "click=8.1.7", "flask", "idna")
    env.pip("install", "-q", "idna==3.11", "six")
    env.conda("pip reconcile", "--yes")
    (module,) = {
        *env.site_packages.glob(f"{EDITS[command]}/core.py"),
        *env.site_packages.glob(f"{EDITS[command]}.py"),
    }
    edit(module)
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip", *command.split(), "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) != before
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


@pytest.mark.parametrize("command", ["install six", "adopt six"])
def test_what_a_person_edited_since_conda_linked_it_is_not_undone(
    make_env: Any, command: str
) -> None:
    env = make_env("python", "pip")
    if command.startswith("adopt"):
        env.pip("install", "-q", "six==1.16.0")
    env.conda("pip", *command.split(), "--yes")
    edit(env.site_packages / "six.py")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    refused = env.conda("pip undo", "--yes", check=False)
    assert refused.returncode == 1
    assert "six.py" in refused.stderr
    assert "Undoing would overwrite these changes" in refused.stderr
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


def edit(module: Path) -> None:
    """Add a line, as an editor does, in a new file."""
    text = module.read_text()
    module.unlink()
    module.write_text(f"{text}# edited\n")


@pytest.mark.parametrize("words", [("click==8.1.3",), ("click==8.1.3", "cowsay", "six")])
def test_an_install_over_condas_is_one_operation(make_env: Any, words: tuple[str, ...]) -> None:
    """What reconciles the records afterwards belongs to it."""
    env = make_env("python", "pip", "click=8.1.7")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("pip install", "--yes", "--break-other-managers", *words)
    assert env.owners()["click"] == ("8.1.3", "pip")
    journals = sorted(path.name for path in (env.prefix / JOURNAL_FOLDER).iterdir())
    assert len(journals) == 2, "the installation, and what reconciled the records"
    (operation,) = env.json("pip undo", "--list")["operations"]
    assert operation["id"] == journals[0]
    assert not operation["automatic"]
    undone = env.conda("pip undo", "--yes", journals[1])
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    lines = undone.stdout.splitlines()
    assert lines[-1] == f"Restored 1 package in {env.name}: click 8.1.7 (conda)"
    if len(words) > 1:
        removed = f"Removed 2 packages in {env.name}: cowsay 6.1 (pip), six 1.16.0 (conda)"
        assert lines[-2] == removed
    assert env.findings() == []
    assert env.json("pip undo", "--list")["operations"] == []


def test_an_undo_that_conda_cannot_do_changes_nothing(make_env: Any, tmp_path: Path) -> None:
    old, new = (
        build_conda_package("kit", version, carries={"kit": version}) for version in ("1.0", "2.0")
    )
    channel = write_channel(tmp_path / "channel", old, new)
    pkgs = {"CONDA_PKGS_DIRS": str(tmp_path / "pkgs")}
    env = make_env("python", "pip")
    env.conda("install", "-y", "-c", channel, "kit=1.0", **pkgs)
    env.conda("pip install", "--yes", "-c", channel, "kit==2.0", "cowsay", **pkgs)
    shutil.rmtree(tmp_path / "pkgs")
    shutil.move(tmp_path / "channel", tmp_path / "elsewhere")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    assert env.conda("pip undo", "--yes", check=False, **pkgs).returncode != 0
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    shutil.move(tmp_path / "elsewhere", tmp_path / "channel")
    env.conda("pip undo", "--yes", **pkgs)
    assert env.owners()["kit"] == ("1.0", "conda")
    assert "cowsay" not in env.owners()
    assert env.findings() == []
