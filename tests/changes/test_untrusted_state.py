"""What an environment's owner puts in the place of our own files leads nowhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.files import write_file
from conda_pip_interop.changes.atomic.journal import (
    JOURNAL_FOLDER,
    ORIGINALS_FOLDER,
    PENDING_FILE,
    STATE_FOLDER,
    parse_journal,
)
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.rollback import needs_recovery, read_journals
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.originals import prune_originals, remember_lost
from conda_pip_interop.changes.plan import RemoveFile, WriteFile
from conda_pip_interop.changes.state import State, read_state, write_state
from conda_pip_interop.environment.paths import READ_LIMIT, PrefixPath
from conda_pip_interop.environment.quick_check import has_pip_changes
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.protection.markers import read_snapshot_marker
from tests.support.builders import PrefixBuilder
from tests.support.trees import NOBODY, read_tree, run_in_child

HEADER = '{"format": 1, "title": "t", "started": "2026-01-01T00:00:00+00:00"}\n'
STEP = {"number": 0, "kind": "write", "path": "x", "existed": False, "sha256": None, "mode": None}
OPEN = "20260101T000000Z"
READ_WHOLE = (
    *("conda-meta/history", "conda-meta/x-1-0.json", "pyvenv.cfg"),
    "lib/python3.11/site-packages/a.egg-link",
    "lib/python3.11/EXTERNALLY-MANAGED",
)
METADATA = tuple(
    f"lib/python3.11/site-packages/app-1.dist-info/{name}"
    for name in ("METADATA", "RECORD", "INSTALLER", "direct_url.json")
)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A folder of somebody else, with what we would prune or roll back in ours."""
    folder = tmp_path / "victim"
    (folder / "plain").mkdir(parents=True)
    (folder / "old-1.0-0.json").write_text("{}")
    os.utime(folder / "old-1.0-0.json", (0, 0))
    (folder / OPEN / "stash").mkdir(parents=True)
    (folder / OPEN / "stash/0").write_text("stashed")
    return folder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.write(built.place("~umpy/x.py"), "")
    return built


def act(root: Path) -> None:
    """Do all that our hooks do in an environment."""
    needs_recovery(root)
    read_journals(root)
    read_state(root)
    prune_originals(read_snapshot(root), ())
    remember_lost(["lost-1-0"], root)
    with open_operation(root, "reconcile") as operation:
        operation.apply([WriteFile(path=PrefixPath("new"), content=b"", reason="a test")])


@pytest.mark.parametrize(
    "path",
    [STATE_FOLDER, JOURNAL_FOLDER, ORIGINALS_FOLDER, f"{STATE_FOLDER}/lock", PENDING_FILE],
)
def test_a_link_in_the_place_of_our_folders_is_refused(
    built: PrefixBuilder, victim: Path, path: str
) -> None:
    link = built.root / path
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(victim / "made" if path.endswith("lock") else victim)
    before = read_tree(victim)
    with pytest.raises(InteropError) as refused:
        act(built.root)
    assert refused.value.code == "untrusted-state"
    assert str(link) in refused.value.hints[0]
    assert read_tree(victim) == before


@pytest.mark.parametrize("name", ["state.json", "lock", "origins.json", "pending.json"])
@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir])
def test_a_pipe_or_a_folder_in_the_place_of_our_files_is_refused_without_waiting(
    built: PrefixBuilder, name: str, make: Callable[[Path], None]
) -> None:
    (built.root / STATE_FOLDER).mkdir()
    make(built.root / STATE_FOLDER / name)
    assert read_state(built.root) == State()
    with pytest.raises(InteropError) as refused:
        act(built.root)
    assert refused.value.code == "untrusted-state"


def test_a_link_in_the_place_of_the_state_is_neither_read_nor_replaced(
    built: PrefixBuilder, victim: Path
) -> None:
    secret = victim / "state.json"
    secret.write_text('{"format": 1, "told": [], "unprotected": true}')
    (built.root / STATE_FOLDER).mkdir()
    (built.root / STATE_FOLDER / "state.json").symlink_to(secret)
    assert not read_state(built.root).unprotected
    with pytest.raises(InteropError):
        write_state(built.root, State())
    assert "true" in secret.read_text()


