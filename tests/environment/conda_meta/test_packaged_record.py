"""The record that conda would write for a package in its cache."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from conda_pip_interop.environment.conda_meta.packaged_record import (
    read_packaged_record,
    read_stated_hashes,
)
from conda_pip_interop.environment.prefix import read_prefix
from tests.support.builders import PrefixBuilder, hash_of
from tests.support.trees import run_in_child

PLACEHOLDER = "/world/_placehold"


def pack(folder: Path, entries: list[dict[str, Any]], **known: Any) -> Path:
    info = folder / "info"
    info.mkdir(parents=True)
    record = {"name": "kit", "version": "1.0", "build": "0", "subdir": "noarch", **known}
    (info / "repodata_record.json").write_text(json.dumps(record))
    (info / "paths.json").write_text(json.dumps({"paths": entries, "paths_version": 1}))
    return folder


def test_files_of_noarch_packages_are_placed_by_the_current_python(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    paths = ("site-packages/kit/a.py", "python-scripts/kit", "share/kit/b", "site-packages")
    entries = [{"_path": path, "path_type": "hardlink", "sha256": "0" * 64} for path in paths]
    folder = pack(tmp_path / "kit-1.0-0", entries, noarch="python")
    link = {"noarch": {"type": "python", "entry_points": ["run = kit:main"]}}
    (folder / "info" / "link.json").write_text(json.dumps(link))
    record = read_packaged_record(folder, read_prefix(built.root))
    assert record is not None
    assert record.path == "conda-meta/kit-1.0-0.json"
    assert [file.path for file in record.files] == [
        f"{built.site_packages}/kit/a.py",
        "bin/kit",
        "share/kit/b",
        "site-packages",
        "bin/run",
    ]
    assert {file.sha256 for file in record.files[:-1]} == {"0" * 64}
    assert {file.sha256_in_prefix for file in record.files[:-1]} == {"0" * 64}


def test_hashes_of_text_files_account_for_the_replaced_prefix(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    text = f"#!{PLACEHOLDER}/bin/python\n"
    sha256 = hash_of(text.encode())
    entry = {"path_type": "hardlink", "prefix_placeholder": PLACEHOLDER, "sha256": sha256}
    entries = [
        {**entry, "_path": "bin/tool", "file_mode": "text"},
        {**entry, "_path": "bin/spoilt", "file_mode": "text"},
        {**entry, "_path": "bin/gone", "file_mode": "text"},
        {**entry, "_path": "lib/tool.so", "file_mode": "binary"},
    ]
    folder = pack(tmp_path / "kit-1.0-0", entries)
    (folder / "bin").mkdir()
    (folder / "bin" / "tool").write_text(text)
    (folder / "bin" / "spoilt").write_text(f"{text}# edited in the package cache\n")
    built.write("bin/tool", "")
    built.write("bin/spoilt", "")
    record = read_packaged_record(folder, read_prefix(built.root))
    assert record is not None
    linked = text.replace(PLACEHOLDER, str(built.root)).encode()
    assert [file.sha256_in_prefix for file in record.files] == [hash_of(linked), *[None] * 3]


def test_the_compiled_files_that_are_there_are_listed_of_noarch_packages(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env", python="3.12.1")
    entries = [
        {"_path": f"site-packages/kit/{name}.py", "path_type": "hardlink"} for name in ("a", "b")
    ]
    place = f"{built.site_packages}/kit/__pycache__"
    for name in ("a.cpython-312.pyc", "a.cpython-311.pyc", "c.cpython-312.pyc"):
        built.write(f"{place}/{name}", "")
    listed = {}
    for noarch in ("python", "generic"):
        folder = pack(tmp_path / noarch / "kit-1.0-0", entries, noarch=noarch)
        record = read_packaged_record(folder, read_prefix(built.root))
        assert record is not None
        listed[noarch] = [one.path for one in record.files if one.path.endswith(".pyc")]
    assert listed == {"python": [f"{place}/a.cpython-312.pyc"], "generic": []}


def test_an_edit_in_the_package_cache_differs_from_the_stated_hash(tmp_path: Path) -> None:
    entries: list[dict[str, Any]] = [
        {"_path": "a", "path_type": "hardlink", "sha256": "1" * 64, "size_in_bytes": 3},
        {"_path": "b", "path_type": "softlink", "sha256": "2" * 64},
        {"_path": "c", "path_type": "hardlink"},
    ]
    assert read_stated_hashes(pack(tmp_path / "kit", entries)) == {"a": ("1" * 64, 3)}
    odd: list[Any] = [1]
    assert read_stated_hashes(pack(tmp_path / "odd", odd)) == {}
    assert read_stated_hashes(tmp_path) == {}


@pytest.mark.parametrize("paths", ["{", "[]", '{"paths": 1}', '{"paths": [{}]}', '{"paths": [1]}'])
def test_a_folder_that_is_not_a_package_has_no_record(tmp_path: Path, paths: str) -> None:
    prefix = read_prefix(PrefixBuilder(root=tmp_path / "env").root)
    folder = pack(tmp_path / "kit-1.0-0", [])
    (folder / "info" / "paths.json").write_text(paths)
    assert read_packaged_record(folder, prefix) is None
    assert read_packaged_record(tmp_path / "absent", prefix) is None


def test_on_windows_scripts_are_programs_that_the_package_does_not_list(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env", layout="windows", python="3.12.1")
    entries = [{"_path": "site-packages/kit/a.py", "path_type": "hardlink"}]
    folder = pack(tmp_path / "kit-1.0-0", entries, noarch="python")
    link = {"noarch": {"type": "python", "entry_points": ["run = kit:main"]}}
    (folder / "info" / "link.json").write_text(json.dumps(link))
    record = read_packaged_record(folder, read_prefix(built.root))
    assert record is not None
    assert [file.path for file in record.files] == ["Lib/site-packages/kit/a.py"]


def test_without_python_nothing_is_placed_by_it(tmp_path: Path) -> None:
    (tmp_path / "tools/conda-meta").mkdir(parents=True)
    entries = [{"_path": "site-packages/a.py", "path_type": "hardlink"}]
    folder = pack(tmp_path / "kit-1.0-0", entries, noarch="python")
    link = {"noarch": {"type": "python", "entry_points": ["run = kit:main"]}}
    (folder / "info" / "link.json").write_text(json.dumps(link))
    record = read_packaged_record(folder, read_prefix(tmp_path / "tools"))
    assert record is not None
    assert [file.path for file in record.files] == ["site-packages/a.py"]


@pytest.mark.parametrize("link", [{"type": "python"}, {"type": "python", "entry_points": None}])
def test_a_noarch_package_need_not_have_entry_points(tmp_path: Path, link: object) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    folder = pack(tmp_path / "kit-1.0-0", [], noarch="python")
    (folder / "info" / "link.json").write_text(json.dumps({"noarch": link}))
    record = read_packaged_record(folder, read_prefix(built.root))
    assert record is not None
    assert [*record.files] == []


@pytest.mark.parametrize(
    "name", ["info/repodata_record.json", "info/paths.json", "info/link.json", "bin/tool"]
)
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_folder_that_a_record_names_holds_up_nobody(tmp_path: Path, name: str, kind: str) -> None:
    """`extracted_package_dir` is what the owner of the environment wrote there."""
    built = PrefixBuilder(root=tmp_path / "env")
    entry = {"_path": "bin/tool", "path_type": "hardlink", "sha256": "0" * 64}
    entry |= {"prefix_placeholder": PLACEHOLDER, "file_mode": "text"}
    folder = pack(tmp_path / "kit-1.0-0", [entry], noarch="python")
    built.write("bin/tool", "")
    file = folder / name
    file.parent.mkdir(exist_ok=True)
    file.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(file)
    else:
        file.symlink_to("/dev/zero")

    def look() -> None:
        signal.alarm(20)
        assert read_packaged_record(folder, read_prefix(built.root)) is None
        read_stated_hashes(folder)

    assert run_in_child(look) == 0
