"""PrefixPath: normalised and never outside of the prefix."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.environment.paths import (
    PrefixPath,
    fold_path,
    parse_prefix_path,
    path_below,
    resolve_for_write,
)
from conda_pip_interop.errors import InteropError

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
    assert fold_path("Lib/E\u0301.py", folds_case=True) == fold_path("lib/é.PY", folds_case=True)


def test_names_are_joined_to_a_folder() -> None:
    assert path_below(PrefixPath("lib"), "a", "b") == "lib/a/b"
