"""Packages that are linked again, beside a conda that removes them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.rollback import read_journals
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.relinking import refuse_folders, relink
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError, StalePlanError
from conda_pip_interop.findings.restoration import plan_restore
from conda_pip_interop.values import dataclass
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.reconciling import reconcile
from tests.support.trees import read_tree


@dataclass(frozen=True, kw_only=True)
class RemovingConda(NoConda):
    """Another conda removes the records just before they are linked, or just after."""

    root: Path
    before: bool

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Linker.relink`."""
        for record in records:
            (self.root / record.path).unlink()
            if self.before:
                (self.root / record.path).read_text()


@pytest.mark.parametrize("before", [True, False])
def test_what_conda_removes_meanwhile_is_planned_again(tmp_path: Path, before: bool) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1", {"click.py": "conda's"})
    built.pip_upgrade("click", "8.1", "8.2", {"click.py": "pip's"})
    target = Target(prefix=tmp_path, name="web", is_base=False)
    plan = plan_restore(("click",), snapshot=read_snapshot(tmp_path), target=target)
    with pytest.raises(StalePlanError, match="removes click from web"):
        execute(plan, target, RemovingConda(root=tmp_path, before=before))


class InterruptedConda(NoConda):
    """Ctrl-C while a package is linked again."""

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Linker.relink`."""
        raise KeyboardInterrupt(records)


def test_an_interruption_takes_all_back_and_is_passed_on(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1", {"click.py": "conda's"})
    built.pip_upgrade("click", "8.1", "8.2", {"click.py": "pip's"})
    before = read_tree(tmp_path)
    target = Target(prefix=tmp_path, name="web", is_base=False)
    plan = plan_restore(("click",), snapshot=read_snapshot(tmp_path), target=target)
    with pytest.raises(KeyboardInterrupt):
        execute(plan, target, InterruptedConda())
    assert read_tree(tmp_path) == before


@dataclass(frozen=True, kw_only=True)
class LinkingConda(NoConda):
    """A conda that links its package again, as it lies in another environment."""

    root: Path
    source: Path

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Linker.relink`."""
        assert [one.name for one in records] == ["click"]
        shutil.copytree(self.source, self.root, dirs_exist_ok=True, copy_function=_replace)


def _replace(source: str, target: str) -> None:
    """Copy as conda does, never into a file that may be linked elsewhere."""
    Path(target).unlink(missing_ok=True)
    shutil.copy2(source, target)


def test_the_undo_of_a_restore_leaves_nothing_of_what_conda_linked(scratch: Path) -> None:
    """The record of a settled override lists pip's files; which ones conda links, its original.

    What conda compiles besides, the original of a lost record does not list.
    """
    root, source = scratch / "env", scratch / "source"
    built = PrefixBuilder(root=root)
    built.conda_package("click", "8.1", {"click.py": "conda's", "parts/only_conda.py": ""})
    shutil.copytree(root, source)
    compiled = source / built.place("parts/__pycache__/only_conda.cpython-311.pyc")
    compiled.parent.mkdir()
    compiled.write_text("compiled")
    built.pip_upgrade("click", "8.1", "8.2", {"click.py": "pip's"})
    reconcile(root)
    before = read_tree(root)
    target = Target(prefix=root, name="web", is_base=False)
    plan = plan_restore(("click",), snapshot=read_snapshot(root), target=target)
    execute(plan, target, LinkingConda(root=root, source=source))
    assert (root / built.place("parts/only_conda.py")).exists()
    undo(root, read_journals(root)[-1].identifier)
    assert read_tree(root) == before


def test_a_folder_in_the_place_of_a_file_is_not_deleted_by_conda(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.1", {"click.py": "conda's", "other.py": "conda's"})
    target = Target(prefix=built.root, name="web", is_base=False)
    records = [one for one in read_snapshot(built.root).records if one.name == "click"]
    module = built.root / built.place("click.py")
    module.unlink()
    refuse_folders(records, target)
    (tmp_path / "mine").mkdir()
    module.symlink_to(tmp_path / "mine")
    refuse_folders(records, target)
    module.unlink()
    module.mkdir()
    with pytest.raises(InteropError) as refused:
        refuse_folders(records, target)
    assert refused.value.code == "in-the-way"
    assert str(module) in refused.value.message
    record = built.root / records[0].path
    record.write_text(record.read_text().replace("hardlink", "directory"))
    refuse_folders(
        [one for one in read_snapshot(built.root).records if one.name == "click"], target
    )


def test_a_file_that_is_missing_elsewhere_stays_an_error(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1")
    target = Target(prefix=tmp_path, name="web", is_base=False)
    records = read_snapshot(tmp_path).records
    linked: list[str] = []

    def link(given: tuple[CondaRecord, ...]) -> None:
        linked.extend(one.name for one in given)

    relink(records, target, link)
    assert linked == ["click", "python"]

    def fail(_given: object) -> None:
        (tmp_path / "no-package").read_text()

    with pytest.raises(FileNotFoundError, match="no-package"):
        relink(records, target, fail)
