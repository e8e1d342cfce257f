"""Files and links are copied and compared as what they are, and paths stay inside."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.files import copy_place, is_alike, name_beside, stash_copy
from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.errors import InteropError
from tests.support.trees import read_tree

WHEN = 1_600_000_000_000_000_000


@pytest.fixture
def folders(tmp_path: Path) -> HeldFolders:
    (tmp_path / "tool").write_text("#!")
    (tmp_path / "tool").chmod(0o750)
    (tmp_path / "link").symlink_to("tool")
    (tmp_path / "dangling").symlink_to("nowhere")
    for name in ("tool", "link", "dangling"):
        os.utime(tmp_path / name, ns=(WHEN, WHEN), follow_symlinks=False)
    return HeldFolders(root=tmp_path)


def find(folders: HeldFolders, path: str) -> Place:
    return folders.find(PrefixPath(path))


@pytest.mark.parametrize("name", ["tool", "link", "dangling"])
def test_a_copy_has_the_content_the_mode_and_the_time(folders: HeldFolders, name: str) -> None:
    (folders.root / "copy").write_text("older")
    (folders.root / name_beside("copy", os.getpid())).write_text("of a killed process")
    copy_place(find(folders, name), find(folders, "copy"))
    tree = read_tree(folders.root)
    assert tree["copy"] == tree[name]
    assert {*tree} == {"tool", "link", "dangling", "copy"}


def test_where_no_hard_link_can_be_made_a_copy_is_stashed(
    folders: HeldFolders, scratch: Path
) -> None:
    """Two file systems, where there is a folder in memory."""
    for name in ("tool", "link"):
        stash_copy(find(folders, name), Place(path=scratch / name))
    assert read_tree(scratch) == {
        name: seen for name, seen in read_tree(folders.root).items() if name != "dangling"
    }


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("tool", "tool", True),
        ("tool", "same", True),
        ("tool", "other", False),
        ("link", "again", True),
        ("link", "dangling", False),
        ("link", "tool", False),
        ("tool", "link", False),
    ],
)
def test_a_link_is_not_what_it_leads_to(
    folders: HeldFolders, one: str, other: str, *, alike: bool
) -> None:
    (folders.root / "same").write_text("#!")
    (folders.root / "other").write_text("else")
    (folders.root / "again").symlink_to("tool")
    assert is_alike(find(folders, one), find(folders, other)) is alike


@pytest.mark.parametrize("path", ["../x", "a/../../x", "/etc/x", "a/../tool", "./tool", ""])
def test_only_plain_paths_below_the_environment_are_found(folders: HeldFolders, path: str) -> None:
    with pytest.raises(InteropError) as refused:
        find(folders, path)
    assert refused.value.code == "path-outside-prefix"


def test_however_many_folders_are_used_few_are_held(folders: HeldFolders) -> None:
    held = len(os.listdir("/dev/fd"))
    for number in range(100):
        folders.make_folders(f"a/{number}")
        os.close(find(folders, f"a/{number}/file").open(os.O_WRONLY | os.O_CREAT))
    assert len(os.listdir("/dev/fd")) < held + 50
    assert [one for one in range(100) if not (folders.root / f"a/{one}/file").exists()] == []


@pytest.mark.parametrize("name", ["tool", "link", "dangling"])
def test_a_file_is_not_taken_for_a_folder(folders: HeldFolders, name: str) -> None:
    before = read_tree(folders.root)
    with pytest.raises(FileExistsError):
        find(folders, name).make_folder()
    folders.remove_tree(PrefixPath(name))
    assert read_tree(folders.root) == before


def test_links_that_lead_in_a_circle_are_not_followed_for_ever(folders: HeldFolders) -> None:
    (folders.root / "a").symlink_to("b")
    (folders.root / "b").symlink_to("a")
    with pytest.raises(OSError, match="a/x"):
        find(folders, "a/x")
    assert not folders.is_folder("dangling")
