"""A RECORD that lies: a finding or a refusal that names its distribution, nobody's file is hurt."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from conda_pip_interop.__main__ import main
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.restoration import plan_restore
from conda_pip_interop.resolve.uninstall import plan_uninstall
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda
from tests.support.reconciling import reconcile
from tests.support.trees import Tree, read_tree

_HASH = "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@dataclass(frozen=True, kw_only=True, slots=True)
class Lie:
    """What becomes of a RECORD; `refused` says whether nothing of the distribution may be removed.

    `rows` are added to the honest ones; `spoil` is done to the file.
    """

    rows: tuple[str, ...] = ()
    spoil: Callable[[Path], object] = lambda _: None
    refused: bool = True


def replace_by_folder(record: Path) -> None:
    record.unlink()
    record.mkdir()


def replace_by_pipe(record: Path) -> None:
    record.unlink()
    os.mkfifo(record)


def replace_by_endless(record: Path) -> None:
    record.unlink()
    record.symlink_to("/dev/zero")


def make_million(record: Path) -> None:
    record.write_text(record.read_text() + "evil.py,,\n" * 1_000_000)


LIES = {
    "absolute": Lie(rows=("{outside}/secret",)),
    "upwards": Lie(rows=("../../../../outside/secret",)),
    "upwards in the middle": Lie(rows=("evil/../../../../../outside/secret",)),
    "through a link that leaves": Lie(rows=("../../../leaves/secret",)),
    "through a link inside": Lie(rows=("../../../alias/victim.py", "../../../alias/other.py")),
    "conda's history": Lie(rows=("../../../conda-meta/history",)),
    "conda's record": Lie(rows=("../../../conda-meta/victim-1-0.json",)),
    "conda's record, in capitals": Lie(rows=("../../../CONDA-META/victim-1-0.json",)),
    "conda's record through a link": Lie(rows=("../../../records/victim-1-0.json",)),
    "conda's and pip's files": Lie(
        rows=("victim.py", "other.py", "other-1.dist-info/METADATA", "other-1.dist-info/RECORD"),
        refused=False,
    ),
    "patterns": Lie(rows=("*.py", "**/*.py", "[ov]*.py", "?.py"), refused=False),
    "folders": Lie(rows=("evil_folder", "__pycache__/", "other-1.dist-info"), refused=False),
    "itself and above": Lie(rows=(".", "..", "../../../", "./"), refused=True),
    "wrong hashes": Lie(rows=("evil.py,sha256=AAAA,7", f"evil.py,{_HASH},0"), refused=False),
    "odd names": Lie(
        rows=("x" * 5000, "a/" * 2000 + "b", "\x07\u202e\ud7ff", "%2e%2e"), refused=False
    ),
    "odd fields": Lie(rows=("evil.py,,,,,", ",,", '"evil', "evil.py,md5=x,-1"), refused=False),
    "not UTF-8": Lie(spoil=lambda record: record.write_bytes(b"\xff\xfe\0evil\n")),
    "a million rows": Lie(spoil=make_million),
    "missing": Lie(spoil=Path.unlink),
    "a folder": Lie(spoil=replace_by_folder),
    "a pipe": Lie(spoil=replace_by_pipe),
    "endless": Lie(spoil=replace_by_endless),
}
lies = pytest.mark.parametrize("lie", LIES.values(), ids=LIES.keys())


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """An environment with a liar in it, and what is not its own."""

    built: PrefixBuilder
    others: Tree
    target: Target

    @property
    def root(self) -> Path:
        """The environment's folder."""
        return self.built.root

    def assert_unhurt(self) -> None:
        """Nothing but the liar's files has changed, anywhere."""
        now = read_tree(self.root.parent)
        assert {path: now.get(path) for path in self.others} == self.others


