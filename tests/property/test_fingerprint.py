"""Whatever changes the metadata of an environment changes its fingerprint, at once or later."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.environment.quick_check import read_fingerprint
from tests.support.builders import PrefixBuilder
from tests.support.trees import MEMORY

Change: TypeAlias = Callable[[PrefixBuilder], object]


def edit(name: str) -> Change:
    """Change one byte in place, and put the times back."""

    def change(built: PrefixBuilder) -> None:
        path = find(built, name)
        seen = path.stat()
        content = path.read_bytes()
        path.write_bytes(bytes([*content[:-1], (content or b"\0")[-1] ^ 1]))
        os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))

    return change


def rewrite(name: str) -> Change:
    """Replace a file by one of the same content."""
    return lambda built: built.write(relative(built, name), find(built, name).read_bytes())


def remove(name: str) -> Change:
    """Delete a file."""
    return lambda built: find(built, name).unlink()


def find(built: PrefixBuilder, name: str) -> Path:
    (path,) = built.root.glob(name)
    return path


def relative(built: PrefixBuilder, name: str) -> str:
    return find(built, name).relative_to(built.root).as_posix()


FILES = (
    "conda-meta/alpha-*.json",
    "conda-meta/history",
    *(f"lib/*/site-packages/{name}-*.dist-info/RECORD" for name in ("alpha", "beta")),
    *(f"lib/*/site-packages/{name}-*.dist-info/METADATA" for name in ("alpha", "beta")),
    "lib/*/site-packages/beta-*.dist-info/INSTALLER",
    "lib/*/site-packages/beta.pth",
)
CHANGES: tuple[Change, ...] = (
    *(change(file) for file in FILES for change in (edit, rewrite, remove)),
    lambda built: built.conda_package("gamma", "1.0"),
    lambda built: built.conda_remove("alpha"),
    lambda built: built.pip_package("gamma", "1.0"),
    lambda built: built.pip_package("beta", "1.0", {"beta.pth": "import beta\n"}),
    lambda built: built.pip_upgrade("alpha", "1.0", "2.0"),
    lambda built: built.pip_uninstall("beta", "1.0"),
    lambda built: built.python_upgrade("3.12.1"),
    lambda built: built.write(f"{built.site_packages}/~eta/x.py", ""),
    lambda built: built.write(f"{built.dist_info('beta', '1.0')}/REQUESTED.txt", ""),
    lambda built: built.write(f"{built.site_packages}/__editable__.beta.pth", "/src\n"),
    lambda built: shutil.rmtree(built.root / built.dist_info("beta", "1.0")),
    lambda built: (built.root / built.dist_info("beta", "1.0")).rename(
        built.root / built.dist_info("beta", "2.0")
    ),
    lambda built: (built.root / "conda-meta" / "history").chmod(0o600),
)


def build(folder: str) -> PrefixBuilder:
    built = PrefixBuilder(root=Path(folder) / "env")
    built.conda_package("alpha", "1.0")
    built.pip_package("beta", "1.0", {"beta.py": "", "beta.pth": "\n"})
    return built


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(CHANGES))
def test_every_change_of_metadata_changes_the_fingerprint(change: Change) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        built = build(folder)
        time.sleep(0.01)  # a tick of the clock of the file system
        before = read_fingerprint(built.root)
        assert read_fingerprint(built.root).digest == before.digest
        change(built)
        assert read_fingerprint(built.root).digest != before.digest


def test_what_changed_just_now_is_not_reliable(tmp_path: Path) -> None:
    built = build(str(tmp_path))
    assert not read_fingerprint(built.root).is_reliable


@pytest.mark.parametrize("seconds", [0, 2.9, -100])
def test_a_change_within_a_tick_or_in_the_future_is_not_reliable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    built = build(str(tmp_path))
    at = read_fingerprint(built.root).newest + int(seconds * 10**9)
    monkeypatch.setattr(time, "time_ns", lambda: at)
    assert not read_fingerprint(built.root).is_reliable
    monkeypatch.setattr(time, "time_ns", lambda: at + 200 * 10**9)
    assert read_fingerprint(built.root).is_reliable


def test_another_link_of_a_package_cached_file_changes_nothing(tmp_path: Path) -> None:
    built = build(str(tmp_path))
    file = find(built, FILES[3])
    os.link(file, tmp_path / "cached")
    before = read_fingerprint(built.root)
    time.sleep(0.01)
    os.link(file, tmp_path / "other")
    assert read_fingerprint(built.root).digest == before.digest


def test_what_python_compiles_and_our_own_state_change_nothing(tmp_path: Path) -> None:
    built = build(str(tmp_path))
    before = read_fingerprint(built.root)
    built.write("conda-meta/pip-interop/state.json", "{}")
    built.write(f"{built.site_packages}/__pycache__/beta.cpython-311.pyc", "")
    built.write(f"{built.site_packages}/alpha/__pycache__/x.cpython-311.pyc", "")
    assert read_fingerprint(built.root).digest == before.digest


def test_a_folder_that_cannot_be_read_has_a_fingerprint(tmp_path: Path) -> None:
    built = build(str(tmp_path))
    before = read_fingerprint(built.root)
    shutil.rmtree(built.root / built.site_packages)
    assert read_fingerprint(built.root).digest != before.digest
    assert read_fingerprint(tmp_path / "nowhere").digest