@pytest.mark.parametrize("inner", ["", "stash"])
def test_a_journal_that_is_a_link_is_not_recovered(
    built: PrefixBuilder, victim: Path, inner: str
) -> None:
    journal = built.root / JOURNAL_FOLDER / OPEN
    journal.parent.mkdir(parents=True)
    if inner:
        journal.mkdir()
        (journal / "journal.jsonl").write_text(HEADER + json.dumps(STEP) + "\n")
        (journal / inner).symlink_to(victim / OPEN / "stash")
    else:
        (victim / OPEN / "journal.jsonl").write_text(HEADER + json.dumps(STEP) + "\n")
        journal.symlink_to(victim / OPEN)
    before = read_tree(victim)
    act(built.root)
    assert read_tree(victim) == before


@pytest.mark.parametrize(
    "change",
    [
        *({"number": one} for one in ("/victim/x", "../../x", -1, True, 1.5, None)),
        *({"mode": one} for one in ("0777", True, 1.5)),
        *({"path": one} for one in ("../x", "/etc/x", "", "a/../../x", "\0")),
        *({"existed": one} for one in (1, "yes", None)),
        *({"sha256": one} for one in (1, 1.5)),
        {"kind": "later"},
        {"more": 1},
    ],
)
def test_a_step_that_is_not_ours_is_counted_and_not_parsed(change: dict[str, object]) -> None:
    journal = parse_journal(OPEN, HEADER + json.dumps(STEP | change) + "\n")
    assert journal is not None
    assert (journal.steps, journal.unknown) == ((), 1)


def test_a_mode_never_sets_the_user_id() -> None:
    journal = parse_journal(OPEN, HEADER + json.dumps(STEP | {"mode": 0o7777}) + "\n")
    assert journal is not None
    assert journal.steps[0].mode == 0o3777


def write_journal(built: PrefixBuilder, *steps: dict[str, object]) -> Path:
    folder = built.root / JOURNAL_FOLDER / OPEN
    (folder / "stash").mkdir(parents=True)
    lines = [HEADER, *(json.dumps(one) + "\n" for one in steps)]
    (folder / "journal.jsonl").write_text("".join(lines))
    return folder


def test_a_journal_that_cannot_be_read_is_kept_with_its_stash(built: PrefixBuilder) -> None:
    folder = write_journal(built, STEP)
    (folder / "stash/0").write_text("the only copy")
    os.truncate(folder / "journal.jsonl", READ_LIMIT + 1)
    with pytest.raises(InteropError) as refused:
        recover_interrupted(built.root)
    assert refused.value.code == "unreadable-journal"
    assert (folder / "stash/0").read_text() == "the only copy"


def test_a_folder_in_the_place_of_a_journal_blocks_nothing(built: PrefixBuilder) -> None:
    folder = built.root / JOURNAL_FOLDER / OPEN
    built.write(f"{JOURNAL_FOLDER}/{OPEN}/journal.jsonl/x", "")
    act(built.root)
    assert not folder.exists()


def test_a_folder_that_is_a_link_now_gets_no_mode(built: PrefixBuilder, victim: Path) -> None:
    (built.root / "gone").symlink_to(victim)
    write_journal(built, STEP | {"kind": "rmdir", "path": "gone", "mode": 0o777})
    before = victim.stat().st_mode
    act(built.root)
    assert victim.stat().st_mode == before


