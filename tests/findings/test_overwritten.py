"""What another package wrote over conda's file is damage once that package is gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from conda_pip_interop.changes.state import State, write_state
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder, hash_of


@pytest.mark.parametrize(("content", "found"), [("pip's", ["damaged"]), ("mine", []), ("1", [])])
def test_only_the_content_that_was_noted_is_damage(
    tmp_path: Path, content: str, found: list[str]
) -> None:
    """A person's edit is theirs, and conda's own content is as it should be."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("one", "1.0", {"one.py": "1"})
    path = built.place("one.py")
    built.write(path, content)
    write_state(built.root, State(overwritten={path: hash_of(b"pip's")}))
    assert [one.kind for one in find_all(read_snapshot(built.root))] == found


def test_a_file_that_cannot_be_read_is_not_what_was_noted(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("one", "1.0", {"one.py": "1", "two.py": "2"})
    path = built.place("one.py")
    (built.root / path).unlink()
    write_state(built.root, State(overwritten={path: hash_of(b"pip's")}))
    (damaged,) = find_all(read_snapshot(built.root))
    assert [one.found for one in damaged.evidence] == ["absent"]
