"""An operation is applied completely or not at all."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Collection
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.files import remove_file, replace_file
from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, STATE_FOLDER
from conda_pip_interop.changes.atomic.lock import is_operating, recover_interrupted
from conda_pip_interop.changes.atomic.rollback import needs_recovery, read_journals
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import FileAction, PlaceFile, RemoveFile, WriteFile
from conda_pip_interop.changes.state import State, read_state, write_state
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.quick_check import read_fingerprint
from conda_pip_interop.errors import InteropError
from tests.support.trees import NOBODY, link_cases, read_tree, run_and_kill, run_in_child

SITE = "lib/python3.11/site-packages"


class StopHereError(Exception):
    """What a test raises inside an operation."""


def write(path: str, content: bytes = b"new", mode: int = 0o644) -> WriteFile:
    return WriteFile(path=PrefixPath(path), content=content, reason="a test", mode=mode)


def remove(path: str) -> RemoveFile:
    return RemoveFile(path=PrefixPath(path), reason="a test")


def put(prefix: Path, path: str, content: bytes, mode: int = 0o644) -> Path:
    file = prefix / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    file.chmod(mode)
    os.utime(file, ns=(1_700_000_000_123_456_789, 1_600_000_000_987_654_321))
    return file


def make_prefix(prefix: Path) -> Path:
    put(prefix, "conda-meta/history", b"==> once <==\n")
    put(prefix, f"{SITE}/click/__init__.py", b"version = 1\n")
    put(prefix, f"{SITE}/click/deep/only.py", b"only\n", 0o600)
    put(prefix, f"{SITE}/click-1.dist-info/RECORD", b"click/__init__.py,,\n")
    put(prefix, "bin/click", b"#!/bin/sh\n", 0o755)
    (prefix / "bin/klick").symlink_to("click")
    (prefix / "bin/dangling").symlink_to("nowhere")
    (prefix / "lib64").symlink_to("lib")
    (prefix / SITE / "click/deep").chmod(0o750)
    (prefix / "share/empty").mkdir(parents=True)
    return prefix


def every_kind() -> tuple[FileAction, ...]:
    """One action of each kind that there is, in two kinds of folders."""
    return (
        write(f"{SITE}/click/__init__.py", b"version = 2\n"),
        write(f"{SITE}/fresh/inner/__init__.py", b"fresh\n"),
        write(f"{SITE}/fresh/inner/tool", b"tool\n", 0o755),
        write("bin/klick", b"a file in place of a link\n"),
        remove("bin/dangling"),
        remove("bin/click"),
        remove(f"{SITE}/click/deep/only.py"),
        remove(f"{SITE}/click-1.dist-info/RECORD"),
        remove("bin/not-there"),
        remove("share/empty"),
    )


def fail(prefix: Path, *batches: tuple[FileAction, ...], error: BaseException) -> None:
    with open_operation(prefix, "a test") as operation:
        for batch in batches:
            operation.apply(batch)
        raise error


def succeed(prefix: Path, *batches: tuple[FileAction, ...]) -> None:
    with open_operation(prefix, "a test") as operation:
        for batch in batches:
            operation.apply(batch)


@pytest.fixture
def prefix(scratch: Path) -> Path:
    return make_prefix(scratch / "env")


def test_a_committed_operation_has_the_result_of_its_actions(prefix: Path) -> None:
    succeed(prefix, every_kind())
    assert (prefix / SITE / "click/__init__.py").read_bytes() == b"version = 2\n"
    assert (prefix / SITE / "fresh/inner/__init__.py").read_bytes() == b"fresh\n"
    assert (prefix / SITE / "fresh/inner/tool").stat().st_mode & 0o777 == 0o755
    assert not (prefix / "bin/klick").is_symlink()
    assert not os.path.lexists(prefix / "bin/dangling")
    assert not os.path.lexists(prefix / "bin/click")
    assert not (prefix / SITE / "click/deep").exists()
    assert not (prefix / SITE / "click-1.dist-info").exists()


def test_what_others_put_into_a_new_folder_stays_when_that_is_rolled_back(prefix: Path) -> None:
    before = read_tree(prefix)

    def work() -> None:
        with open_operation(prefix, "a test") as operation:
            operation.apply(every_kind())
            put(prefix, f"{SITE}/fresh/others.py", b"others")
            raise StopHereError

    with pytest.raises(StopHereError):
        work()
    after = read_tree(prefix)
    assert after.keys() - before.keys() == {f"{SITE}/fresh", f"{SITE}/fresh/others.py"}
    assert {path: after[path] for path in before} == before


def test_through_a_link_that_comes_back_the_files_behind_it_come_back(prefix: Path) -> None:
    for name in ("one", "other"):
        put(prefix, f"{name}/x.py", name.encode())
    (prefix / "link").symlink_to("one")
    staged = prefix / "conda-meta/staged"
    staged.symlink_to("other")
    before = read_tree(prefix)

    def work() -> None:
        with open_operation(prefix, "a test") as operation:
            operation.apply([write("link/x.py", b"in one")])
            placed = PlaceFile(path=PrefixPath("link"), source=staged, reason="a test")
            operation.apply([placed])
            operation.apply([write("link/x.py", b"in other")])
            assert (prefix / "other/x.py").read_bytes() == b"in other"
            raise StopHereError

    with pytest.raises(StopHereError):
        work()
    assert read_tree(prefix) == before


def test_the_journal_of_a_committed_operation_is_closed(prefix: Path) -> None:
    succeed(prefix, every_kind())
    (journal,) = read_journals(prefix)
    assert journal.closed
    assert journal.title == "a test"
    assert {step.kind for step in journal.steps} == {"write", "remove", "mkdir", "rmdir"}
    assert [step.number for step in journal.steps] == list(range(len(journal.steps)))


def test_a_folder_that_is_named_like_a_journal_hinders_no_operation(prefix: Path) -> None:
    now = datetime.now(timezone.utc)
    for later in range(5):
        stem = (now + timedelta(seconds=later)).strftime("%Y%m%dT%H%M%SZ")
        (prefix / JOURNAL_FOLDER / f"{stem}.moved").mkdir(parents=True)
    succeed(prefix, every_kind())
    (journal,) = read_journals(prefix)
    assert journal.closed


@pytest.mark.parametrize("error", [StopHereError(), KeyboardInterrupt(), SystemExit(3)])
def test_an_exception_restores_content_modes_times_and_links(
    prefix: Path, error: BaseException
) -> None:
    before = read_tree(prefix)
    with pytest.raises(type(error)):
        fail(prefix, every_kind(), error=error)
    assert read_tree(prefix) == before
    assert read_journals(prefix) == ()


def test_several_batches_in_one_operation_roll_back_together(prefix: Path) -> None:
    before = read_tree(prefix)
    batches = (
        (write("new/a"), write("bin/click", b"once")),
        (write("bin/click", b"twice"), remove("new/a")),
        (write("new/b"), remove("bin/click")),
        (write("bin/click", b"#!/bin/sh\n"),),
    )
    with pytest.raises(StopHereError):
        fail(prefix, *batches, error=StopHereError())
    assert read_tree(prefix) == before
    succeed(prefix, *batches)
    assert (prefix / "new/b").read_bytes() == b"new"
    assert (prefix / "bin/click").read_bytes() == b"#!/bin/sh\n"


@pytest.mark.parametrize(
    ("actions", "content"),
    [
        ((write("bin/click", b"1"), remove("bin/click")), None),
        ((remove("bin/click"), write("bin/click", b"2")), b"2"),
        ((write("bin/click", b"1"), write("bin/click", b"2")), b"2"),
        ((write("bin/fresh", b"1"), remove("bin/fresh")), None),
        ((write("bin/fresh", b"1"), write("bin/fresh", b"2")), b"2"),
    ],
)
def test_only_the_last_of_several_actions_on_one_path_is_performed(
    prefix: Path, actions: tuple[FileAction, ...], content: bytes | None
) -> None:
    before = read_tree(prefix)
    with pytest.raises(StopHereError):
        fail(prefix, actions, error=StopHereError())
    assert read_tree(prefix) == before
    succeed(prefix, actions)
    path = prefix / actions[0].path
    assert (path.read_bytes() if os.path.lexists(path) else None) == content


def test_a_removed_file_can_be_replaced_by_a_folder(prefix: Path) -> None:
    before = read_tree(prefix)
    actions = (remove("bin/click"), write("bin/click/__init__.py"))
    with pytest.raises(StopHereError):
        fail(prefix, actions, error=StopHereError())
    assert read_tree(prefix) == before
    succeed(prefix, actions)
    assert (prefix / "bin/click/__init__.py").read_bytes() == b"new"


def test_a_removal_prunes_only_folders_that_it_empties(prefix: Path) -> None:
    succeed(prefix, (remove("share/empty/not-there"),))
    assert (prefix / "share/empty").is_dir()


def test_an_action_on_a_folder_is_refused_and_nothing_is_changed(prefix: Path) -> None:
    before = read_tree(prefix)
    with pytest.raises(InteropError) as caught:
        succeed(prefix, (write("bin/new"), remove("share")))
    assert caught.value.code == "is-a-folder"
    assert read_tree(prefix) == before


def test_a_file_in_the_place_of_a_folder_is_refused_unless_it_is_removed_before(
    prefix: Path,
) -> None:
    before = read_tree(prefix)
    with pytest.raises(InteropError) as caught:
        succeed(prefix, (write("bin/new"), write("bin/click/below")))
    assert caught.value.code == "is-a-file"
    assert read_tree(prefix) == before
    succeed(prefix, (remove("bin/click"), write("bin/click/below")))
    assert (prefix / "bin/click/below").read_bytes() == b"new"


def test_a_caught_refusal_leaves_the_operation_usable(prefix: Path) -> None:
    with open_operation(prefix, "a test") as operation:
        with pytest.raises(InteropError):
            operation.apply([write("fresh/a"), remove("share")])
        operation.apply([write("fresh/b")])
    assert (prefix / "fresh/b").read_bytes() == b"new"
    assert not (prefix / "fresh/a").exists()


def test_a_path_through_a_symlink_out_of_the_prefix_is_refused(prefix: Path, scratch: Path) -> None:
    outside = put(scratch, "outside/file", b"somebody's")
    (prefix / "out").symlink_to(outside.parent)
    before = read_tree(scratch / "outside")
    for action in (write("out/file"), write("out/other"), remove("out/file")):
        with pytest.raises(InteropError) as caught:
            succeed(prefix, (action,))
        assert caught.value.code == "path-outside-prefix"
    assert read_tree(scratch / "outside") == before


def test_a_path_through_a_symlink_inside_the_prefix_is_written(prefix: Path) -> None:
    before = read_tree(prefix)
    actions = (write("lib64/x/y"), remove("lib64/python3.11/site-packages/click/__init__.py"))
    with pytest.raises(StopHereError):
        fail(prefix, actions, error=StopHereError())
    assert read_tree(prefix) == before
    succeed(prefix, actions)
    assert (prefix / "lib/x/y").read_bytes() == b"new"
    assert (prefix / "lib64").is_symlink()


def test_a_file_hard_linked_to_the_package_cache_is_not_written_into(
    prefix: Path, scratch: Path
) -> None:
    cache = scratch / "pkgs"
    cache.mkdir()
    for path in (f"{SITE}/click/__init__.py", "bin/click"):
        os.link(prefix / path, cache / Path(path).name)
    before = read_tree(cache)
    with pytest.raises(StopHereError):
        fail(prefix, every_kind(), error=StopHereError())
    succeed(prefix, every_kind())
    replace_file(prefix / SITE / "click/__init__.py", b"again", mode=0o600)
    assert read_tree(cache) == before


@link_cases
def test_an_operation_killed_at_any_write_is_rolled_back_by_the_next(
    scratch: Path, links: Collection[int]
) -> None:
    batches = (every_kind(), (write(f"{SITE}/click/deep/only.py", b"x"), write("bin/click")))
    for before in itertools.count(1):
        prefix = make_prefix(scratch / str(before))
        tree = read_tree(prefix)
        killed = run_and_kill(partial(succeed, prefix, *batches), before=before, links=links)
        if not killed:
            break
        succeed(prefix)
        assert read_tree(prefix) == tree, f"killed before write {before}"
        assert [journal.steps for journal in read_journals(prefix)] == [()]
        assert len(os.listdir(prefix / JOURNAL_FOLDER)) == 1
    assert before > 40
    assert read_tree(prefix) != tree


def test_a_killed_rollback_is_finished_by_the_next_operation(scratch: Path) -> None:
    for before in itertools.count(1):
        prefix = make_prefix(scratch / str(before))
        tree = read_tree(prefix)

        def work(at: Path = prefix) -> None:
            with pytest.raises(StopHereError):
                fail(at, every_kind(), error=StopHereError())

        killed = run_and_kill(work, before=before)
        if not killed:
            break
        succeed(prefix)
        assert read_tree(prefix) == tree, f"killed before write {before}"
    assert before > 40
    assert read_tree(prefix) == tree


def test_a_killed_recovery_can_be_repeated_until_the_old_tree_is_back(scratch: Path) -> None:
    content = b"the same again: not to be taken for what the operation wrote"
    batches = ((remove("bin/click"),), (write("bin/click", content),))
    for first in itertools.count(1):
        base = scratch / str(first)
        put(base, "conda-meta/history", b"")
        put(base, "bin/click", content)
        tree = read_tree(base)
        if not run_and_kill(partial(succeed, base, *batches), before=first):
            break
        for second in itertools.count(1):
            prefix = scratch / f"{first}-{second}"
            shutil.copytree(base, prefix, symlinks=True)
            killed = run_and_kill(partial(succeed, prefix), before=second)
            succeed(prefix)
            assert read_tree(prefix) == tree, f"killed before writes {first} and {second}"
            if not killed:
                break


def test_an_interrupt_after_the_closing_line_leaves_the_operation_committed(prefix: Path) -> None:
    def interrupt_late() -> None:
        with open_operation(prefix, "a test") as operation:
            operation.apply([write("bin/new")])
            operation.commit()
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt_late()
    assert (prefix / "bin/new").read_bytes() == b"new"
    (journal,) = read_journals(prefix)
    assert journal.closed


def leave_half_done(prefix: Path, *batches: tuple[FileAction, ...]) -> Path:
    """An operation of a process that dies before it commits; its folder."""

    def work() -> None:
        with open_operation(prefix, "a test") as operation:
            for batch in batches:
                operation.apply(batch)
            os._exit(0)

    assert run_in_child(work) == 0
    (folder,) = (prefix / JOURNAL_FOLDER).iterdir()
    return folder


def test_recovery_reads_a_journal_whose_last_line_is_cut_off(scratch: Path) -> None:
    prefix = make_prefix(scratch / "env")
    tree = read_tree(prefix)
    folder = leave_half_done(prefix, every_kind())
    whole = (folder / "journal.jsonl").read_bytes()
    begun = whole + b'{"number": 99, "kind": "remove", "path": "bin/klick", "existed": true, "sha'
    for end in range(len(whole), len(begun) + 1, 7):
        copy = scratch / str(end)
        shutil.copytree(prefix, copy, symlinks=True)
        (copy / JOURNAL_FOLDER / folder.name / "journal.jsonl").write_bytes(begun[:end])
        succeed(copy)
        assert read_tree(copy) == tree


def test_recovery_removes_temporary_files_of_a_killed_process(prefix: Path) -> None:
    tree = read_tree(prefix)
    leave_half_done(prefix, (write("bin/click", b"2"), write("made/here", b"2")))
    for path in ("bin/.click.4711.pip-interop", "made/.here.4712.pip-interop"):
        put(prefix, path, b"torn")
    put(prefix, "bin/.click.old.pip-interop", b"somebody's")
    succeed(prefix)
    (prefix / "bin/.click.old.pip-interop").unlink()
    assert read_tree(prefix) == tree


def test_recovery_removes_a_journal_without_a_complete_header(prefix: Path) -> None:
    (prefix / JOURNAL_FOLDER / "20200101T000000Z/stash").mkdir(parents=True)
    put(prefix, f"{JOURNAL_FOLDER}/20200101T000001Z/journal.jsonl", b'{"format": 1, "ti')
    succeed(prefix)
    assert len(os.listdir(prefix / JOURNAL_FOLDER)) == 1


@pytest.mark.parametrize("closed", [False, True])
def test_a_journal_of_a_newer_version_is_left_alone_and_blocks_while_open(
    prefix: Path, closed: bool
) -> None:
    text = b'{"format": 2, "title": "t", "started": "s"}\n' + b'{"closed": true}\n' * closed
    path = f"{JOURNAL_FOLDER}/20200101T000000Z/journal.jsonl"
    file = put(prefix, path, text)
    stashed = put(prefix, f"{JOURNAL_FOLDER}/20200101T000000Z/stash/0", b"kept")
    if closed:
        succeed(prefix)
    else:
        with pytest.raises(InteropError) as refused:
            succeed(prefix)
        assert refused.value.code == "newer-state"
    assert file.read_bytes() == text
    assert stashed.read_bytes() == b"kept"


def test_recovery_needs_no_stash_where_nothing_was_there_before(prefix: Path) -> None:
    """An empty folder may be lost with the power, and the journal not."""
    tree = read_tree(prefix)

    def work() -> None:
        with open_operation(prefix, "killed") as operation:
            operation.apply([write("bin/new")])
            os._exit(9)

    assert run_in_child(work) == 9
    (folder,) = (prefix / JOURNAL_FOLDER).iterdir()
    (folder / "stash").rmdir()
    recover_interrupted(prefix)
    assert read_tree(prefix) == tree


def test_recovery_does_not_undo_committed_operations(prefix: Path) -> None:
    succeed(prefix, every_kind())
    tree = read_tree(prefix)
    folder = next((prefix / JOURNAL_FOLDER).iterdir())
    text = (folder / "journal.jsonl").read_text()
    (folder / "journal.jsonl").write_text(text.replace('"kind": "rmdir"', '"kind": "later"'))
    succeed(prefix)
    assert read_tree(prefix) == tree


def test_journals_of_the_same_second_are_read_oldest_first(prefix: Path) -> None:
    for number in range(13):
        with open_operation(prefix, str(number)):
            pass
    assert [journal.title for journal in read_journals(prefix)] == [str(n) for n in range(13)]


def test_a_plan_for_a_changed_environment_is_refused(prefix: Path) -> None:
    tree = read_tree(prefix)
    with pytest.raises(InteropError) as caught, open_operation(prefix, "x", fingerprint="another"):
        raise AssertionError
    assert caught.value.code == "stale-plan"
    assert read_tree(prefix) == tree


def test_a_plan_for_an_unchanged_environment_is_executed(prefix: Path) -> None:
    fingerprint = read_fingerprint(prefix).digest
    with open_operation(prefix, "x", fingerprint=fingerprint) as operation:
        operation.apply([write("bin/new")])
    assert (prefix / "bin/new").exists()
    put(prefix, "conda-meta/click-2-0.json", b'{"name": "click", "version": "2"}')
    with pytest.raises(InteropError), open_operation(prefix, "x", fingerprint=fingerprint):
        raise AssertionError


def test_an_environment_of_another_user_is_not_writable(shared_folder: Path) -> None:
    prefix = make_prefix(shared_folder / "env")
    (prefix / "conda-meta").chmod(0o555)

    def work() -> None:
        with pytest.raises(InteropError) as caught, open_operation(prefix, "x"):
            raise AssertionError
        assert caught.value.code == "not-writable"
        assert str(prefix) in caught.value.message

    tree = read_tree(prefix)
    assert run_in_child(work, user=NOBODY) == 0
    assert read_tree(prefix) == tree


def test_a_folder_of_another_user_is_not_writable_and_all_is_rolled_back(
    shared_folder: Path,
) -> None:
    prefix = make_prefix(shared_folder / "env")
    (prefix / "conda-meta").chmod(0o777)
    (prefix / SITE).chmod(0o777)
    (prefix / "bin").chmod(0o555)

    def work() -> None:
        with pytest.raises(InteropError) as caught:
            succeed(prefix, (write(f"{SITE}/fresh.py"), write("bin/click")))
        assert caught.value.code == "not-writable"

    tree = read_tree(prefix)
    assert run_in_child(work, user=NOBODY) == 0
    assert read_tree(prefix) == tree


def test_files_of_another_user_are_restored_without_hard_links(
    shared_folder: Path,
) -> None:
    prefix = make_prefix(shared_folder / "env")
    for folder in ("conda-meta", "bin"):
        (prefix / folder).chmod(0o777)
    tree = read_tree(prefix)

    def work() -> None:
        with pytest.raises(StopHereError):
            fail(prefix, (write("bin/click"), remove("bin/klick")), error=StopHereError())

    assert run_in_child(work, user=NOBODY) == 0
    assert read_tree(prefix) == tree


def test_an_error_about_a_path_outside_the_prefix_is_not_changed(prefix: Path) -> None:
    with pytest.raises(PermissionError), open_operation(prefix, "x"):
        raise PermissionError(13, "no", "/somewhere/else")


def test_an_environment_is_marked_only_while_an_operation_is_open(
    prefix: Path,
) -> None:
    assert not is_operating(prefix)
    with open_operation(prefix, "x"):
        assert is_operating(prefix)
    assert not is_operating(prefix)
    with pytest.raises(StopHereError):
        fail(prefix, error=StopHereError())
    assert not is_operating(prefix)


def test_the_second_of_two_processes_waits_and_says_so(prefix: Path) -> None:
    ready_out, ready_in = os.pipe()
    go_out, go_in = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with open_operation(prefix, "first") as operation:
                operation.apply([write("bin/first")])
                os.write(ready_in, b"!")
                os.read(go_out, 1)
        finally:
            os._exit(0)
    os.read(ready_out, 1)
    waits: list[int] = []

    def on_wait() -> None:
        waits.append(1)
        assert not any(journal.closed for journal in read_journals(prefix))
        os.write(go_in, b"!")

    with open_operation(prefix, "second", on_wait=on_wait):
        assert (prefix / "bin/first").exists()
    assert os.waitpid(child, 0)[1] == 0
    assert waits == [1]
    assert [(one.title, one.closed) for one in read_journals(prefix)] == [
        ("first", True),
        ("second", True),
    ]


def test_replacing_a_file_is_atomic_and_leaves_no_temporary_file(prefix: Path) -> None:
    target = prefix / "bin/click"
    old = target.open("rb")
    replace_file(target, b"new content", mode=0o755)
    with old:
        assert old.read() == b"#!/bin/sh\n"
    assert target.read_bytes() == b"new content"
    assert target.stat().st_mode & 0o777 == 0o755
    assert not [name for name in os.listdir(target.parent) if name.endswith("pip-interop")]


def test_failing_to_replace_a_file_leaves_no_temporary_file(prefix: Path) -> None:
    with pytest.raises(OSError, match="directory"):
        replace_file(prefix / "share/empty", b"")
    assert os.listdir(prefix / "share") == ["empty"]


def test_the_temporary_file_of_a_killed_process_is_overwritten(
    prefix: Path,
) -> None:
    put(prefix, f"bin/.click.{os.getpid()}.pip-interop", b"torn")
    replace_file(prefix / "bin/click", b"new")
    assert (prefix / "bin/click").read_bytes() == b"new"


@pytest.mark.parametrize("name", ["x" * 255, "\N{SNOWMAN}" * 85])
def test_a_file_with_the_longest_possible_name_is_written(prefix: Path, name: str) -> None:
    succeed(prefix, (write(f"share/{name}"),))
    assert (prefix / "share" / name).read_bytes() == b"new"


def test_removing_a_missing_file_is_no_error(prefix: Path) -> None:
    remove_file(prefix, PrefixPath("bin/click"))
    remove_file(prefix, PrefixPath("bin/click"))
    assert not (prefix / "bin/click").exists()


def test_a_written_state_is_read_again(prefix: Path) -> None:
    state = State(
        unprotected=True, told=frozenset({"finding:a"}), left_alone=frozenset({"leave:b"})
    )
    write_state(prefix, state)
    assert read_state(prefix) == state
    assert os.listdir(prefix / STATE_FOLDER) == ["state.json"]


@pytest.mark.parametrize("reached", [True, False])
def test_an_open_journal_is_closed_if_its_goal_exists_else_rolled_back(
    tmp_path: Path, reached: bool
) -> None:
    prefix = make_prefix(tmp_path)
    (prefix / "lib").mkdir(exist_ok=True)
    (prefix / "lib/pips").write_text("pip's")
    goal = PrefixPath("lib/condas")
    child = os.fork()
    if child == 0:
        with open_operation(prefix, "restore", goal=goal) as operation:
            operation.apply([remove("lib/pips")])
            if reached:
                (prefix / goal).write_text("conda's")
            os._exit(9)
    os.waitpid(child, 0)
    assert needs_recovery(prefix)
    recover_interrupted(prefix)
    assert not needs_recovery(prefix)
    assert (prefix / "lib/pips").exists() is not reached
    assert len(read_journals(prefix)) == (1 if reached else 0)


def test_a_folder_that_is_not_a_conda_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InteropError) as refused, open_operation(tmp_path, "x"):
        pass
    assert refused.value.code == "not-conda"
    assert list(tmp_path.iterdir()) == []


def test_an_operation_inside_an_operation_is_refused(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path)
    with open_operation(prefix, "outer"):
        assert is_operating(prefix)
        with pytest.raises(InteropError) as refused, open_operation(prefix, "inner"):
            pass
    assert refused.value.code == "busy"
    assert not is_operating(prefix)
