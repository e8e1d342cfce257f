"""Ctrl-C at any instant: what is said about the environment is true."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.changes import execute as executing
from conda_pip_interop.changes.atomic import rollback
from conda_pip_interop.changes.atomic import transaction as transactions
from conda_pip_interop.commands.command_line.run import run
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    """A host for an environment with one package of pip."""
    built = PrefixBuilder(root=tmp_path / "web", python="3.11.7")
    built.pip_package("cowsay", "6.1", {"cowsay.py": ""})
    return FakeHost.of(built.root)


def is_there(host: FakeHost) -> bool:
    return (host.target.prefix / "lib/python3.11/site-packages/cowsay.py").exists()


def press(before: Callable[..., Any] | None = None, *, times: int = 1) -> Callable[..., Any]:
    """Return a function that ends as Ctrl-C does, `before` being done."""
    left = [times]

    def pressed(*arguments: Any, **options: Any) -> Any:
        result = None if before is None else before(*arguments, **options)
        if not left[0]:
            return result
        left[0] -= 1
        raise KeyboardInterrupt

    return pressed


def uninstall(host: FakeHost, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = run(["uninstall", "cowsay", "-y"], host.open)
    return code, capsys.readouterr().err


def test_at_the_question_nothing_was_changed(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FakeHost, "confirm", press())
    assert uninstall(host, capsys) == (130, "Error: Interrupted: nothing was changed in web.\n")
    assert is_there(host)
    monkeypatch.setattr(FakeHost, "before_change", press())
    assert run(["uninstall", "cowsay", "-y", "--json"], host.open) == 130
    out, err = capsys.readouterr()
    assert json.loads(out)["error"]["code"] == "interrupted"
    assert err == ""


def test_in_the_middle_of_the_changes_all_are_taken_back(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    perform = transactions.Operation._perform
    monkeypatch.setattr(transactions.Operation, "_perform", press(perform))
    assert uninstall(host, capsys) == (130, "Error: Interrupted: nothing was changed in web.\n")
    assert is_there(host)


def test_in_the_middle_of_taking_back_it_is_said_that_a_rest_is_left(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    perform = transactions.Operation._perform
    monkeypatch.setattr(transactions.Operation, "_perform", press(perform, times=100))
    monkeypatch.setattr(transactions, "roll_back_steps", press())
    code, said = uninstall(host, capsys)
    assert code == 130
    assert said.startswith("Error: Interrupted: the changes in web were not undone completely.\n")
    monkeypatch.undo()
    assert rollback.needs_recovery(host.target.prefix)
    run(["uninstall", "cowsay", "-y"], host.open)
    assert "Removed 1 package in web: cowsay 6.1 (pip)" in capsys.readouterr().out
    assert not rollback.needs_recovery(host.target.prefix)


def test_at_the_end_of_the_changes_it_comes_too_late(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = transactions.Operation.commit
    monkeypatch.setattr(transactions.Operation, "commit", press(commit))
    assert uninstall(host, capsys) == (0, "")
    assert not is_there(host)


def test_between_the_changes_and_the_last_line_they_are_told(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(executing, "_change_files", press(executing._change_files))
    code, said = uninstall(host, capsys)
    assert code == 130
    assert said == (
        "Error: Interrupted. Changed in web: uninstall cowsay.\n"
        "  - To undo: `conda pip undo -n web`.\n"
    )
    assert not is_there(host)
    monkeypatch.undo()
    undo = executing.execute_undo
    monkeypatch.setattr(executing, "execute_undo", press(undo))
    assert run(["undo", "-y"], host.open) == 130
    assert capsys.readouterr().err.startswith("Error: Interrupted. Undone in web: ")
    assert is_there(host)


def test_after_the_changes_they_are_told_as_always(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(FakeHost, "after_change", press())
    assert run(["uninstall", "cowsay", "-y"], host.open) == 0
    assert capsys.readouterr().out.endswith("\nRemoved 1 package in web: cowsay 6.1 (pip)\n")
    assert run(["undo", "-y"], host.open) == 0
    assert "\nUndid " in capsys.readouterr().out


def test_a_command_that_changes_nothing_says_only_that(
    host: FakeHost, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("conda_pip_interop.commands.inspect.list.build_rows", press())
    assert run(["list"], host.open) == 130
    assert capsys.readouterr().err == "Error: Interrupted.\n"