def build_world(folder: Path, lie: Lie, *, over_conda: bool) -> World:
    outside = folder / "outside"
    outside.mkdir()
    (outside / "secret").write_text("somebody's")
    built = PrefixBuilder(root=folder / "env")
    built.conda_package("victim", "1", {"victim.py": "v"})
    built.pip_package("other", "1", {"other.py": "o", "evil_folder/other.py": "o"})
    (built.root / "leaves").symlink_to(outside)
    (built.root / "alias").symlink_to(built.site_packages)
    (built.root / "records").symlink_to("conda-meta")
    if over_conda:
        built.conda_package("evil", "1", {"evil.py": "conda's"})
        built.pip_upgrade("evil", "1", "2", {"evil.py": "pip's"})
    else:
        built.pip_package("evil", "2", {"evil.py": "pip's"})
    for name in ("victim", "other"):
        built.write(built.place(f"__pycache__/{name}.cpython-311.pyc"), "c")
    others = {
        path: seen
        for path, seen in read_tree(folder).items()
        if len(seen) > 1
        and not path.rpartition("/site-packages/")[2].startswith(("evil.", "evil-"))
    }
    others.pop("env/conda-meta/evil-1-0.json", None)
    record = built.root / built.dist_info("evil", "2") / "RECORD"
    rows = "".join(f"{row.format(outside=outside)},,\n" for row in lie.rows)
    record.write_text(record.read_text() + rows)
    lie.spoil(record)
    return World(
        built=built,
        others=others,
        target=Target(prefix=built.root, name="web", is_base=False),
    )


@pytest.mark.parametrize("over_conda", [False, True], ids=["alone", "over conda's"])
@lies
def test_a_check_answers(
    tmp_path: Path, lie: Lie, over_conda: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    world = build_world(tmp_path, lie, over_conda=over_conda)
    code = main(["check", "-p", str(world.root), "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert code == (1 if findings else 0)
    assert {one["distribution"] for one in findings} <= {"evil", "other"}
    assert main(["list", "-p", str(world.root)]) == 0
    world.assert_unhurt()


@lies
def test_an_uninstall_is_refused_or_takes_its_own(tmp_path: Path, lie: Lie) -> None:
    world = build_world(tmp_path, lie, over_conda=False)
    snapshot = read_snapshot(world.root)

    def uninstall() -> None:
        plan = plan_uninstall(
            ["evil"],
            snapshot=snapshot,
            graph=read_graph(snapshot),
            target=world.target,
            keep_deps=False,
        )
        execute(plan, world.target, NoConda())

    if lie.refused:
        with pytest.raises(InteropError, match="evil 2") as refused:
            uninstall()
        assert refused.value.code in ("outside", "no-record")
    else:
        uninstall()
    module = world.root / world.built.place("evil.py")
    assert module.exists() is lie.refused
    world.assert_unhurt()


@pytest.mark.parametrize("over_conda", [False, True], ids=["alone", "over conda's"])
@lies
def test_a_reconcile_treats_what_it_can(tmp_path: Path, lie: Lie, over_conda: bool) -> None:
    world = build_world(tmp_path, lie, over_conda=over_conda)
    reconcile(world.root)
    again, _ = plan_reconcile(read_snapshot(world.root))
    assert not again.steps
    world.assert_unhurt()


@lies
def test_a_restore_is_refused_or_takes_away_its_own(tmp_path: Path, lie: Lie) -> None:
    """What conda then does is conda's."""
    world = build_world(tmp_path, lie, over_conda=True)
    snapshot = read_snapshot(world.root)
    (evil,) = (one for one in snapshot.distributions if one.name == "evil")
    if evil.files is None:
        with pytest.raises(InteropError, match="evil 2") as refused:
            plan_restore(["evil"], snapshot=snapshot, target=world.target)
        assert refused.value.code == "no-record"
    else:
        plan = plan_restore(["evil"], snapshot=snapshot, target=world.target)
        assert [one.name for one in plan.relinked] == ["evil"]
        with open_operation(world.root, "restore") as operation:
            operation.apply(plan.files)
    world.assert_unhurt()
