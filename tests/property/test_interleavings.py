"""Whatever pip and conda do to an environment, in any order: reconciled, it tells the truth."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.rollback import read_journals
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.protection.markers import Absent, read_snapshot_marker
from tests.support.builders import PrefixBuilder
from tests.support.reconciling import reconcile
from tests.support.trees import MEMORY, Tree, read_tree

Name: TypeAlias = Literal["alpha", "beta", "gamma"]
Verb: TypeAlias = Literal[
    "pip install",
    "pip ignores",
    "pip uninstall",
    "pip dies",
    "conda link",
    "conda unlink",
    "edit",
    "reconcile",
]
_TREATED = {"overridden", "stale-metadata", "leftover"}

steps = st.tuples(
    st.sampled_from(get_args(Verb)),
    st.sampled_from(get_args(Name)),
    st.sampled_from(["1.0", "2.0", "3.0"]),
)


class World:
    """An environment, and what pip and conda would do in it next."""

    def __init__(self, root: Path) -> None:
        self.built = PrefixBuilder(root=root)

    @property
    def root(self) -> Path:
        """Its folder."""
        return self.built.root

    def do(self, verb: Verb, name: Name, version: str) -> None:  # noqa: C901 - one a verb
        """One step, as far as it makes sense: nobody unlinks what is not there."""
        match verb:
            case "pip install":
                for one in self._find_versions(name):
                    self._pip_uninstall(name, one)
                self.built.pip_package(name, version, self._files(name, version, "pip"))
            case "pip ignores":  # what is installed: --ignore-installed
                self.built.pip_package(name, version, self._files(name, version, "pip"))
            case "pip dies":
                self.built.write(self.built.place(f"~{name[1:]}/__init__.py"), name)
            case "pip uninstall":
                for one in self._find_versions(name)[:1]:
                    self._pip_uninstall(name, one)
            case "conda link":
                self._unlink(name)
                self.built.conda_package(name, version, self._files(name, version, "conda"))
            case "conda unlink":
                self._unlink(name)
            case "edit":
                module = self.built.root / self.built.place(f"{name}/__init__.py")
                if module.exists():
                    self.built.write(self.built.place(f"{name}/__init__.py"), "edited")
            case "reconcile":
                self.reconcile()

    def reconcile(self) -> None:
        """What follows a transaction; afterwards the invariants hold, and it can be undone."""
        before = read_tree(self.root)
        if reconcile(self.root).steps:
            assert_undone(self.root, before)
        assert_invariants(self.root, before)

    def _files(self, name: str, version: str, who: str) -> dict[str, str]:
        """Some files that all versions have, one of its own, a script, and data beside."""
        return {
            f"{name}/__init__.py": f"{name} {version} {who}",
            f"{name}/v{version[0]}.py": f"{name} {version}",
            f"{name}/only_{who}.py": who,
            f"{name}/same.py": "the same whoever packs it",
            "shared/__init__.py": "",
            f"/bin/{name}": f"#! {name} {version} {who}",
            f"/share/{name}/data": version,
        }

    def _find_versions(self, name: str) -> list[str]:
        folder = self.root / self.built.site_packages
        found = sorted(folder.glob(f"{name}-*.dist-info/RECORD"))
        return [one.parent.name.removesuffix(".dist-info").partition("-")[2] for one in found]

    def _pip_uninstall(self, name: str, version: str) -> None:
        self.built.pip_uninstall(name, version)

    def _unlink(self, name: str) -> None:
        if list((self.root / "conda-meta").glob(f"{name}-[0-9]*.json")):
            self.built.conda_remove(name)


def assert_undone(root: Path, before: Tree) -> None:
    """6: undone, all is as it was: bytes, modes, times, links. Then it is done again."""
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        kept = Path(folder, "kept")
        shutil.move(root, kept)
        shutil.copytree(kept, root, symlinks=True)  # in its place: no other can be undone
        undo(root, read_journals(root)[-1].identifier)
        assert read_tree(root) == before
        shutil.rmtree(root)
        shutil.move(kept, root)


def assert_invariants(root: Path, before: Tree) -> None:
    """DESIGN 3, of an environment that has just been reconciled."""
    snapshot = read_snapshot(root)
    assert_one_owner(snapshot)
    assert_claims_kept(snapshot, before)
    assert_one_distribution(snapshot)
    assert_records_kept(root, before)
    assert isinstance(read_snapshot_marker(snapshot), Absent)  # nobody asked for one
    assert not plan_reconcile(snapshot)[0].steps  # 5
    assert not [one for one in find_all(snapshot) if one.kind in _TREATED and one.automatic]


def assert_one_owner(snapshot: Snapshot) -> None:
    """1: every path has one owner class; what a record lists is conda's."""
    ownership = snapshot.ownership
    listed = {file.path for record in snapshot.records for file in record.files}
    for path in snapshot.prefix.root.rglob("*"):
        key = PrefixPath(path.relative_to(snapshot.prefix.root).as_posix())
        owner = next(iter(ownership.claimants(key)), None)
        assert isinstance(owner, ByConda) or key not in listed


def assert_claims_kept(snapshot: Snapshot, before: Tree) -> None:
    """1: of what is still claimed, nothing has been removed."""
    claimed = {file.path for record in snapshot.records for file in record.files}
    claimed |= {file.path for one in snapshot.distributions for file in one.files or ()}
    root = snapshot.prefix.root
    assert not {path for path in claimed & before.keys() if not os.path.lexists(root / path)}


def assert_one_distribution(snapshot: Snapshot) -> None:
    """2: a name has one distribution; where conda has no part in it, that is pip's affair."""
    names = Counter(one.name for one in snapshot.distributions)
    assert {name for name, count in names.items() if count > 1} <= names.keys() - {
        canonicalize_name(one.name) for one in snapshot.records
    }


def assert_records_kept(root: Path, before: Tree) -> None:
    """3: each record is still there, with its identity."""

    def read_identity(content: object) -> tuple[object, ...]:
        assert isinstance(content, bytes)
        document = json.loads(content)
        return tuple(document[key] for key in ("name", "version", "build", "url"))

    for path, seen in before.items():
        if path.startswith("conda-meta/") and path.endswith(".json"):
            assert read_identity((root / path).read_bytes()) == read_identity(seen[1])


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, min_size=1, max_size=10))
@example(
    [
        ("pip install", "beta", "1.0"),  # its notes stay beside what conda links over it
        ("conda link", "beta", "1.0"),
        ("pip ignores", "beta", "2.0"),
    ]
)
def test_invariants_hold_after_every_reconcile_and_undo_restores_the_tree(
    done: list[tuple[Verb, Name, str]],
) -> None:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        world = World(Path(folder))
        for verb, name, version in done:
            world.do(verb, name, version)
        world.reconcile()