def test_what_cannot_be_put_back_is_set_aside_and_blocks_nothing(
    built: PrefixBuilder, victim: Path
) -> None:
    (built.root / "out").symlink_to(victim)
    folder = write_journal(
        built,
        STEP | {"kind": "remove", "path": "kept", "existed": True},
        STEP | {"number": 1, "kind": "remove", "path": "out/kept", "existed": True},
    )
    for number in "01":
        (folder / "stash" / number).write_text(number)
    before = read_tree(victim)
    with pytest.raises(InteropError) as refused:
        act(built.root)
    assert refused.value.code == "recovery-incomplete"
    assert "out/kept" in refused.value.message
    assert (built.root / "kept").read_text() == "0"
    assert (built.root / JOURNAL_FOLDER / f"{OPEN}.set-aside/stash/1").read_text() == "1"
    act(built.root)
    assert read_tree(victim) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to make files of another user")
@pytest.mark.parametrize("path", [JOURNAL_FOLDER, ORIGINALS_FOLDER])
def test_a_folder_of_a_third_user_is_refused(built: PrefixBuilder, path: str) -> None:
    (built.root / path).mkdir(parents=True)
    os.chown(built.root / path, 4242, 4242)
    with pytest.raises(InteropError) as refused:
        act(built.root)
    assert refused.value.code == "untrusted-state"


def test_only_who_may_write_to_the_environment_may_lock_it(built: PrefixBuilder) -> None:
    with open_operation(built.root, "t") as operation:
        operation.apply([RemoveFile(path=PrefixPath("none"), reason="a test")])
    lock = built.root / STATE_FOLDER / "lock"
    assert lock.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        *((path, kind) for path in READ_WHOLE for kind in ("pipe", "device", "huge")),
        *((path, kind) for path in METADATA for kind in ("pipe", "device")),
    ],
)
def test_a_file_that_never_ends_does_not_hold_up_the_look(
    built: PrefixBuilder, path: str, kind: str
) -> None:
    built.conda_package("app", "1")
    file = built.root / path
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "device":
        file.symlink_to("/dev/zero")
    else:
        with file.open("wb") as stream:
            stream.truncate(4 << 30)

    def look() -> None:
        signal.alarm(20)
        snapshot = read_snapshot(built.root)
        read_snapshot_marker(snapshot)
        has_pip_changes(snapshot.prefix)
        find_all(snapshot)

    assert run_in_child(look) == 0


def test_what_we_keep_is_readable_by_nobody_who_could_not_read_it_before(
    built: PrefixBuilder,
) -> None:
    secret = built.write("conda-meta/x-1-0.json", "{}")
    secret.chmod(0o600)
    with open_operation(built.root, "t") as operation:
        operation.apply(
            [WriteFile(path=PrefixPath("conda-meta/x-1-0.json"), content=b"", reason="t")]
        )
    assert secret.stat().st_mode & 0o777 == 0o600
    journals = [
        *(built.root / JOURNAL_FOLDER).glob("*"),
        *(built.root / JOURNAL_FOLDER).glob("*/*/"),
    ]
    assert {one.stat().st_mode & 0o777 for one in journals if one.is_dir()} == {0o700}


def test_originals_are_reached_by_nobody_who_does_not_reach_the_records(
    built: PrefixBuilder,
) -> None:
    record = built.write("conda-meta/x-1-0.json", "{}").parent
    for mode in (0o700, 0o750, 0o755):
        record.chmod(mode)
        write_file(built.root, PrefixPath(f"{ORIGINALS_FOLDER}/x-1-0.json"), b"{}")
        for folder in (built.root / ORIGINALS_FOLDER, built.root / STATE_FOLDER):
            assert folder.stat().st_mode & 0o777 == mode
        shutil.rmtree(built.root / STATE_FOLDER)


def test_another_user_who_looks_for_interrupted_operations_does_not_fail(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    with open_operation(built.root, "t") as operation:
        operation.apply([WriteFile(path=PrefixPath("new"), content=b"", reason="t")])
    for folder in (tmp_path, *tmp_path.parents):
        if folder.is_relative_to(tmp_path.parents[2]):
            folder.chmod(0o755)

    def look() -> None:
        assert not needs_recovery(built.root)

    assert run_in_child(look, user=NOBODY) == 0
