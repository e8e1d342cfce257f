"""Undo is complete or does nothing, and old operations are discarded."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from conda_pip_interop.changes.journal import JOURNAL_FOLDER, render_reopen
from conda_pip_interop.changes.lock import recover_interrupted
from conda_pip_interop.changes.plan import Automatic, RemoveFile, WriteFile
from conda_pip_interop.changes.rollback import read_journals
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.changes.undo import KEPT_OPERATIONS, find_journal, prune_journals, undo
from conda_pip_interop.environment.paths import PrefixPath
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
    return find_journal(prefix, None).identifier


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
    assert find_journal(prefix, identifier).closed


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


def write(prefix: Path, content: bytes, automatic: Automatic = "") -> None:
    with open_operation(prefix, "write", automatic=automatic) as operation:
        operation.apply([WriteFile(path=PrefixPath("lib/old.py"), content=content, reason="")])


def test_what_a_command_of_ours_did_automatically_is_undone_with_it(tmp_path: Path) -> None:
    prefix = make_prefix(tmp_path / "env")
    before = read_tree(prefix / "lib")
    write(prefix, b"mine")
    write(prefix, b"tidied", "ours")
    undo(prefix, find_journal(prefix, None).identifier)
    assert read_tree(prefix / "lib") == before
    assert read_journals(prefix) == ()


@pytest.mark.parametrize("automatic", ["before", "after"])
def test_what_was_done_for_a_command_of_conda_is_not_the_last_operation(
    tmp_path: Path, automatic: Automatic
) -> None:
    prefix = make_prefix(tmp_path / "env")
    write(prefix, b"mine")
    write(prefix, b"conda's", automatic)
    assert [one.automatic for one in read_journals(prefix)] == ["", automatic]
    first, second = read_journals(prefix)
    assert find_journal(prefix, None).identifier == first.identifier
    with pytest.raises(InteropError) as refused:
        undo(prefix, first.identifier)
    assert refused.value.code == "changed-since"
    if automatic == "after":
        with pytest.raises(InteropError) as refused:
            undo(prefix, second.identifier)
        assert refused.value.code == "conda-did-it"
