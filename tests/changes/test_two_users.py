"""root works on an environment of another user, who attacks as that user can."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, STATE_FOLDER
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import RemoveFile, WriteFile
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.interface import build_provided
from conda_pip_interop.installers.pip.input_files import write_overlay
from tests.support.builders import PrefixBuilder
from tests.support.trees import NOBODY, read_tree, run_in_child

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")

PACKAGE = "lib/python3.11/site-packages/pkg"


@pytest.fixture
def env(shared_folder: Path) -> Path:
    """An environment of a user who is not root."""
    built = PrefixBuilder(root=shared_folder / "env")
    built.write(f"{PACKAGE}/a.py", "old")
    for path in (built.root, *built.root.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    return built.root


@pytest.fixture
def victim(shared_folder: Path) -> Path:
    """A folder of root's, with the names that are in the environment."""
    folder = shared_folder / "victim"
    (folder / "20260101T000000Z/stash").mkdir(parents=True)
    (folder / "a.py").write_text("root's")
    return folder


def act(root: Path) -> None:
    actions = (
        WriteFile(path=PrefixPath(f"{PACKAGE}/a.py"), content=b"new", reason="t"),
        RemoveFile(path=PrefixPath(f"{PACKAGE}/a.py"), reason="t"),
    )
    for action in actions:
        with contextlib.suppress(InteropError, OSError), open_operation(root, "t") as operation:
            operation.apply([action])


@pytest.mark.parametrize("path", [STATE_FOLDER, JOURNAL_FOLDER, PACKAGE])
def test_links_that_a_user_plants_lead_root_nowhere(env: Path, victim: Path, path: str) -> None:
    def plant() -> None:
        link = env / path
        shutil.rmtree(link, ignore_errors=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(victim)

    assert run_in_child(plant, user=NOBODY) == 0
    before = read_tree(victim)
    act(env)
    assert read_tree(victim) == before


@contextlib.contextmanager
def attacked(attack: Callable[[], object]) -> Iterator[None]:
    """Let the other user attack in a process of its own."""
    child = os.fork()
    if child == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        with contextlib.suppress(OSError):
            attack()
        os._exit(0)
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_a_user_who_swaps_a_folder_all_the_time_leads_root_nowhere(env: Path, victim: Path) -> None:
    def swap() -> None:
        folder, aside = env / PACKAGE, env / "aside"
        while True:
            with contextlib.suppress(OSError):
                folder.rename(aside)
                folder.symlink_to(victim)
                folder.unlink()
                aside.rename(folder)

    before = read_tree(victim)
    with attacked(swap):
        for _ in range(40):
            act(env)
    assert read_tree(victim) == before


def test_a_user_who_cannot_write_to_an_environment_cannot_hold_its_lock(
    shared_folder: Path,
) -> None:
    root = PrefixBuilder(root=shared_folder / "roots").root
    act(root)

    def hold() -> None:
        with (root / STATE_FOLDER / "lock").open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            time.sleep(60)

    begun = time.monotonic()
    with attacked(hold):
        time.sleep(0.2)
        act(root)
    assert time.monotonic() - begun < 30


@pytest.mark.parametrize("name", ["/victim", "../../victim", "x\x0b--index-url=https://evil/"])
def test_metadata_that_a_user_writes_is_no_path_and_no_option(
    env: Path, tmp_path: Path, name: str
) -> None:
    def plant() -> None:
        info = env / "lib/python3.11/site-packages/app-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Name: {name}\nVersion: 1/../../x\n\n")

    assert run_in_child(plant, user=NOBODY) == 0
    (found,) = read_snapshot(env).distributions
    provided = build_provided(found.name, found.version, extras=(), requirements=())
    assert provided is not None
    folder = tmp_path / "inner/overlay"
    folder.mkdir(parents=True)
    write_overlay(folder, (provided,))
    assert [one.name for one in tmp_path.rglob("*.dist-info")] == ["app-1.0.dist-info"]
    assert [*tmp_path.iterdir()] == [tmp_path / "inner"]
