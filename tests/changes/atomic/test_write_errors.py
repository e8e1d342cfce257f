"""Who may not change an environment is told so before any work."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.write_errors import explain_write_errors, refuse_unwritable
from conda_pip_interop.commands.command_line.run import run
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, NotAllowedError
from conda_pip_interop.protection.policy import Policy
from tests.support.builders import PrefixBuilder
from tests.support.hosts import FakeHost
from tests.support.trees import NOBODY, read_tree, run_in_child

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def root(shared_folder: Path) -> Path:
    """An environment with a package of pip, which everybody may write to."""
    built = PrefixBuilder(root=shared_folder / "web", python="3.11.7")
    built.pip_package("cowsay", "6.1", {"cowsay.py": ""})
    (built.root / "conda-meta/history").touch()
    for path in built.root.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    return built.root


@pytest.mark.parametrize("place", ["conda-meta", "conda-meta/history", SITE])
def test_each_place_that_a_change_needs_is_named(root: Path, place: str) -> None:
    target = Target(prefix=root, name="web", is_base=False)

    def work() -> None:
        with pytest.raises(NotAllowedError) as caught:
            refuse_unwritable(target)
        assert caught.value.code == "not-writable"
        assert caught.value.message == (
            f"The environment web is not writable: no permission to write to {root / place}. "
            "Nothing was changed."
        )

    refuse_unwritable(target)
    (root / place).chmod(0o555 if (root / place).is_dir() else 0o444)
    assert run_in_child(work, user=NOBODY) == 0


def test_what_is_no_environment_is_left_to_others(tmp_path: Path) -> None:
    refuse_unwritable(Target(prefix=tmp_path / "none", name=None, is_base=False))
    (tmp_path / "conda-meta").mkdir()
    refuse_unwritable(Target(prefix=tmp_path, name=None, is_base=False))


@pytest.mark.parametrize("command", ["uninstall cowsay", "repair", "reconcile", "undo"])
def test_every_changing_command_asks_first_and_shows_the_message_of_the_policy(
    root: Path, capfd: pytest.CaptureFixture[str], command: str
) -> None:
    target = Target(prefix=root, name="web", is_base=False)
    host = FakeHost(target=target, policy=Policy(message="Ask ops@example.org."))

    def work() -> None:
        assert run([*command.split(), "-y", "--json"], host.open) == 1
        assert host.calls == []

    (root / "conda-meta").chmod(0o555)
    before = read_tree(root)
    assert run_in_child(work, user=NOBODY) == 0
    error = json.loads(capfd.readouterr().out)["error"]
    assert error["code"] == "not-writable"
    assert error["hints"][-1] == "Ask ops@example.org."
    assert read_tree(root) == before


def test_a_dry_run_needs_no_permission(root: Path) -> None:
    host = FakeHost.of(root)
    run(["uninstall", "cowsay", "--dry-run"], host.open)  # nobody may not import what this has
    (root / "conda-meta").chmod(0o555)

    def work() -> None:
        assert run(["uninstall", "cowsay", "--dry-run"], host.open) == 0

    assert run_in_child(work, user=NOBODY) == 0


WEB = Path("/opt/web")


def explain(number: int, *paths: object) -> Exception:
    """Return what an OSError about paths becomes while /opt/web is written."""
    error = OSError(number, "why", *paths[:1], None, *paths[1:])
    with pytest.raises(Exception, match="why") as caught, explain_write_errors(WEB):
        raise error
    assert caught.value is error or caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_told_whatever_it_was_about(number: int) -> None:
    error = explain(number, "/elsewhere/file")
    assert isinstance(error, InteropError)
    assert error.code == "disk-full"
    assert error.message.startswith(
        "No space left on device to change the environment /opt/web: [Errno"
    )
    assert error.hints == ("Free disk space, then run the command again.",)


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM, errno.EROFS])
@pytest.mark.parametrize("paths", [["/opt/web/lib/x"], ["/elsewhere", "/opt/web/x"], [WEB / "x"]])
def test_what_may_not_be_written_in_the_environment_is_told(
    number: int, paths: list[object]
) -> None:
    error = explain(number, *paths)
    assert isinstance(error, NotAllowedError)
    assert error.code == "not-writable"
    assert error.message.startswith("The environment /opt/web is not writable: [Errno")
    assert error.hints == ("Run the command as the user who owns the environment.",)


@pytest.mark.parametrize(
    ("number", "paths"),
    [
        (errno.EACCES, ["/elsewhere/x"]),
        (errno.EACCES, ["/opt/website/x"]),
        (errno.EACCES, [7]),
        (errno.EACCES, []),
        (errno.ENOENT, ["/opt/web/x"]),
        (errno.EIO, ["/opt/web/x"]),
    ],
)
def test_other_errors_stay_as_they_are(number: int, paths: list[object]) -> None:
    assert isinstance(explain(number, *paths), OSError)


def test_a_file_that_is_in_use_on_windows_is_told_as_such(tmp_path: Path) -> None:
    error = PermissionError(errno.EACCES, "in use", str(tmp_path / "x.pyd"))
    error.__dict__["winerror"] = 32
    with pytest.raises(NotAllowedError) as caught, explain_write_errors(tmp_path):
        raise error
    assert "A program uses a file of the environment" in caught.value.message
    assert "x.pyd" in caught.value.message
    assert caught.value.hints[0].startswith("Close the programs")
