"""One line of time for both managers: conda's revisions and the operations of conda pip."""

from __future__ import annotations

import shlex

import pytest

from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e


def test_revisions_and_operations_are_in_one_list_and_each_command_works(
    make_env: MakeEnv,
) -> None:
    env = make_env("python", "pip")
    env.conda("install", "-y", "six=1.16.0")
    env.conda("pip install", "--yes", "cowsay==6.1", "idna")
    env.conda("install", "-y", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.8")
    env.conda("install", "-y", "colorama")

    events = env.json("pip history")["events"]
    revisions = [one["revision"] for one in events if one["revision"] is not None]
    assert revisions == [one["rev"] for one in env.json("list", "--revisions")]
    assert [one["when"] for one in events] == sorted(one["when"] for one in events)
    ours = [one for one in events if one["what"].startswith("conda pip")]
    (mixed,) = [one for one in ours if one["revision"] is not None and one["operation"]]
    assert mixed["what"] == "conda pip install cowsay==6.1 idna"
    assert [one.partition("::")[2].split("-")[0] for one in mixed["added"]] == ["idna"]
    (automatic,) = [one for one in events if one["automatic"]]
    assert automatic["what"] == "conda pip reconcile (automatic)"

    table = env.conda("pip history").stdout
    assert f"To go back to the revision before the last: conda install -n {env.name}" in table
    line = next(one for one in table.splitlines() if one.startswith("To go back"))
    env.base.run(*shlex.split(line.partition(": ")[2])[1:], "--yes")
    assert "colorama" not in env.records()


def test_the_named_undo_takes_the_last_operation_back(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay==6.1")
    command = env.json("pip history")["events"][-1]["command"]
    assert f"To undo the last operation: {command}" in env.conda("pip history").stdout
    source = env.site_packages / "cowsay" / "main.py"
    text = source.read_text()
    source.write_text("changed")
    assert "To undo" not in env.conda("pip history").stdout, "it would be refused"
    source.write_text(text)
    env.base.run(*shlex.split(command)[1:], "--yes")
    assert "cowsay" not in env.owners()
    assert [one["operation"] for one in env.json("pip history")["events"]] == [None]
    env.conda("install", "-y", "six")
    assert [one["operation"] for one in env.json("pip history")["events"]] == [None, "revision-1"]


def test_what_is_undone_is_said_not_to_be_automatic_where_that_came_last(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.8")
    env.conda("pip install", "--yes", "cowsay==6.1")
    env.pip("install", "-q", "click==8.1.3")
    env.conda("install", "-y", "pip")  # installs nothing, and reconciles
    told = "To undo the last operation that was not automatic: conda pip undo"
    assert told in env.conda("pip history").stdout
