"""pip must not put the files of a wheel over conda's."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from conda_pip_interop.core.prefix import read_prefix
from conda_pip_interop.core.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.usecases.overlap import check_overlap, read_wheel_paths
from tests.builders import PrefixBuilder

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def build_wheel(folder: Path, name: str, *paths: str, version: str = "1.0") -> Path:
    folder.mkdir(exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in (*paths, f"{name}-{version}.dist-info/METADATA"):
            archive.writestr(path, "")
    return wheel


def refuse(wheel: Path, built: PrefixBuilder) -> InteropError:
    with pytest.raises(InteropError) as caught:
        check_overlap([wheel], read_snapshot(built.root))
    assert caught.value.code == "would-overwrite"
    assert caught.value.hints
    return caught.value


def test_a_wheel_of_new_files_may_come(built: PrefixBuilder, tmp_path: Path) -> None:
    built.conda_package("click", "8.0")
    wheel = build_wheel(tmp_path / "w", "cowsay", "cowsay/__init__.py")
    check_overlap([wheel], read_snapshot(built.root))


def test_no_wheel_is_no_overlap(built: PrefixBuilder) -> None:
    check_overlap([], read_snapshot(built.root))


def test_a_wheel_over_another_version_of_itself_is_refused(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    built.conda_package("click", "8.0")
    error = refuse(build_wheel(tmp_path / "w", "click", "click/__init__.py"), built)
    assert "click (another version of it)" in error.message
    assert f"{SITE}/click/__init__.py" in error.message


def test_a_wheel_over_another_project_is_refused(built: PrefixBuilder, tmp_path: Path) -> None:
    built.conda_package("pytorch", "2.0", {"torch/__init__.py": ""}, dist_info=False)
    error = refuse(build_wheel(tmp_path / "w", "torch", "torch/__init__.py"), built)
    assert "pytorch (something else)" in error.message


def test_of_several_wheels_the_one_that_overlaps_is_named(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    built.conda_package("click", "8.0")
    good = build_wheel(tmp_path / "w", "cowsay", "cowsay.py")
    bad = build_wheel(tmp_path / "w", "Klick", "click/__init__.py", "click/new.py")
    with pytest.raises(InteropError) as caught:
        check_overlap([good, bad], read_snapshot(built.root))
    assert "pip's klick would overwrite 1 file of" in caught.value.message


def test_a_wheel_over_pips_own_files_is_pips_affair(built: PrefixBuilder, tmp_path: Path) -> None:
    built.pip_package("click", "8.0")
    wheel = build_wheel(tmp_path / "w", "click", "click/__init__.py")
    check_overlap([wheel], read_snapshot(built.root))


def test_a_script_or_a_data_file_counts_where_it_would_go(
    built: PrefixBuilder, tmp_path: Path
) -> None:
    built.conda_package("tool", "1", {"/bin/tool": "", "/share/tool/a": ""}, dist_info=False)
    script = build_wheel(tmp_path / "w", "one", "one-1.0.data/scripts/tool")
    data = build_wheel(tmp_path / "w", "two", "two-1.0.data/data/share/tool/a")
    assert "bin/tool" in refuse(script, built).message
    assert "share/tool/a" in refuse(data, built).message


def test_where_the_files_of_a_wheel_go(built: PrefixBuilder, tmp_path: Path) -> None:
    wheel = build_wheel(
        tmp_path / "w",
        "x",
        "x/",
        "x/__init__.py",
        "x-1.0.data/purelib/pure.py",
        "x-1.0.data/platlib/plat.so",
        "x-1.0.data/scripts/run",
        "x-1.0.data/data/etc/x.cfg",
    )
    assert read_wheel_paths(wheel, read_prefix(built.root)) == (
        f"{SITE}/x/__init__.py",
        f"{SITE}/pure.py",
        f"{SITE}/plat.so",
        "bin/run",
        "etc/x.cfg",
        f"{SITE}/x-1.0.dist-info/METADATA",
    )


def test_without_a_python_a_wheel_goes_nowhere(tmp_path: Path) -> None:
    (tmp_path / "env/conda-meta").mkdir(parents=True)
    wheel = build_wheel(tmp_path / "w", "x", "x.py")
    assert read_wheel_paths(wheel, read_prefix(tmp_path / "env")) == ()


def test_a_header_counts_where_it_would_go(built: PrefixBuilder, tmp_path: Path) -> None:
    path = "/include/python3.11/greenlet/greenlet.h"
    built.conda_package("greenlet", "1", {path: ""}, dist_info=False)
    wheel = build_wheel(tmp_path / "w", "greenlet", "greenlet-1.0.data/headers/greenlet.h")
    assert path[1:] in refuse(wheel, built).message
