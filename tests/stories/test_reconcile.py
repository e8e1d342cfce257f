"""conda installs over pip's: what pip left is cleaned up, and nothing else."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e


def test_conda_over_pip_leaves_one_distribution_and_says_so(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11", "cowsay")
    done = env.conda("install", "-y", "idna")
    assert "conda installed idna 3.10 over pip's idna 3.11" in done.stderr
    assert "still there" not in done.stderr
    assert re.search(r"  removed \d+ (orphaned )?files", done.stderr)
    assert env.owners()["idna"] == ("3.10", "conda")
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert env.findings() == []
    assert not list(env.site_packages.glob("idna-3.11*"))
    assert env.python("import idna; print(idna.__version__)") == "3.10"
    assert "conda-pip-interop" not in env.conda("install", "-y", "six").stderr


def test_report_changes_nothing_and_the_command_does_it_by_hand(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11")
    done = env.conda("install", "-y", "idna", CONDA_PLUGINS_PIP_INTEROP_RECONCILE="report")
    assert "conda pip reconcile" in done.stderr
    assert env.findings() == [("stale-metadata", "idna")]
    before = hash_tree(env.prefix)
    dry = env.conda("pip reconcile", "--dry-run")
    assert "idna-3.11.dist-info/METADATA" in dry.stdout
    assert hash_tree(env.prefix) == before
    env.conda("pip reconcile", "--yes")
    assert env.findings() == []
    again = env.conda("pip reconcile", "--yes")
    assert f"The records of {env.name} match its files." in again.stdout


def test_a_file_that_somebody_has_edited_is_not_removed(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11")
    edited = env.site_packages / "idna-3.11.dist-info/METADATA"
    edited.write_text(edited.read_text() + "\nmine\n")
    env.conda("install", "-y", "-q", "idna")
    assert edited.is_file()


def test_leftovers_that_pip_ignores_go(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    folder = env.site_packages / "~dna"
    folder.mkdir()
    (folder / "core.py").write_text("old\n")
    assert env.json("pip check", check=False)["findings"][0]["kind"] == "leftover"
    env.conda("pip reconcile", "--yes")
    assert not folder.exists()


def test_a_command_checks_nothing_while_nothing_has_changed(make_env: Any) -> None:
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", "cowsay")
    time.sleep(3.1)  # what changed just now is not relied on
    env.conda("install", "-y", "six")
    assert not _reads_environment(env)
    env.pip("install", "-q", "idna==3.11")
    assert _reads_environment(env)


def test_a_change_right_after_a_check_is_reported(make_env: Any) -> None:
    env = make_env("python", "pip", "idna", "six")
    env.pip("install", "-q", "cowsay")
    env.conda("install", "-y", "six")
    env.pip("install", "-q", "--upgrade", "--force-reinstall", "idna==3.11")
    assert "idna" in env.conda("install", "-y", "six").stderr


def test_another_policy_checks_again(make_env: Any) -> None:
    env = make_env("python", "pip", "idna", "six")
    env.pip("install", "-q", "idna==3.11")
    time.sleep(3.1)
    report = {"CONDA_PLUGINS_PIP_INTEROP_RECONCILE": "report"}
    assert "idna" in env.conda("install", "-y", "six", **report).stderr
    assert not _reads_environment(env, **report)
    assert "idna" in env.conda("install", "-y", "six").stderr
    assert env.findings() == []


def _reads_environment(env: Any, **extra: str) -> bool:
    """Return whether a command with nothing to do reads the environment, by what it imports."""
    done = env.conda("install", "-y", "six", PYTHONPROFILEIMPORTTIME="1", **extra)
    assert "conda_pip_interop.conda_adapter.hooks.command_hooks" in done.stderr
    return "conda_pip_interop.environment.snapshot" in done.stderr


@pytest.mark.parametrize("conda_first", [True, False])
@pytest.mark.parametrize("others", ["", "../other\n"])
def test_the_line_of_a_development_install_goes_with_its_link_and_comes_back(
    make_env: MakeEnv, tmp_path: Path, others: str, conda_first: bool
) -> None:
    env = make_env("python", "pip")
    info = tmp_path / "src" / "idna.egg-info" / "PKG-INFO"
    info.parent.mkdir(parents=True)
    info.write_text("Metadata-Version: 2.1\nName: idna\nVersion: 9.0\n")
    link, paths = env.site_packages / "idna.egg-link", env.site_packages / "easy-install.pth"
    if conda_first:
        env.conda("install", "-y", "idna")
    link.write_text(f"{tmp_path / 'src'}\n.")
    paths.write_text(f"{tmp_path / 'src'}\n{others}")
    if conda_first:
        assert env.findings() == [("stale-metadata", "idna")]
        env.conda("pip reconcile", "--yes")
    else:
        env.conda("install", "-y", "idna")
    assert env.findings() == []
    assert not link.exists()
    assert (paths.read_text() if paths.exists() else "") == others
    assert env.owners()["idna"] == ("3.10", "conda")
    if conda_first:
        env.conda("pip undo", "--yes")
        assert link.read_text() == f"{tmp_path / 'src'}\n."
        assert paths.read_text() == f"{tmp_path / 'src'}\n{others}"
