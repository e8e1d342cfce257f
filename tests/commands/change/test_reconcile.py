"""What reconciling removes, and what it leaves to those who list it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.undoing.operations import find_operation
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.trees import read_tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def reconcile(root: Path) -> None:
    plan, _ = plan_reconcile(read_snapshot(root))
    execute(plan, Target(prefix=root, name=None, is_base=False), NoConda())


def test_what_conda_has_linked_by_half_goes_and_pips_stays(built: PrefixBuilder) -> None:
    built.pip_package("other", "1")
    built.conda_package("idna", "3.10", {"idna/a.py": "3.10", "idna/b.py": "b", "idna/old.py": "x"})
    (built.root / "conda-meta/idna-3.10-0.json").unlink()
    built.pip_package("idna", "3.11", {"idna/a.py": "3.11", "idna/b.py": "b"})
    compiled = built.write(built.place("idna/__pycache__/b.cpython-311.pyc"), "")
    before = read_tree(built.root)
    reconcile(built.root)
    assert find_all(read_snapshot(built.root)) == ()
    assert not (built.root / built.dist_info("idna", "3.10")).exists()
    assert not (built.root / built.place("idna/old.py")).exists()
    for file in ("a.py", "b.py"):
        assert (built.root / built.place(f"idna/{file}")).is_file()
    assert compiled.is_file()
    undo(built.root, find_operation(built.root, None)[0].identifier)
    assert read_tree(built.root) == before


@pytest.mark.parametrize("inside", [(), ("sub/deep",), ("sub", "other")], ids=len)
def test_folders_in_which_there_is_nothing_go_too(
    built: PrefixBuilder, inside: tuple[str, ...]
) -> None:
    folder = built.root / built.dist_info("idna", "3.10")
    for path in ("", *inside):
        (folder / path).mkdir(parents=True)
    before = read_tree(built.root)
    reconcile(built.root)
    assert not folder.exists()
    undo(built.root, find_operation(built.root, None)[0].identifier)
    assert read_tree(built.root) == before


def test_what_a_leftover_link_leads_to_stays(built: PrefixBuilder, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    (other / "empty").mkdir(parents=True)
    link = built.root / built.place("~dna")
    link.symlink_to(other)
    reconcile(built.root)
    assert not link.is_symlink()
    assert (other / "empty").is_dir()
