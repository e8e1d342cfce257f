"""What is interrupted: an environment, and one piece of work on it from reading to the last write.

None needs conda: `tests.support.builders` writes what conda and pip would have written.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.journal import STATE_FOLDER
from conda_pip_interop.changes.lock import recover_interrupted
from conda_pip_interop.changes.rollback import needs_recovery
from conda_pip_interop.changes.staging import plan_placing, read_staged
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.changes.undo import find_journal, undo
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.resolve.uninstall import plan_uninstall
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.reconciling import reconcile
from tests.support.trees import read_tree

Tree: TypeAlias = dict[str, tuple[object, ...]]
#: What pytest's `record_property` takes: how many `points` a test has tried.
Record: TypeAlias = Callable[[str, object], None]
_STAGED = f"{STATE_FOLDER}/staging-x"


@dataclass(frozen=True, kw_only=True, slots=True)
class Scenario:
    """`build` makes the environment at a path; `work` is what is done to it, and done again.

    `prepare` is done before each `work`, undisturbed.
    """

    name: str
    build: Callable[[Path], None]
    work: Callable[[Path], None]
    prepare: Callable[[Path], None] = lambda _: None


def build_overridden(root: Path) -> None:
    """A package of conda's with pip's in its place, and every other thing that reconcile treats."""
    built = PrefixBuilder(root=root)
    old = {"click/a.py": "old", "click/gone.py": "x", "click/deep/only.py": "y", "/bin/click": "#!"}
    built.conda_package("click", "8.1", old)
    built.pip_upgrade("click", "8.1", "8.2", {"click/a.py": "new", "/bin/click": "#! new"})
    for path in ("click/gone.py", "click/deep/only.py"):
        built.write(built.place(path), old[path])
    built.pip_package("six", "1.17", {"six.py": "pip's", "six_more.py": "pip's"})
    built.conda_package("six", "1.16", {"six.py": "conda's"})
    built.conda_package("idna", "3.10")
    built.pip_uninstall("idna", "3.10")
    built.write(built.place("~umpy/core.py"), "x")
    (root / built.dist_info("idna", "3.11")).mkdir()


def run_reconcile(root: Path) -> None:
    """`conda pip reconcile --yes`, without conda."""
    reconcile(root)


def build_reconciled(root: Path) -> None:
    """What `build_overridden` makes, reconciled."""
    build_overridden(root)
    run_reconcile(root)


def run_undo(root: Path) -> None:
    """`conda pip undo --yes`; fine if it is done."""
    try:
        undo(root, find_journal(root, None).identifier)
    except InteropError as error:
        if error.code != "no-such-operation":
            raise


def build_installed(root: Path) -> None:
    """Two distributions of pip's beside one of conda's."""
    built = PrefixBuilder(root=root)
    built.conda_package("click", "8.1")
    built.pip_package("plugin", "1", {"ns/plugin.py": "p", "/bin/plug": "#!", "/share/p/data": "d"})
    built.write(built.place("ns/__pycache__/plugin.cpython-311.pyc"), "c")
    built.pip_package("other", "1", {"ns/other.py": "o"})


def run_uninstall(root: Path) -> None:
    """`conda pip uninstall --yes plugin`, without conda; fine if it is done."""
    snapshot = read_snapshot(root)
    if not any(one.name == "plugin" for one in snapshot.distributions):
        return
    plan = plan_uninstall(
        ["plugin"],
        snapshot=snapshot,
        graph=read_graph(snapshot),
        target=_target(root),
        keep_deps=False,
    )
    execute(plan, _target(root), NoConda())


def stage_upgrade(root: Path) -> None:
    """What pip leaves in the staging folder for a newer `plugin`."""
    shutil.rmtree(root / _STAGED, ignore_errors=True)
    staging = PrefixBuilder(root=root / _STAGED, conda=False)
    files = {"ns/plugin.py": "newer", "ns/deep/fresh.py": "f", "/bin/plug": "#! 2", "/etc/p": "e"}
    staging.pip_package("plugin", "2", files)
    for extra in (f"{staging.site_packages}/README.txt", "lib/python3.11/os.py", "bin/python"):
        (root / _STAGED / extra).unlink()


def run_placing(root: Path) -> None:
    """The last part of `conda pip install --yes plugin==2`, without conda."""
    staged = read_staged(root / _STAGED, read_snapshot(root).prefix)
    with open_operation(root, "install plugin") as operation:
        operation.apply(plan_placing(staged, read_snapshot(root)))


def _target(root: Path) -> Target:
    return Target(prefix=root, name="web", is_base=False)


SCENARIOS = (
    Scenario(name="reconcile", build=build_overridden, work=run_reconcile),
    Scenario(name="undo", build=build_reconciled, work=run_undo),
    Scenario(name="uninstall", build=build_installed, work=run_uninstall),
    Scenario(name="placing", build=build_installed, work=run_placing, prepare=stage_upgrade),
)


class Trial:
    """A scenario with its outcome known: fresh copies of the environment, and what may be left."""

    def __init__(self, scenario: Scenario, scratch: Path) -> None:
        self.scenario = scenario
        self._scratch = scratch
        self._template = scratch / "template"
        scenario.build(self._template)
        scenario.prepare(self._template)
        whole = self.make("whole")
        self.old = read_tree(whole)
        scenario.work(whole)
        self.finished = without_times(read_tree(whole))
        assert self.finished != without_times(self.old)

    def make(self, name: str, *, below: Path | None = None) -> Path:
        """A copy of the environment as it was before the work."""
        prefix = (below or self._scratch) / name
        shutil.copytree(self._template, prefix, symlinks=True)
        return prefix

    def is_whole(self, prefix: Path) -> bool:
        """Whether the environment is as it was, to the byte and time, or as it is to be."""
        tree = read_tree(prefix)
        return tree == self.old or without_times(tree) == self.finished

    def settle(self, prefix: Path, where: str) -> None:
        """Do what the next person does: what was begun is put right, then comes to its end."""
        if (prefix / STATE_FOLDER).is_dir():
            recover_interrupted(prefix)
        assert not needs_recovery(prefix)
        assert self.is_whole(prefix), where
        self.scenario.prepare(prefix)
        self.scenario.work(prefix)
        assert without_times(read_tree(prefix)) == self.finished
        shutil.rmtree(prefix)


def without_times(tree: Tree) -> Tree:
    """A tree by its kinds, modes and contents: what is written has the time of the writing."""
    return {path: seen[:2] for path, seen in tree.items()}
