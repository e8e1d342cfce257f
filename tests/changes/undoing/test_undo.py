"""Undo is complete or does nothing, and old operations are discarded."""

from __future__ import annotations

import os
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, render_reopen
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.rollback import KEPT_OPERATIONS, prune_journals, read_journals
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import Automatic, RemoveFile, WriteFile
from conda_pip_interop.changes.undoing.changed_since import refuse_any_changed
from conda_pip_interop.changes.undoing.operations import (
    find_later_operations,
    find_operation,
    list_operations,
)
from conda_pip_interop.changes.undoing.preview import find_contents
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.changes.undoing.undone import Undone
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from tests.support.trees import read_tree


def make_prefix(root: Path) -> Path:
    (root / "conda-meta").mkdir(parents=True)
    (root / "lib").mkdir()
    (root / "lib/old.py").write_text("old")
    (root / "lib/old.py").chmod(0o640)
    os.utime(root / "lib/old.py", ns=(1, 1_600_000_000_000_000_000))
    (root / "lib/gone.py").write_text("gone")
    (root / "lib/link").symlink_to("gone.py")
    return root


def change(prefix: Path) -> str:
    with open_operation(prefix, "change") as operation:
        operation.apply(
            [
                WriteFile(path=PrefixPath("lib/old.py"), content=b"new", reason=""),
                WriteFile(path=PrefixPath("lib/made/fresh.py"), content=b"fresh", reason=""),
                RemoveFile(path=PrefixPath("lib/gone.py"), reason=""),
                RemoveFile(path=PrefixPath("lib/link"), reason=""),
            ]
        )
    return find_operation(prefix, None)[0].identifier


