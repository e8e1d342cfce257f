"""Running a command line: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conda_pip_interop.commands.run import repeat_while_stale, run
from conda_pip_interop.errors import InteropError, StalePlanError
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost

ROOT = Path(__file__).parents[2]


@pytest.fixture
def host(tmp_path: Path) -> FakeHost:
    """A host for an environment with one package of pip."""
    built = PrefixBuilder(root=tmp_path / "web", python="3.11.7")
    built.pip_package("cowsay", "6.1", {"cowsay.py": ""})
    return FakeHost.of(built.root)


def cowsay(host: FakeHost) -> Path:
    return host.target.prefix / "lib/python3.11/site-packages/cowsay.py"


class Work:
    """Work whose plan is stale a number of times."""

    def __init__(self, *, stale: int, error: InteropError | None = None) -> None:
        self.stale, self.calls = stale, 0
        self.error = error or StalePlanError("It has changed.")

    def __call__(self) -> str:
        """Try once."""
        self.calls += 1
        if self.calls <= self.stale:
            raise self.error
        return "done"


def test_a_stale_plan_is_made_again_and_reported_each_time() -> None:
    work, told = Work(stale=2), list[str]()
    assert repeat_while_stale(work, report=told.append) == "done"
    assert told == ["It has changed. Planning again."] * 2


def test_planning_again_ends_after_five_attempts() -> None:
    work = Work(stale=100)
    with pytest.raises(InteropError, match="It has changed") as refused:
        repeat_while_stale(work, report=lambda _: None)
    assert refused.value.code == "stale-plan"
    assert work.calls == 5


def test_any_other_error_is_final() -> None:
    work = Work(stale=1, error=InteropError("busy", "Another process."))
    with pytest.raises(InteropError):
        repeat_while_stale(work, report=lambda _: None)
    assert work.calls == 1


def test_json_of_a_changing_command_requires_yes_or_dry_run(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["uninstall", "cowsay", "--json"], host.open) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["message"] == "`--json` requires `--yes` or `--dry-run`."
    assert run(["undo", "--list", "--json"], host.open) == 0


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["uninstall", "cowsay", "--dry-run"], host.open) == 0
    assert capsys.readouterr().out == (
        "## Plan for web\n\npip removes:\n  cowsay  6.1  requested\n\n"
        "Dry run: nothing was changed.\n"
    )
    assert cowsay(host).exists()
    assert "confirm" not in host.calls


def test_a_plan_is_shown_and_asked_about_and_what_changed_is_said(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["uninstall", "cowsay"], host.open) == 0
    out, err = capsys.readouterr()
    assert out.startswith("## Plan for web\n\npip removes:\n")
    assert out.endswith("\nRemoved 1 package in web: cowsay 6.1 (pip)\n")
    assert (err, host.calls) == ("", ["before", "confirm", "after"])
    assert not cowsay(host).exists()
    assert run(["undo"], host.open) == 0
    out, _ = capsys.readouterr()
    assert "\nUndid " in out
    assert out.endswith(" in web: uninstall cowsay\n")
    assert cowsay(host).exists()


def test_json_of_a_changing_command_is_one_document(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["uninstall", "cowsay", "--json", "--yes"], host.open) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "success": True,
        "prefix": str(host.target.prefix),
        "dry_run": False,
        "plan": [
            {
                "manager": "pip",
                "action": "remove",
                "name": "cowsay",
                "version": None,
                "previous": "6.1",
                "reason": "requested",
                "source": None,
            }
        ],
    }
    assert "confirm" not in host.calls


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (["uninstall", "cowsay", "-q", "-y"], False),
        (["undo", "--list", "-q"], True),
        (["freeze", "-q"], True),
        (["list", "-q"], True),
        (["tree", "-q"], True),
        (["why", "cowsay", "-q"], True),
        (["protect", "-q"], False),
    ],
)
def test_quiet_keeps_only_what_was_requested(
    host: FakeHost, argv: list[str], capsys: pytest.CaptureFixture[str], *, shown: bool
) -> None:
    assert run(argv, host.open) == 0
    assert bool(capsys.readouterr().out) is shown


def test_a_frozen_environment_is_changed_only_on_request(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    (host.target.prefix / "conda-meta/frozen").write_text('{"message": "by ops"}')
    assert run(["uninstall", "cowsay", "-y"], host.open) == 1
    assert "web is frozen (by ops)" in capsys.readouterr().err
    assert run(["uninstall", "cowsay", "-y", "--override-frozen"], host.open) == 0
    assert not cowsay(host).exists()


def test_an_unknown_environment_name_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["list", "-n", "none"], FakeHost.of(tmp_path / "none").open) == 1
    assert "There is no environment named none." in capsys.readouterr().err


def test_a_reader_that_has_gone_is_no_error() -> None:
    reader = "import sys; sys.stdin.close()"
    command = f"{sys.executable} -m conda_pip_interop --help | {sys.executable} -c '{reader}'"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
