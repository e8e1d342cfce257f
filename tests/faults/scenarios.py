"""What is interrupted: an environment, and one piece of work on it from reading to the last write.

None needs conda: `tests.support.builders` writes what conda and pip would have written.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TypeAlias

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.journal import (
    JOURNAL_FOLDER,
    ORIGINS_FILE,
    STATE_FOLDER,
    hash_prefix,
)
from conda_pip_interop.changes.atomic.lock import recover_interrupted
from conda_pip_interop.changes.atomic.rollback import needs_recovery
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.origins import hash_record, plan_origins, render_origins
from conda_pip_interop.changes.pending import settle_interrupted
from conda_pip_interop.changes.plan import LinkConda, Plan
from conda_pip_interop.changes.staging import plan_placing, read_staged
from conda_pip_interop.changes.undoing.operations import find_operation
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.site_packages.provenance import Provenance
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.restoration import plan_restore
from conda_pip_interop.resolve.uninstall import plan_uninstall
from conda_pip_interop.values import dataclass
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.parts import SECTION, BuiltConda, BuiltPip
from tests.support.reconciling import reconcile
from tests.support.trees import read_tree, run_in_child

Tree: TypeAlias = dict[str, tuple[object, ...]]
#: What pytest's `record_property` takes: how many `points` a test has tried.
Record: TypeAlias = Callable[[str, object], None]
CLICK = {"click/a.py": "old", "click/gone.py": "x", "click/deep/only.py": "y", "/bin/click": "#!"}
STAGED = f"{STATE_FOLDER}/staging-x"


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
    built.conda_package("click", "8.1", CLICK)
    built.pip_upgrade("click", "8.1", "8.2", {"click/a.py": "new", "/bin/click": "#! new"})
    for path in ("click/gone.py", "click/deep/only.py"):
        built.write(built.place(path), CLICK[path])
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
        undo(root, find_operation(root, None)[0].identifier)
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
    known = Provenance(name=canonicalize_name("other"), version="1", record_sha256="a" * 64)
    built.write(ORIGINS_FILE, render_origins([known]))


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
    shutil.rmtree(root / STAGED, ignore_errors=True)
    staging = PrefixBuilder(root=root / STAGED, conda=False)
    files = {"ns/plugin.py": "newer", "ns/deep/fresh.py": "f", "/bin/plug": "#! 2", "/etc/p": "e"}
    staging.pip_package("plugin", "2", files)
    for extra in (f"{staging.site_packages}/README.txt", "lib/python3.11/os.py", "bin/python"):
        (root / STAGED / extra).unlink()


def run_placing(root: Path) -> None:
    """The last part of `conda pip install --yes plugin==2`, without conda."""
    staged = read_staged(root / STAGED, read_snapshot(root).prefix)
    if len(staged.distributions) != 1:
        raise InteropError("not-staged", "What pip has staged cannot be read.")
    (one,) = staged.distributions
    origin = Provenance(
        name=one.name, version=one.version, record_sha256=hash_record(staged.folder, one)
    )
    with open_operation(root, "install plugin") as operation:
        operation.apply(plan_placing(staged, read_snapshot(root)))
        operation.apply(plan_origins(root, [origin]))


@cache
def extract_click() -> Path:
    """The package of click, as conda has it in its cache."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    PrefixBuilder(root=folder).conda_package("click", "8.1", CLICK)
    return folder


@dataclass(frozen=True, kw_only=True)
class Relinking(NoConda):
    """Links packages again as conda does: what a record lists goes, then the new is copied."""

    root: Path

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """See `Linker.relink`."""
        for record in records:
            for path in (*(file.path for file in record.files), record.path):
                (self.root / path).unlink(missing_ok=True)
                _remove_empty((self.root / path).parent)
            package = extract_click()
            listed = json.loads((package / record.path).read_text())["files"]
            for path in (*listed, record.path):
                (self.root / path).parent.mkdir(parents=True, exist_ok=True)
                (self.root / path).unlink(missing_ok=True)  # never written in place
                shutil.copyfile(package / path, self.root / path)


def _remove_empty(folder: Path) -> None:
    while folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent


def build_relinkable(root: Path) -> None:
    """What `build_reconciled` makes, and what conda has of it."""
    build_reconciled(root)
    extract_click()