def test_undo_restores_contents_modes_times_and_links(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    before = read_tree(prefix / "lib")
    identifier = change(prefix)
    assert read_tree(prefix / "lib") != before
    undo(prefix, identifier)
    assert read_tree(prefix / "lib") == before
    assert read_journals(prefix) == ()


@pytest.mark.parametrize("path", ["lib/old.py", "lib/made/fresh.py", "lib/gone.py", "lib/link"])
def test_undo_changes_nothing_if_one_file_was_changed_since(tmp_path: Path, path: str) -> None:
    prefix = make_prefix(tmp_path / "env")
    identifier = change(prefix)
    (prefix / path).write_text("changed")
    before = read_tree(prefix)
    with pytest.raises(InteropError, match=path) as refused:
        undo(prefix, identifier)
    assert refused.value.code == "changed-since"
    after = {name: seen for name, seen in read_tree(prefix).items() if "pip-interop" not in name}
    assert after == {name: seen for name, seen in before.items() if "pip-interop" not in name}
    assert find_operation(prefix, identifier)[0].closed


@pytest.mark.parametrize("lost", ["file", "folder"])
def test_undo_changes_nothing_if_the_journal_has_lost_a_file(tmp_path: Path, lost: str) -> None:
    prefix = make_prefix(tmp_path / "env")
    identifier = change(prefix)
    stash = prefix / JOURNAL_FOLDER / identifier / "stash"
    shutil.move(stash if lost == "folder" else min(stash.iterdir()), tmp_path / "lost")
    before = read_tree(prefix)
    with pytest.raises(InteropError, match="does not keep any more: lib/") as refused:
        undo(prefix, identifier)
    assert refused.value.code == "not-kept"
    assert read_tree(prefix / "lib") == {
        name.removeprefix("lib/"): seen for name, seen in before.items() if name.startswith("lib/")
    }


def test_what_a_later_operation_has_lost_is_no_error_elsewhere(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first, second = change(prefix), change_again(prefix)
    shutil.rmtree(prefix / JOURNAL_FOLDER / second / "stash")
    later = find_operation(prefix, second)
    undone = Undone(prefix=prefix, later=later)
    (step,) = (one for one in find_operation(prefix, first)[0].steps if one.path == "lib/old.py")
    assert not undone.is_as_left(step)  # what it wrote does not come back
    assert find_contents(prefix, later)[PrefixPath("lib/old.py")] == ""


def test_a_later_operation_that_changed_the_files_is_named(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first, second = change(prefix), change_again(prefix)
    write_to(prefix, "lib/other.py", b"x")
    with pytest.raises(InteropError) as refused:
        undo(prefix, first)
    assert refused.value.hints == (
        f"To undo first what changed them: `conda pip undo -p {prefix} {second}`.",
    )
    undo(prefix, second)
    undo(prefix, first)


def change_again(prefix: Path) -> str:
    with open_operation(prefix, "again") as operation:
        operation.apply([WriteFile(path=PrefixPath("lib/old.py"), content=b"2", reason="")])
    return find_operation(prefix, None)[0].identifier


def test_an_interrupted_undo_is_completed_by_the_next_recovery(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    before = read_tree(prefix / "lib")
    identifier = change(prefix)
    with (prefix / JOURNAL_FOLDER / identifier / "journal.jsonl").open("a") as journal:
        journal.write(render_reopen())
    recover_interrupted(prefix)
    assert read_tree(prefix / "lib") == before


def test_only_the_last_operations_are_kept_for_a_limited_time(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    for number in range(KEPT_OPERATIONS + 3):
        with open_operation(prefix, f"{number}"):
            pass
    kept = [one.title for one in read_journals(prefix)]
    assert kept == [f"{number}" for number in range(3, KEPT_OPERATIONS + 3)]
    prune_journals(prefix, now=datetime.now(timezone.utc) + timedelta(days=91))
    assert read_journals(prefix) == ()


def test_what_is_interrupted_is_kept_until_it_is_put_right(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    identifier = change(prefix)
    journal = prefix / JOURNAL_FOLDER / identifier / "journal.jsonl"
    journal.write_text(journal.read_text() + render_reopen())
    prune_journals(prefix, now=datetime.now(timezone.utc) + timedelta(days=91))
    assert [one.identifier for one in read_journals(prefix)] == [identifier]


def write(prefix: Path, content: bytes, automatic: Automatic = "") -> None:
    with open_operation(prefix, "write", automatic=automatic) as operation:
        operation.apply([WriteFile(path=PrefixPath("lib/old.py"), content=content, reason="")])


def test_what_a_command_of_ours_did_automatically_is_undone_with_it(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    before = read_tree(prefix / "lib")
    write(prefix, b"mine")
    write(prefix, b"tidied", "ours")
    undo(prefix, find_operation(prefix, None)[0].identifier)
    assert read_tree(prefix / "lib") == before
    assert read_journals(prefix) == ()


def test_a_command_and_what_it_did_automatically_are_one_operation(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    before = read_tree(prefix / "lib")
    kinds: tuple[Automatic, ...] = ("ours", "", "ours", "before", "ours", "after", "", "ours")
    for number, automatic in enumerate(kinds):
        write(prefix, str(number).encode(), automatic)
    names = [one.identifier for one in read_journals(prefix)]
    listed = [[names.index(one.identifier) for one in each] for each in list_operations(prefix)]
    assert listed == [[0], [1, 2, 4], [3], [5], [6, 7]]
    for each in listed:
        for number in each:
            if kinds[number] != "after":
                found = find_operation(prefix, names[number])
                assert [one.identifier for one in found] == [names[one] for one in each]
    undo(prefix, names[7])
    assert (prefix / "lib/old.py").read_bytes() == b"5"
    assert [one.identifier for one in read_journals(prefix)] == names[:6]
    assert read_tree(prefix / "lib") != before


@pytest.mark.parametrize("automatic", ["before", "after"])
def test_what_was_done_for_a_command_of_conda_is_not_the_last_operation(
    tmp_path: Path, automatic: Automatic
) -> None:
    prefix = make_prefix(tmp_path / "env")
    write(prefix, b"mine")
    write(prefix, b"conda's", automatic)
    assert [one.automatic for one in read_journals(prefix)] == ["", automatic]
    first, second = read_journals(prefix)
    assert find_operation(prefix, None)[0].identifier == first.identifier
    with pytest.raises(InteropError) as refused:
        undo(prefix, first.identifier)
    assert refused.value.code == "changed-since"
    if automatic == "after":
        with pytest.raises(InteropError) as refused:
            undo(prefix, second.identifier)
        assert refused.value.code == "conda-did-it"
        assert f"`conda list -p {prefix} --revisions`" in refused.value.hints[0]


WATCHED = ("lib/old.py", "lib/gone.py", "lib/link", "lib/made/fresh.py", "lib/same.py", "lib/none")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(contents=st.tuples(*[st.sampled_from([None, b"", b"old", b"new"])] * len(WATCHED)))
def test_what_conda_changed_inside_an_operation_is_undone(
    tmp_path_factory: pytest.TempPathFactory, contents: tuple[bytes | None, ...]
) -> None:
    prefix = make_prefix(tmp_path_factory.mktemp("env") / "env")
    (prefix / "lib/same.py").write_text("old")
    before = read_tree(prefix / "lib")
    with open_operation(prefix, "restore") as operation:
        operation.apply([RemoveFile(path=PrefixPath("lib/gone.py"), reason="")])
        with operation.watch(PrefixPath(path) for path in WATCHED):
            for path, content in zip(WATCHED, contents, strict=True):
                (prefix / path).unlink(missing_ok=True)  # as conda does: never written in place
                if content is not None:
                    (prefix / path).parent.mkdir(exist_ok=True)
                    (prefix / path).write_bytes(content)
        assert not (operation.folder / "watched").exists()
    undo(prefix, find_operation(prefix, None)[0].identifier)
    after = read_tree(prefix / "lib")
    if contents[0] == b"old":  # its content is the same; mode and time are conda's
        after["old.py"] = before["old.py"]
    if contents[4] == b"old":
        after["same.py"] = before["same.py"]
    assert after == before


def test_a_failure_while_conda_changes_files_leaves_them_to_conda(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    before = read_tree(prefix / "lib")
    gone = PrefixPath("lib/gone.py")
    with pytest.raises(ZeroDivisionError), open_operation(prefix, "restore") as operation:  # noqa: PT012 - both
        operation.apply([RemoveFile(path=gone, reason="")])
        with operation.watch([gone, PrefixPath("lib/old.py")]):
            raise ZeroDivisionError
    assert read_tree(prefix / "lib") == before
    assert read_journals(prefix) == ()


def write_to(prefix: Path, path: str, content: bytes) -> str:
    with open_operation(prefix, f"write {path}") as operation:
        operation.apply([WriteFile(path=PrefixPath(path), content=content, reason="")])
    return find_operation(prefix, None)[0].identifier


def test_an_operation_is_judged_as_if_the_later_ones_were_undone(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first = change(prefix)
    write_to(prefix, "lib/old.py", b"newer")
    write_to(prefix, "lib/gone.py", b"here again")
    second = write_to(prefix, "lib/old.py", b"newest")
    later = find_later_operations(prefix, first)
    assert later[0][0].identifier == second
    refuse_any_changed(prefix, (*later, find_operation(prefix, first)))
    (prefix / "lib/made/fresh.py").write_text("edited")
    refuse_any_changed(prefix, later)
    with pytest.raises(InteropError) as caught:
        refuse_any_changed(prefix, (*later, find_operation(prefix, first)))
    assert "lib/made/fresh.py" in caught.value.message


def test_a_change_between_two_operations_is_found_under_the_later_one(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first = write_to(prefix, "lib/old.py", b"new")
    (prefix / "lib/old.py").write_bytes(b"by hand")
    second = write_to(prefix, "lib/old.py", b"newest")
    both = (find_operation(prefix, second), find_operation(prefix, first))
    refuse_any_changed(prefix, both[:1])
    with pytest.raises(InteropError, match=r"lib/old\.py"):
        refuse_any_changed(prefix, both)
    with pytest.raises(InteropError, match="is the last operation"):
        find_later_operations(prefix, second)


def test_a_missing_operation_is_named_with_how_to_list_the_others(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    for identifier, what in ((None, "nothing"), ("20260101T000000Z", "no operation 2026")):
        with pytest.raises(InteropError, match=f"There is {what}.* to undo in") as refused:
            find_operation(prefix, identifier)
        assert refused.value.hints == ()
    change(prefix)
    with pytest.raises(InteropError) as refused:
        find_operation(prefix, "20260101T000000Z")
    assert refused.value.hints == (f"To list operations: `conda pip undo -p {prefix} --list`.",)


def test_refusals_name_the_environment_as_the_user_does(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    target = Target(prefix=prefix, name="web", is_base=False)
    with pytest.raises(InteropError) as nothing:
        find_operation(prefix, None, target=target)
    first = write_to(prefix, "lib/old.py", b"new")
    with pytest.raises(InteropError) as unknown:
        find_operation(prefix, "20260101T000000Z", target=target)
    with pytest.raises(InteropError) as last:
        find_later_operations(prefix, first, target=target)
    second = write_to(prefix, "lib/old.py", b"newest")
    with pytest.raises(InteropError) as changed:
        refuse_any_changed(prefix, (find_operation(prefix, first),), target=target)
    assert changed.value.hints == (
        f"To undo first what changed them: `conda pip undo -n web {second}`.",
    )
    assert unknown.value.hints == ("To list operations: `conda pip undo -n web --list`.",)
    for refused in (nothing, unknown, last, changed):
        assert "web" in refused.value.message
        assert str(prefix) not in f"{refused.value.message} {refused.value.hints}"


def test_an_operation_that_is_not_closed_is_none_to_undo(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first, second = (write_to(prefix, "lib/old.py", one) for one in (b"1", b"2"))
    journal = prefix / JOURNAL_FOLDER / second / "journal.jsonl"
    journal.write_text(journal.read_text() + render_reopen())
    assert [one.identifier for (one,) in list_operations(prefix)] == [first]
    with pytest.raises(InteropError):
        find_operation(prefix, second)


def test_what_this_version_does_not_understand_is_not_undone(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    identifier = change(prefix)
    journal = prefix / JOURNAL_FOLDER / identifier / "journal.jsonl"
    line = '{"number": 9, "kind": "chown", "path": "lib/old.py"}\n'
    *steps, close = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join((*steps, line, close)))
    before = read_tree(prefix)
    with pytest.raises(InteropError) as refused:
        undo(prefix, identifier)
    assert refused.value.code == "newer-state"
    assert "update conda-pip-interop" in refused.value.hints[0]
    assert read_tree(prefix) == before


def test_a_later_operation_whose_stash_is_gone_brings_nothing_back(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first = write_to(prefix, "lib/old.py", b"new")
    second = write_to(prefix, "lib/old.py", b"newest")
    both = (find_operation(prefix, second), find_operation(prefix, first))
    refuse_any_changed(prefix, both)
    (stashed,) = (prefix / JOURNAL_FOLDER / second / "stash").iterdir()
    stashed.unlink()
    with pytest.raises(InteropError, match=r"lib/old\.py"):
        refuse_any_changed(prefix, both)


def test_a_journal_whose_time_cannot_be_read_is_not_too_old(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    identifier = change(prefix)
    journal = prefix / JOURNAL_FOLDER / identifier / "journal.jsonl"
    header, _, rest = journal.read_text().partition("\n")
    journal.write_text(f"{header.replace(read_journals(prefix)[0].started, 'long ago')}\n{rest}")
    assert read_journals(prefix)[0].started == "long ago"
    prune_journals(prefix)
    assert [one.identifier for one in read_journals(prefix)] == [identifier]


def test_what_was_deleted_between_two_operations_is_a_change(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    first = write_to(prefix, "lib/new.py", b"new")
    (prefix / "lib/new.py").unlink()
    second = write_to(prefix, "lib/new.py", b"new")
    both = (find_operation(prefix, second), find_operation(prefix, first))
    refuse_any_changed(prefix, both[:1])
    with pytest.raises(InteropError, match=r"lib/new\.py"):
        refuse_any_changed(prefix, both)


def test_links_that_conda_made_replaced_and_removed_are_undone(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    (prefix / "lib/so").symlink_to("so.1")
    before = read_tree(prefix / "lib")
    watched = [PrefixPath(f"lib/{name}") for name in ("so", "fresh.so", "link", "old.py")]
    with open_operation(prefix, "restore") as operation, operation.watch(watched):
        for name in ("so", "link", "old.py"):
            (prefix / "lib" / name).unlink()
        for name in ("so", "fresh.so", "old.py"):
            (prefix / "lib" / name).symlink_to("so.2")
    identifier = find_operation(prefix, None)[0].identifier
    second = write_to(prefix, "lib/so", b"no link")
    (prefix / "lib/fresh.so").unlink()
    (prefix / "lib/fresh.so").symlink_to("so.3")
    both = (find_operation(prefix, second), find_operation(prefix, identifier))
    with pytest.raises(InteropError, match=r"lib/fresh\.so\.$"):
        refuse_any_changed(prefix, both)
    (prefix / "lib/fresh.so").unlink()
    (prefix / "lib/fresh.so").symlink_to("so.2")
    refuse_any_changed(prefix, both)
    undo(prefix, second)
    undo(prefix, identifier)
    assert read_tree(prefix / "lib") == before


def test_a_link_is_not_the_file_that_has_its_target_as_content(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    with open_operation(prefix, "x") as operation, operation.watch([PrefixPath("lib/so")]):
        (prefix / "lib/so").symlink_to("so.1")
    (prefix / "lib/so").unlink()
    (prefix / "lib/so").write_text("so.1")
    with pytest.raises(InteropError, match=r"lib/so"):
        undo(prefix, find_operation(prefix, None)[0].identifier)
