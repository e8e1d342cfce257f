"""Copy pip's files of one environment into another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.copying import (
    _TEXT_LIMIT,
    CARRIED,
    CopiedPart,
    carry,
    move_paths,
    remove_carried,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import read_prefix
from tests.support.builders import PrefixBuilder
from tests.support.trees import read_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("#!/my envs/a/bin/python\n", "#!/new/b c/bin/python\n"),
        ('{"url": "file:///my%20envs/a/src/x"}', '{"url": "file:///new/b%20c/src/x"}'),
        ("'/my envs/a'", "'/new/b c'"),
        ("/my envs/ab/bin /my envs/a-1/x /my envs/a.old", None),
        ("/elsewhere/my envs/b", None),
        ("#!/my envs/a\0binary", None),
    ],
)
def test_texts_name_the_new_place_and_no_place_that_only_begins_alike(
    text: str, moved: str | None
) -> None:
    assert move_paths(text.encode(), "/my envs/a", "/new/b c").decode() == (moved or text)


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("C:\\my envs\\a\\python.exe", "D:\\b c\\python.exe"),
        ('{"file": "C:\\\\my envs\\\\a\\\\x"}', '{"file": "D:\\\\b c\\\\x"}'),
        ("sys.path += ['c:/My Envs/A/src']", "sys.path += ['D:/b c/src']"),
        ('{"url": "file:///C:/my%20envs/a/src/x"}', '{"url": "file:///D:/b%20c/src/x"}'),
        ("C:\\my envs\\ab C:\\my envs\\a-1 D:\\my envs\\a", None),
        ("MZ\0#!C:\\my envs\\a\\python.exe\r\nPK\0", "MZ\0#!D:\\b c\\python.exe\r\nPK\0"),
        (
            'MZ\0#!"C:\\My envs\\a\\python.exe"\r\nPK\0',
            'MZ\0#!"D:\\b c\\python.exe"\r\nPK\0',
        ),
        ("MZ\0#!C:\\my envs\\ab\\python.exe\r\nPK\0 C:\\my envs\\a", None),
    ],
)
def test_paths_of_windows_are_moved_however_they_are_written(text: str, moved: str | None) -> None:
    done = move_paths(text.encode(), "C:\\my envs\\a", "D:\\b c", windows=True)
    assert done.decode() == (moved or text)
    if not text.startswith("MZ"):
        assert move_paths(text.encode(), "/my envs/a", "/b c", windows=False).decode() == text


def test_a_program_of_windows_is_copied_for_the_other_python(tmp_path: Path) -> None:
    source = PrefixBuilder(root=tmp_path / "source", layout="windows", python="3.12.1")
    into = PrefixBuilder(root=tmp_path / "into", layout="windows", python="3.12.1")
    launcher = f"MZ\0#!{source.root}\\python.exe\r\nPK\0"
    source.pip_package("app", "1.0", {"app.py": "", "../../Scripts/app.exe": launcher})
    names = ("Scripts/app.exe", "Lib/site-packages/app-1.0.dist-info/METADATA")
    part = CopiedPart(
        files=tuple(map(PrefixPath, names)),
        source=source.root,
        into=read_prefix(into.root),
        moved_from=source.root,
    )
    part.stage(tmp_path / "staging")
    moved = (tmp_path / "staging/Scripts/app.exe").read_text()
    assert moved.startswith(f"MZ\0#!{into.root}\\python.exe")


def test_other_encodings_stay_as_they_are() -> None:
    content = "/my envs/a/ä".encode("latin-1")
    assert move_paths(content, "/my envs/a", "/b") == content


def test_a_new_place_below_the_old_one_is_written_once() -> None:
    assert move_paths(b"/a/bin file:///a/bin", "/a", "/a/b") == b"/a/b/bin file:///a/b/bin"


def test_a_staged_copy_has_modes_links_and_contents_and_its_source_stays(tmp_path: Path) -> None:
    source = PrefixBuilder(root=tmp_path / "source")
    into = PrefixBuilder(root=tmp_path / "into")
    files = {"app.py": "", "link.py": "", "../../../bin/app": f"#!{source.root}/bin/python\n"}
    source.pip_package("app", "1.0", files)
    (source.root / "bin/app").chmod(0o755)
    link = source.root / source.site_packages / "link.py"
    link.unlink()
    link.symlink_to("app.py")
    before = read_tree(source.root)
    site = source.site_packages
    names = ("app.py", "link.py", "app-1.0.dist-info/METADATA", "app-1.0.dist-info/RECORD")
    paths = ("bin/app", *(f"{site}/{name}" for name in names))
    part = CopiedPart(
        files=tuple(map(PrefixPath, paths)),
        source=source.root,
        into=read_prefix(into.root),
        moved_from=source.root,
    )
    staging = tmp_path / "staging"
    staged = part.stage(staging)
    assert [(one.name, one.version) for one in staged.distributions] == [("app", "1.0")]
    assert (staging / "bin/app").read_text() == f"#!{into.root}/bin/python\n"
    assert (staging / "bin/app").stat().st_mode & 0o777 == 0o755
    assert str((staging / site / "link.py").readlink()) == "app.py"
    assert read_tree(source.root) == before


def test_what_a_copied_link_leads_to_is_not_changed(tmp_path: Path) -> None:
    source = PrefixBuilder(root=tmp_path / "source")
    source.pip_package("app", "1.0", {"app.py": ""})
    outside = tmp_path / "outside"
    outside.write_text(f"{source.root}/bin/python")
    module = source.root / source.place("app.py")
    module.unlink()
    module.symlink_to(outside)
    part = CopiedPart(
        files=(PrefixPath(source.place("app.py")),),
        source=source.root,
        into=read_prefix(PrefixBuilder(root=tmp_path / "into").root),
        moved_from=source.root,
    )
    part.stage(tmp_path / "staging")
    assert outside.read_text() == f"{source.root}/bin/python"


@pytest.mark.parametrize("moved", [False, True])
def test_texts_are_only_rewritten_if_the_environment_moved(tmp_path: Path, *, moved: bool) -> None:
    source = PrefixBuilder(root=tmp_path / "source")
    into = PrefixBuilder(root=tmp_path / "into")
    path = PrefixPath(source.place("app.py"))
    for size in (0, _TEXT_LIMIT):
        text = f"{source.root}/x{'x' * size}"
        source.write(path, text)
        part = CopiedPart(
            files=(path,),
            source=source.root,
            into=read_prefix(into.root),
            moved_from=source.root if moved else None,
        )
        part.stage(tmp_path / f"staging{size}")
        copied = (tmp_path / f"staging{size}" / path).read_text()
        assert (copied != text) is (moved and not size)


def test_what_is_carried_is_gone_without_a_trace(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.pip_package("app", "1.0", {"app.py": "x"})
    before = read_tree(built.root)
    module = PrefixPath(f"{built.site_packages}/app.py")
    for _ in range(2):  # the first process was killed
        carry(built.root, [module])
        assert (built.root / CARRIED / module).read_text() == "x"
    remove_carried(built.root)
    remove_carried(built.root)
    assert read_tree(built.root).keys() == before.keys()