def run_restore(root: Path) -> None:
    """`conda pip restore --yes click`; fine if it is done."""
    plan = plan_restore(["click"], snapshot=read_snapshot(root), target=_target(root))
    if plan.steps:
        plan = replace(plan, fingerprint=None)  # which tells that permissions change
        execute(plan, _target(root), Relinking(root=root))


def build_pending(root: Path) -> None:
    """An installation by conda and pip that was killed between their parts."""
    built = PrefixBuilder(root=root)
    built.conda_package("numpy", "1.0", {"numpy/__init__.py": "1.0"})
    built.pip_package("other", "1", {"ns/other.py": "o"})
    built.write("conda-meta/history", SECTION)
    conda = BuiltConda(built=built, during={"end": lambda: os._exit(9)})
    files = {"ns/app.py": "a", "ns/deep/fresh.py": "f", "/bin/app": "#!"}
    plan = Plan(
        title="install",
        steps=(LinkConda(name="numpy", version="2.0", reason="requested"),),
        conda=conda,
        pip=BuiltPip(prefix=root, files=files),
    )
    assert run_in_child(lambda: execute(plan, _target(root), NoConda())) == 9


def run_pending(root: Path) -> None:
    """What the next command of ours does first."""
    settle_interrupted(root)


def _target(root: Path) -> Target:
    return Target(prefix=root, name="web", is_base=False)


SCENARIOS = (
    Scenario(name="reconcile", build=build_overridden, work=run_reconcile),
    Scenario(name="undo", build=build_reconciled, work=run_undo),
    Scenario(name="uninstall", build=build_installed, work=run_uninstall),
    Scenario(name="placing", build=build_installed, work=run_placing, prepare=stage_upgrade),
    Scenario(name="restore", build=build_relinkable, work=run_restore),
    Scenario(name="pending", build=build_pending, work=run_pending),
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
        """A copy of the environment as it was before the work, as if it had always been there."""
        prefix = (below or self._scratch) / name
        shutil.copytree(self._template, prefix, symlinks=True)
        settle_in(prefix)
        return prefix

    def is_whole(self, prefix: Path) -> bool:
        """Whether the environment is as it was, to the byte and time, or as it is to be."""
        tree = read_tree(prefix)
        return tree == self.old or without_times(tree) == self.finished

    def compare(self, prefix: Path) -> str:
        """Tell which paths are not as they were, and which not as they are to be."""
        tree = read_tree(prefix)
        now, old = without_times(tree), without_times(self.old)
        paths = sorted({*now, *old, *self.finished})
        unlike = [path for path in paths if tree.get(path) != self.old.get(path)]
        unfinished = [path for path in paths if now.get(path) != self.finished.get(path)]
        return f"not as it was: {unlike}; not as it is to be: {unfinished}"

    def settle(self, prefix: Path, where: str, closed: Mapping[Path, int] | None = None) -> None:
        """Do what the next person does: what was begun is put right, then comes to its end.

        What was `closed` when it was removed comes back so; with the modes from before.
        """
        if (prefix / STATE_FOLDER).is_dir():
            recover_interrupted(prefix)
        for folder, mode in (closed or {}).items():
            if folder.is_dir():
                folder.chmod(mode)
        assert not needs_recovery(prefix)
        assert self.is_whole(prefix), f"{where}: {self.compare(prefix)}"
        self.scenario.prepare(prefix)
        self.scenario.work(prefix)
        assert without_times(read_tree(prefix)) == self.finished
        shutil.rmtree(prefix)


def settle_in(prefix: Path) -> None:
    """Give the journals of a copied environment its place, as if it had always been there."""
    here = f'"place": "{hash_prefix(prefix)}"'
    for journal in (prefix / JOURNAL_FOLDER).glob("*/journal.jsonl"):
        times = journal.stat().st_atime_ns, journal.stat().st_mtime_ns
        text = journal.read_text(errors="surrogateescape")
        moved = re.sub(r'"place": "[0-9a-f]+"', here, text)
        journal.write_text(moved, errors="surrogateescape")
        os.utime(journal, ns=times)


def without_times(tree: Tree) -> Tree:
    """A tree by its kinds, modes and contents: what is written has the time of the writing."""
    return {path: seen[:2] for path, seen in tree.items()}
