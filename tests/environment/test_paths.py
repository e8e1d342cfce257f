"""PrefixPath: normalised and never outside of the prefix."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from conda_pip_interop.environment.paths import (
    PrefixPath,
    find_links_outside,
    fold_path,
    is_private,
    parse_prefix_path,
    path_below,
    read_mtime_ns,
    refuse_links_outside,
    resolve_for_write,
)
from conda_pip_interop.errors import InteropError
from tests.support.trees import NOBODY, run_in_child

SITE = "lib/python3.11/site-packages"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("click/core.py", f"{SITE}/click/core.py"),
        ("../../../bin/tool", "bin/tool"),
        ("./a//b/../c", f"{SITE}/a/c"),
        ("../../../../etc/passwd", None),
        ("../../..", None),
        ("/etc/passwd", None),
        ("/opt/env/bin/tool", "bin/tool"),
        ("/opt/environment/bin/tool", None),
        ("/opt/env/../etc", None),
        ("nul\0byte", None),
        ("a\\b", f"{SITE}/a\\b"),
    ],
)
def test_a_path_outside_of_the_prefix_is_none(text: str, expected: str | None) -> None:
    assert parse_prefix_path(text, base=SITE, root="/opt/env") == expected


def test_backslashes_and_drives_are_parsed_only_on_windows() -> None:
    base, root = "Lib/site-packages", "C:\\Env"
    parse = parse_prefix_path
    assert parse("..\\..\\Scripts\\x.exe", base=base, windows=True) == "Scripts/x.exe"
    assert parse("c:\\env\\Scripts\\x.exe", base=base, root=root, windows=True) == "Scripts/x.exe"
    assert parse("D:\\x.exe", base=base, root=root, windows=True) is None


def test_the_prefix_itself_is_not_a_prefix_path() -> None:
    assert [parse_prefix_path(text) for text in ("", ".", "a/..")] == [None] * 3


def test_writing_through_a_symlink_out_of_the_prefix_is_refused(tmp_path: Path) -> None:
    (tmp_path / "env/lib").mkdir(parents=True)
    (tmp_path / "shared").mkdir()
    (tmp_path / "env/lib/out").symlink_to(tmp_path / "shared")
    (tmp_path / "env/lib/in").symlink_to(tmp_path / "env/lib")
    inside = resolve_for_write(tmp_path / "env", PrefixPath("lib/in/file"))
    assert inside == tmp_path / "env/lib/in/file"
    for path in ("lib/out/file", "../shared/file"):
        with pytest.raises(InteropError) as caught:
            resolve_for_write(tmp_path / "env", PrefixPath(path))
        assert caught.value.code == "path-outside-prefix"


def test_the_link_is_named_with_where_it_leads_and_how_to_remove_it(tmp_path: Path) -> None:
    site = tmp_path / "env/lib/site-packages"
    site.mkdir(parents=True)
    (tmp_path / "my src").mkdir()
    (tmp_path / "shared").mkdir()
    (site / "one").symlink_to(tmp_path / "my src")
    (tmp_path / "env/share").symlink_to(tmp_path / "shared")
    paths = ("lib/site-packages/one/a.py", "lib/site-packages/one/b/c.py", "share/x", "lib/y")
    one, share = find_links_outside(tmp_path / "env", paths)
    assert (one.folder, one.target) == (site / "one", tmp_path / "my src")
    assert one.removal == f"rm {site}/one"
    assert share.removal == f"rm {share.folder} && cp -R {tmp_path}/shared {share.folder}"
    with pytest.raises(InteropError) as caught:
        refuse_links_outside(tmp_path / "env", paths)
    assert f"{site}/one is a symbolic link to {tmp_path}/my src" in caught.value.message
    subprocess.run(["sh", "-c", share.removal], check=True)
    assert find_links_outside(tmp_path / "env", ["share/x"]) == ()
    assert (tmp_path / "shared").is_dir()


@given(
    links=st.dictionaries(
        st.sampled_from(["a", "a/b", "b", "a/b/c", "c"]),
        st.sampled_from(["..", "../out", "../../out", "a", "../b", "missing", "../env", "c"]),
    ),
    path=st.sampled_from(["a/f", "a/b/f", "a/b/c/f", "b/a/f", "b/c/f", "c/a/b/f", "f"]),
)
@example(links={"a/b": "../env", "a": "../out"}, path="a/b/f")  # out, and in again
def test_a_path_leads_outside_exactly_if_one_of_its_folders_is_there(
    links: dict[str, str], path: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "env")
        (root / "a/b").mkdir(parents=True)
        Path(folder, "out").mkdir()
        for link, target in sorted(links.items()):
            on_disk = root / link
            if on_disk.is_dir() and not on_disk.is_symlink():
                shutil.rmtree(on_disk)
            if on_disk.parent.is_dir() and not os.path.lexists(on_disk):
                on_disk.symlink_to(target)
        folders = (root / one for one in Path(path).parents)
        real = [Path(os.path.realpath(one)) for one in folders]
        inside = all(one.is_relative_to(os.path.realpath(root)) for one in real)
        assert (find_links_outside(root, [path]) == ()) is inside


def test_a_symlink_itself_can_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/")
    assert resolve_for_write(tmp_path, PrefixPath("link")) == tmp_path / "link"


def test_a_symlinked_prefix_can_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "env").symlink_to(tmp_path / "real")
    path = resolve_for_write(tmp_path / "env", PrefixPath("file"))
    assert path == tmp_path / "env/file"


def test_paths_are_folded_only_if_the_file_system_folds_case() -> None:
    assert fold_path("Lib/É.py", folds_case=False) == "Lib/É.py"
    assert fold_path("Lib/E.py", folds_case=False) == "Lib/E.py"
    assert fold_path("Lib/E.py", folds_case=True) == fold_path("lib/e.PY", folds_case=True)
    assert fold_path("Lib/E\u0301.py", folds_case=True) == fold_path("lib/é.PY", folds_case=True)


def test_names_are_joined_to_a_folder() -> None:
    assert path_below(PrefixPath("lib"), "a", "b") == "lib/a/b"


def test_the_time_of_a_link_is_its_own_and_that_of_nothing_is_0(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    os.utime(tmp_path / "file", ns=(1, 1_600_000_000_000_000_000))
    (tmp_path / "link").symlink_to("file")
    os.utime(tmp_path / "link", ns=(1, 1_500_000_000_000_000_000), follow_symlinks=False)
    assert read_mtime_ns(tmp_path / "link") == 1_500_000_000_000_000_000
    for missing in (tmp_path / "none", tmp_path / "file" / "x", "a\0b", "a" * 300):
        assert read_mtime_ns(missing) == 0


def test_a_folder_whose_name_is_too_long_leads_nowhere(tmp_path: Path) -> None:
    assert find_links_outside(tmp_path, [f"{'a' * 300}/b/c.py"]) == ()


def test_a_folder_is_private_where_only_its_user_can_put_something(shared_folder: Path) -> None:
    mine = shared_folder / "mine"
    assert is_private(mine / "not/yet"), "the folder for temporary files is everybody's, but sticky"
    mine.mkdir()
    assert is_private(mine)
    assert is_private(mine / "not/yet")
    (shared_folder / "link").symlink_to(mine)
    assert is_private(shared_folder / "link/not/yet")
    (mine / "open").mkdir()
    (mine / "open").chmod(0o777)
    assert not is_private(mine / "open")
    assert not is_private(mine / "open/below")
    (shared_folder / "link to open").symlink_to(mine / "open")
    assert not is_private(shared_folder / "link to open/below")
    assert not is_private(mine / ("n" * 300) / "builds")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to be two users")
def test_a_folder_of_another_user_is_not_private(shared_folder: Path) -> None:
    """Nor one that the other user can replace, or lead elsewhere."""
    homes, real = shared_folder / "home", shared_folder / "real"
    (homes / "cache").mkdir(parents=True)
    real.mkdir()
    os.chown(homes, NOBODY, NOBODY)
    assert not is_private(homes)
    assert not is_private(homes / "cache")
    link = shared_folder / "link"
    link.symlink_to(real)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    assert not is_private(link / "builds")

    def look() -> None:
        assert is_private(homes / "new")
        assert not is_private(homes / "cache"), "root's, who made it under sudo"
        assert not is_private(real)

    assert run_in_child(look, user=NOBODY) == 0
