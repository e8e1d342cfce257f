"""Folders of a prefix where the system has no calls relative to an open folder, as on Windows."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.durable import sync_folders
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.errors import InteropError


@pytest.fixture(params=[True, False])
def folders(request: pytest.FixtureRequest, tmp_path: Path) -> HeldFolders:
    root = tmp_path / "env"
    root.mkdir()
    return HeldFolders(root=root, held=request.param)


def test_files_are_found_written_moved_and_removed(folders: HeldFolders) -> None:
    folders.make_folders("a/b")
    (folders.root / "a/b/c.py").write_text("x")
    folders.find(PrefixPath("a/b/c.py")).move(folders.find(PrefixPath("a/d.py")))
    assert folders.list_names("a") == ["b", "d.py"] or folders.list_names("a") == ["d.py", "b"]
    assert folders.read_status(PrefixPath("a/none")) is None
    sync_folders(folders, ["a", "a/b", "a/none"])
    folders.remove_tree(PrefixPath("a"))
    assert not (folders.root / "a").exists()


def test_a_link_that_leads_out_is_refused(folders: HeldFolders, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (folders.root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(InteropError) as caught:
        folders.find(PrefixPath("link/x.py"))
    assert caught.value.code == "path-outside-prefix"
    for look in (folders.list_names, folders.is_folder):
        with pytest.raises(InteropError) as caught:
            look("link")
        assert caught.value.code == "path-outside-prefix"
    with pytest.raises(InteropError):
        folders.find(PrefixPath("../x.py"))
