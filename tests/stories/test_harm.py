"""Plain pip does harm: it is told once, named, kept from getting worse, and undone."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER
from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e


@pytest.fixture
def harmed(make_env: MakeEnv) -> Any:
    """An environment whose click conda installed and pip replaced."""
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    return env


def test_the_next_transaction_says_so_once(harmed: Any) -> None:
    first = harmed.conda("install", "-y", "idna")
    (line,) = [line for line in first.stderr.splitlines() if line.startswith("conda-pip-interop:")]
    assert "click" in line
    assert "8.1.3" in line
    assert f"conda pip restore -n {harmed.name} click" in first.stderr
    second = harmed.conda("install", "-y", "six")
    assert "conda-pip-interop" not in second.stderr


def test_a_journal_of_a_newer_version_is_left_alone_and_said(harmed: Any) -> None:
    journal = harmed.prefix / JOURNAL_FOLDER / "20260101T000000Z/journal.jsonl"
    journal.parent.mkdir(parents=True)
    journal.write_text('{"format": 2, "title": "t", "started": "2026-01-01T00:00:00+00:00"}\n')
    done = harmed.conda("install", "-y", "idna")
    assert "A newer conda-pip-interop was interrupted" in done.stderr
    assert "update conda-pip-interop" in done.stderr
    assert len(journal.read_text().splitlines()) == 1


def test_nothing_is_said_under_json_and_quiet(harmed: Any) -> None:
    done = harmed.conda("install", "-y", "idna", "--json")
    assert json.loads(done.stdout)["success"] is True
    assert "conda-pip-interop" not in done.stderr
    assert "conda-pip-interop" not in harmed.conda("install", "-y", "-q", "six").stderr


def test_reconcile_off_says_nothing(harmed: Any) -> None:
    done = harmed.conda("install", "-y", "idna", CONDA_PLUGINS_PIP_INTEROP_RECONCILE="off")
    assert "conda-pip-interop" not in done.stderr


@pytest.mark.parametrize("command", ["list", "export", "env export", "doctor"])
def test_condas_readers_no_longer_delete_the_record(harmed: Any, command: str) -> None:
    before = hash_tree(harmed.prefix / "conda-meta")
    harmed.conda(command, check=False)
    assert harmed.records()["click"] == "8.1.7"
    assert hash_tree(harmed.prefix / "conda-meta") == before


@pytest.mark.parametrize("command", ["export", "env export"])
@pytest.mark.needs_conda("25.7", "exporters")
def test_an_export_from_history_goes_on_without_it(harmed: Any, command: str) -> None:
    before = hash_tree(harmed.prefix / "conda-meta")
    text = harmed.conda(command, "--from-history").stdout
    assert "- python=" in text
    assert "click" not in text, "pip has replaced it"
    assert hash_tree(harmed.prefix / "conda-meta") == before


def test_without_the_plugin_this_conda_does_delete_it(harmed: Any) -> None:
    """The fault that the plugin mends is still there: else the mending can go."""
    harmed.base.run("list", "-n", harmed.name, CONDA_NO_PLUGINS="true")
    assert "click" not in harmed.records()


def test_conda_list_shows_what_is_really_there(harmed: Any) -> None:
    (row,) = (one for one in harmed.json("list") if one["name"] == "click")
    assert (row["version"], row["channel"]) == ("8.1.3", "pypi")


def test_check_names_the_finding_and_exits_1(harmed: Any) -> None:
    assert harmed.findings() == [("overridden", "click")]
    checked = harmed.conda("pip check", check=False)
    assert checked.returncode == 1
    assert "overridden" in checked.stdout
    assert f"conda pip restore -n {harmed.name} click" in checked.stdout
    assert harmed.owners()["click"] == ("8.1.3", "pip")


def test_restore_gives_condas_package_back_byte_for_byte(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    site = env.site_packages
    before = {one.name: hash_tree(one) for one in site.glob("click*")}
    env.pip("install", "-q", "click==8.1.3")
    dry = env.conda("pip restore", "--dry-run", "click")
    assert "pip removes" in dry.stdout
    assert env.owners()["click"] == ("8.1.3", "pip")
    env.conda("pip restore", "--yes", "click")
    assert {one.name: hash_tree(one) for one in site.glob("click*")} == before
    assert env.owners()["click"] == ("8.1.7", "conda")
    assert env.findings() == []
    assert env.python("import importlib.metadata as m; print(m.version('click'))") == "8.1.7"


def test_restore_brings_back_what_pip_uninstalled(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("uninstall", "-q", "-y", "click")
    assert env.findings() == [("vanished", "click")]
    env.conda("pip restore", "--yes", "click")
    assert env.owners()["click"] == ("8.1.7", "conda")
    env.python("import click")
    assert env.findings() == []


def test_restore_twice_finds_nothing_to_do(harmed: Any) -> None:
    harmed.conda("pip restore", "--yes", "click")
    again = harmed.conda("pip restore", "--yes", "click")
    assert "installed and unchanged" in again.stdout


def test_restore_of_what_conda_never_had_is_refused(harmed: Any) -> None:
    refused = harmed.conda("pip restore", "--yes", "cowsay", check=False)
    assert refused.returncode == 1
    assert f"conda pip install -n {harmed.name} cowsay" in refused.stderr


def test_a_restore_that_conda_cannot_do_leaves_all_as_it_was(harmed: Any) -> None:
    record = next((harmed.prefix / "conda-meta").glob("click-*.json"))
    text = record.read_text().replace("pyhd_0", "pyhd_9")  # a build that no channel has
    record.unlink()
    record.with_name(record.name.replace("pyhd_0", "pyhd_9")).write_text(text)
    before = hash_tree(harmed.prefix / "lib")
    refused = harmed.conda("pip restore", "--yes", "click", check=False)
    assert refused.returncode != 0
    assert hash_tree(harmed.prefix / "lib") == before
    assert harmed.owners()["click"] == ("8.1.3", "pip")


def test_without_conda_the_module_lists_and_checks_any_prefix(harmed: Any) -> None:
    base = harmed.base
    run = ("-m", "conda_pip_interop")
    checked = base.run_in(base.prefix, "python", *run, "check", "-p", harmed.prefix, check=False)
    assert checked.returncode == 1
    assert "overridden" in checked.stdout
    listed = base.run_in(base.prefix, "python", *run, "list", "--json", "-p", harmed.prefix)
    names = {one["name"] for one in json.loads(listed.stdout)["distributions"]}
    assert {"click", "pip"} <= names
