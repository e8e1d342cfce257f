"""What an undo would bring is found before it, and what was there before is none of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.plan import FileAction, RemoveFile, WriteFile
from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.findings.after_undo import find_brought
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    built = PrefixBuilder(root=tmp_path / "web")
    built.conda_python()
    return built


def read_files(built: PrefixBuilder) -> dict[str, bytes]:
    paths = (one for one in (built.root / built.site_packages).rglob("*") if one.is_file())
    return {one.relative_to(built.root).as_posix(): one.read_bytes() for one in paths}


def install(built: PrefixBuilder, name: str, *requires: str) -> None:
    """Install by an operation of ours."""
    before = read_files(built)
    built.pip_package(name, "1.0", requires=requires)
    made = {path: text for path, text in read_files(built).items() if path not in before}
    for path in made:
        (built.root / path).unlink()
    apply(built, (WriteFile(path=PrefixPath(one), content=made[one], reason="") for one in made))


def apply(built: PrefixBuilder, actions: Iterable[FileAction]) -> None:
    with open_operation(built.root, "change") as operation:
        operation.apply(actions)


def find(built: PrefixBuilder, *numbers: int) -> list[str]:
    """The kinds that undoing operations, newest first, would bring."""
    operations = list_operations(built.root)
    found = find_brought(built.root, tuple(operations[number] for number in numbers))
    return [one.kind for one in found]


def test_what_needs_an_older_operation_is_found(built: PrefixBuilder) -> None:
    install(built, "lib")
    install(built, "app", "lib")
    assert find(built, 0) == ["unmet"]
    assert find(built, 1) == []
    assert find(built, 1, 0) == []
    wait(built)
    built.pip_package("tool", "1.0", requires=("lib",))
    assert find(built, 1, 0) == ["unmet"]


def wait(built: PrefixBuilder) -> None:
    """Let the clock of the file system go on, as it does between two commands."""
    mark = built.write("mark", "")
    start = mark.stat().st_mtime_ns
    while built.write("mark", "").stat().st_mtime_ns == start:
        time.sleep(0.01)


def test_what_was_there_before_the_operation_comes_back(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0", requires=("lib",))
    wait(built)
    install(built, "lib")
    wait(built)
    built.pip_package("other", "1.0")
    assert find(built, 0) == []


def test_an_edited_file_beside_what_goes_is_no_damage(built: PrefixBuilder) -> None:
    built.pip_package("app", "1.0", files={"app.py": "v = 1\n"})
    built.conda_package("tool", "1.0", files={"tool.py": "v = 1\n"})
    for name in ("app.py", "tool.py"):
        (built.root / built.place(name)).write_text("v = 2\n")
    install(built, "lib")
    assert find(built, 0) == []


def test_what_another_python_would_strand_is_found(built: PrefixBuilder) -> None:
    install(built, "lib")
    listed = [path for path in read_files(built) if "lib" in path.rpartition("site-packages")[2]]
    apply(built, (RemoveFile(path=PrefixPath(one), reason="") for one in listed))
    assert find(built, 1) == []
    wait(built)
    built.python_upgrade("3.12.1")
    files = (f"{built.stdlib}/os.py", "bin/python", "bin/python3.12")
    there = tuple(one for one in files if (built.root / one).exists())
    built.conda_record("python", "3.12.1", there, build="h0_0")
    assert find(built, 1) == ["stranded"]


def test_an_unreadable_time_is_not_newer(built: PrefixBuilder) -> None:
    install(built, "lib")
    built.pip_package("tool", "1.0", requires=("lib",))
    (built.root / built.dist_info("tool", "1.0") / "RECORD").unlink()
    assert find(built, 0) == []
