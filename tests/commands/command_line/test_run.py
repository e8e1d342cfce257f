"""Running a command line: what goes to stdout, what to stderr, and the exit code."""

from __future__ import annotations

import errno
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.commands.command_line.run import repeat_while_stale, run
from conda_pip_interop.errors import InteropError, StalePlanError
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost

if TYPE_CHECKING:
    from conda_pip_interop.commands.host import CommonOptions

ROOT = Path(__file__).parents[3]


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


def test_a_disk_that_fails_is_an_error_in_words(
    host: FakeHost, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_prefix: Path, **_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", "/some/file")

    monkeypatch.setattr("conda_pip_interop.environment.snapshot.read_snapshot", fail)
    assert run(["uninstall", "--yes", "cowsay"], host.open) == 1
    told = capsys.readouterr().err
    assert told.startswith("Error: The disk, or the server of the files, does not answer")
    assert "/some/file" in told


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
    assert out.endswith(" in web: uninstall cowsay\nRestored 1 package in web: cowsay 6.1 (pip)\n")
    assert cowsay(host).exists()


def test_what_is_still_required_is_asked_about_and_under_yes_needs_force(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    built = PrefixBuilder(root=host.target.prefix, python="3.11.7")
    built.pip_package("app", "2", {"app.py": ""}, requires=("cowsay>=6",))
    silent = FakeHost(target=host.target, asks=False)
    for words, its in ((["-y"], host), (["-y", "--json"], host), ([], silent)):
        assert run(["uninstall", "cowsay", *words], its.open) == 1
        out, err = capsys.readouterr()
        assert "cowsay is still required by pip's app 2 in web. Nothing was removed." in out + err
        assert "`conda pip uninstall -n web --force cowsay`" in out + err
        assert "`conda pip uninstall -n web cowsay app`" in out + err
    assert cowsay(host).exists()
    assert run(["uninstall", "cowsay", "--dry-run"], host.open) == 0
    assert "Still required: pip's app 2 requires cowsay >=6." in capsys.readouterr().out
    assert run(["uninstall", "cowsay"], host.open) == 0
    assert "confirm: Remove cowsay, still required" in host.calls
    assert not cowsay(host).exists()
    assert run(["undo", "-y"], host.open) == 0
    assert run(["uninstall", "cowsay", "-y", "--force"], silent.open) == 0
    assert not cowsay(host).exists()


def test_json_of_a_changing_command_is_one_document(
    host: FakeHost, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["uninstall", "cowsay", "--json", "--yes"], host.open) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "success": True,
        "prefix": str(host.target.prefix),
        "dry_run": False,
        "notes": [],
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


def pipe_into(reader: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's `conda_pip_interop WORDS | READER`; the exit code is ours."""
    command = shlex.join([sys.executable, "-m", "conda_pip_interop", *words])
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{command} | {reader}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("reader", ["true", "head -1", "head -c 1"])
@pytest.mark.parametrize("options", [["--json"], []])
def test_a_reader_that_has_gone_is_no_error(
    host: FakeHost, reader: str, options: list[str]
) -> None:
    built = PrefixBuilder(root=host.target.prefix, python="3.11.7")
    for number in range(1500):  # more than a pipe holds
        built.pip_package(f"{'long-' * 20}{number}", "1.0", {})
    words = ("list", "-p", str(built.root), *options)
    done = pipe_into(reader, *words)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(done.stdout.splitlines()) <= 1
    assert pipe_into(reader, "--help").stderr == ""


def test_a_reader_of_errors_that_has_gone_changes_no_exit_code() -> None:
    for words in (("frobnicate",), ("list", "--json")):
        done = pipe_into("true", *words)
        again = pipe_into("cat", *words)
        assert done.returncode == again.returncode == 2
    quiet = subprocess.run(
        [
            "bash",
            "-c",
            f"{sys.executable} -m conda_pip_interop nosuch 2>&1 | true; echo ${{PIPESTATUS[0]}}",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (quiet.stdout, quiet.stderr) == ("2\n", "")


class GoneHost(FakeHost):
    """A host whose stdout nobody reads."""

    def open(self, options: CommonOptions) -> FakeHost:
        """Close the reader's end once the command line is read."""
        reader, writer = os.pipe()
        os.close(reader)
        os.dup2(writer, sys.stdout.fileno())
        os.close(writer)
        return super().open(options)


@pytest.mark.parametrize(("asks", "code"), [(True, 141), (False, 0)])
def test_what_nobody_can_be_asked_about_is_not_changed(
    host: FakeHost, capfd: pytest.CaptureFixture[str], *, asks: bool, code: int
) -> None:
    gone = GoneHost(target=host.target, asks=asks)
    saved = os.dup(1)
    try:
        assert run(["uninstall", "cowsay"], gone.open) == code
    finally:
        os.dup2(saved, 1)
        os.close(saved)
    assert cowsay(host).exists() is asks
    assert "confirm" not in gone.calls or not asks
    assert capfd.readouterr().err == ""
