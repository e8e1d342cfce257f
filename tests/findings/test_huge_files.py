"""Sparse files of a terabyte in the place of a package's: found, and not read."""

from __future__ import annotations

import json
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.files import identify_file
from conda_pip_interop.changes.exclusive_files import find_edited
from conda_pip_interop.environment.paths import HASH_LIMIT, PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder
from tests.support.reconciling import reconcile

TERABYTE = 1 << 40


def make_sparse(file: Path, size: int = TERABYTE) -> None:
    file.unlink()
    with file.open("wb") as opened:
        opened.truncate(size)


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def share(built: PrefixBuilder) -> PrefixPath:
    """Two packages of conda's that list one file with different content."""
    for name, content in (("one", "1"), ("two", "2")):
        built.conda_package(name, "1.0", {"shared.py": content})
    return PrefixPath(built.place("shared.py"))


def overwrite(built: PrefixBuilder) -> PrefixPath:
    """pip's file over conda's of another name."""
    built.conda_package("one", "1.0", {"shared.py": "1"})
    built.pip_package("two", "1.0", {"shared.py": "2"})
    return PrefixPath(built.place("shared.py"))


def override(built: PrefixBuilder) -> PrefixPath:
    """pip's distribution in the place of conda's."""
    built.conda_package("one", "1.0", {"one.py": "1"})
    built.pip_upgrade("one", "1.0", "2.0", {"one.py": "2"})
    return PrefixPath(built.place("one.py"))


def settle(built: PrefixBuilder) -> PrefixPath:
    """The same, reconciled."""
    path = override(built)
    reconcile(built.root)
    return path


def vanish(built: PrefixBuilder) -> PrefixPath:
    """What pip has removed of conda's, but for one file."""
    built.conda_package("one", "1.0", {"one.py": "1"})
    built.pip_uninstall("one", "1.0")
    built.write(built.place("one.py"), "1")
    return PrefixPath(built.place("one.py"))


def double(built: PrefixBuilder) -> PrefixPath:
    """Two distributions of pip's of one name."""
    for version in ("1.0", "2.0"):
        built.pip_package("one", version, {"one.py": version})
    return PrefixPath(built.place("one.py"))


@pytest.mark.parametrize("make", [share, overwrite, override, settle, vanish, double])
def test_a_sparse_file_is_judged_in_no_time(
    built: PrefixBuilder, make: Callable[[PrefixBuilder], PrefixPath]
) -> None:
    make_sparse(built.root / make(built))
    memory, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    assert find_all(read_snapshot(built.root)) or make in (settle, double)
    reconcile(built.root)
    find_all(read_snapshot(built.root))
    for one in read_snapshot(built.root).distributions:
        find_edited(one, built.root)
    assert time.monotonic() - begun < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory < 50_000


def test_what_is_too_large_is_foreign_and_its_size_is_told(built: PrefixBuilder) -> None:
    path = share(built)
    make_sparse(built.root / path)
    damaged = [one for one in find_all(read_snapshot(built.root)) if one.kind == "damaged"]
    assert {one.conda_name for one in damaged} == {"one", "two"}
    assert {(e.path, e.found) for one in damaged for e in one.evidence} == {
        (path, f"{TERABYTE} bytes")
    }


def test_what_is_as_large_as_stated_is_taken_for_it(built: PrefixBuilder) -> None:
    path, size = share(built), HASH_LIMIT + 1
    make_sparse(built.root / path, size)
    record = built.root / "conda-meta/one-1.0-0.json"
    document = json.loads(record.read_text())
    for entry in document["paths_data"]["paths"]:
        if entry["_path"] == path:
            entry["size_in_bytes"] = size
    record.write_text(json.dumps(document))
    assert find_all(read_snapshot(built.root)) == ()


def test_a_file_that_is_not_too_large_is_hashed(tmp_path: Path) -> None:
    small, large = tmp_path / "small", tmp_path / "large"
    for file, size in ((small, 1), (large, HASH_LIMIT + 1)):
        file.touch()
        make_sparse(file, size)
        os.utime(file, ns=(0, 7))
    assert len(identify_file(small)) == 64
    assert identify_file(large) == f"{HASH_LIMIT + 1} bytes at 7 ns"
