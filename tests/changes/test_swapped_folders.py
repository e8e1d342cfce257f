"""A folder that becomes a link in the middle of an operation leads nothing outside."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.changes.atomic.files import replace_place, write_file
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, ORIGINALS_FOLDER, STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.originals import remember_lost
from conda_pip_interop.changes.plan import Plan, RemoveFile, WriteFile
from conda_pip_interop.changes.state import State, write_state
from conda_pip_interop.changes.undoing.operations import find_operation
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.protection.protect import protect, unprotect
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.trees import is_write, read_tree, run_in_child

PACKAGE = "lib/python3.11/site-packages/pkg"
#: What is swapped: a package, the folder of conda's records, and each folder of ours.
SWAPPED = ("lib", PACKAGE, "conda-meta", STATE_FOLDER, JOURNAL_FOLDER, ORIGINALS_FOLDER)
ACTIONS = (
    WriteFile(path=PrefixPath(f"{PACKAGE}/a.py"), content=b"new", reason="t"),
    WriteFile(path=PrefixPath(f"{PACKAGE}/deep/new.py"), content=b"new", reason="t"),
    RemoveFile(path=PrefixPath(f"{PACKAGE}/b.py"), reason="t"),
)


def write(root: Path) -> None:
    plan = Plan(title="t", steps=ACTIONS)
    execute(plan, Target(prefix=root, name="web", is_base=False), NoConda())


def write_and_undo(root: Path) -> None:
    write(root)
    undo(root, find_operation(root, None)[0].identifier)


def fail_and_recover(root: Path) -> None:
    with contextlib.suppress(ZeroDivisionError), open_operation(root, "t") as operation:
        operation.apply(ACTIONS)
        raise ZeroDivisionError
    recover_interrupted(root)


def write_state_of_ours(root: Path) -> None:
    write_state(root, State(unprotected=True))
    remember_lost(["gone-1-0"], root)
    remember_lost([], root)


def mark(root: Path) -> None:
    target = Target(prefix=root, name="web", is_base=False)
    protect(target, Policy())
    unprotect(target, Policy())


@pytest.mark.parametrize("swapped", SWAPPED)
@pytest.mark.parametrize(
    "work", [write, write_and_undo, fail_and_recover, write_state_of_ours, mark]
)
def test_a_folder_swapped_for_a_link_before_any_write_leads_nowhere(
    scratch: Path, work: Callable[[Path], None], swapped: str
) -> None:
    template = PrefixBuilder(root=scratch / "template")
    for name in "ab":
        template.write(f"{PACKAGE}/{name}.py", "old")
    (template.root / ORIGINALS_FOLDER).mkdir(parents=True)
    read_snapshot(template.root)
    for before in itertools.count(1):
        root, victim = scratch / f"env{before}", scratch / f"victim{before}"
        shutil.copytree(template.root, root)
        shutil.copytree(
            template.root / swapped if (template.root / swapped).is_dir() else root, victim
        )
        untouched = read_tree(victim), sorted(os.listdir(victim))

        def work_under_attack(root: Path = root, victim: Path = victim, at: int = before) -> None:
            numbers = itertools.count(1)
            attacking = False

            def watch(event: str, arguments: tuple[object, ...]) -> None:
                nonlocal attacking
                if attacking or not is_write(event, arguments) or next(numbers) != at:
                    return
                attacking = True
                with contextlib.suppress(OSError):
                    (root / swapped).rename(root / "aside")
                    (root / swapped).symlink_to(victim)
                attacking = False

            sys.addaudithook(watch)
            with contextlib.suppress(InteropError, OSError):
                work(root)
            os._exit(0 if next(numbers) <= at else 3)

        status = run_in_child(work_under_attack)
        assert (read_tree(victim), sorted(os.listdir(victim))) == untouched, f"write {before}"
        shutil.rmtree(root)
        shutil.rmtree(victim)
        if status == 0:
            break
    assert before > 3


def test_a_folder_that_is_swapped_all_the_time_leads_nowhere(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.write(f"{PACKAGE}/a.py", "old")
    victim = tmp_path / "victim"
    shutil.copytree(built.root / PACKAGE, victim)
    before = read_tree(victim)
    stop = threading.Event()

    def swap() -> None:
        folder, aside = built.root / PACKAGE, tmp_path / "aside"
        while not stop.is_set():
            folder.rename(aside)
            folder.symlink_to(victim)
            folder.unlink()
            aside.rename(folder)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for number in range(300):
            with contextlib.suppress(InteropError, OSError):
                path = PrefixPath(f"{PACKAGE}/{'a' if number % 2 else number}.py")
                place = HeldFolders(root=built.root).find(path)
                replace_place(place, b"new", mode=0o644)
    finally:
        stop.set()
        thread.join()
    assert read_tree(victim) == before


def test_links_inside_of_the_prefix_are_followed(tmp_path: Path) -> None:
    root = tmp_path / "env"
    (root / "lib/deep").mkdir(parents=True)
    (root / "lib64").symlink_to("lib")
    (root / "lib/up").symlink_to("../lib64/./deep")
    (root / "absolute").symlink_to(root / "lib")
    for folder, real in (("lib64", "lib"), ("lib/up", "lib/deep"), ("absolute/up", "lib/deep")):
        write_file(root, PrefixPath(f"{folder}/x"), folder.encode())
        assert (root / real / "x").read_text() == folder


NAMES = st.sampled_from(["a", "b", "..", ".", "c"])
TARGETS = st.lists(NAMES, min_size=1, max_size=4).map("/".join) | st.just("/etc")


@given(links=st.dictionaries(st.sampled_from(["a/b", "a/c", "b", "c"]), TARGETS, max_size=4))
def test_a_path_is_outside_exactly_if_the_system_says_so(links: dict[str, str]) -> None:
    with tempfile.TemporaryDirectory() as made:
        root = Path(made).resolve() / "env"
        (root / "a").mkdir(parents=True)
        for path, target in links.items():
            (root / path).symlink_to(target)
        folders = HeldFolders(root=root)
        for path in ("a/x", "b/x", "c/x", "a/b/x", "a/c/x", "b/c/x", "a/b/c/x"):
            folder = (root / path).parent
            inside = os.path.commonpath([root, os.path.realpath(folder)]) == str(root)
            try:
                place = folders.find(PrefixPath(path))
            except InteropError:
                assert not (inside and folder.is_dir())
            except OSError:
                assert not folder.is_dir()
            else:
                assert inside
                assert os.path.samestat(folder.stat(), os.fstat(place.descriptor or 0))


def test_a_link_that_an_operation_removes_leads_nowhere_any_more(tmp_path: Path) -> None:
    root = tmp_path / "env"
    (root / "conda-meta").mkdir(parents=True)
    (root / "b/c").mkdir(parents=True)
    (root / "a").symlink_to("b/c")
    before = read_tree(root)
    actions = (
        RemoveFile(path=PrefixPath("a"), reason="t"),
        WriteFile(path=PrefixPath("a/deep/x"), content=b"", reason="t"),
    )
    with pytest.raises(OSError, match="No such file"), open_operation(root, "t") as operation:
        operation.apply(actions)
    assert read_tree(root) == before
