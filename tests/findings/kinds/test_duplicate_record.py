"""`duplicate-record`: a name with several files in conda-meta."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.environment.quick_check import has_pip_changes
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.kinds.duplicate_record import DuplicateRecordFinding, find_names
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.findings.repairs import plan_repair
from tests.support.builders import PrefixBuilder
from tests.support.extracted_packages import write_history
from tests.support.hosts import NoConda

SOUND = {"click/__init__.py": "sound", "click/core.py": "core"}
versions = st.sampled_from(["7.0", "8.1.3", "9.0", "10.0"])


def build(
    root: Path, stale: str, *, left: tuple[str, ...] = (), pip: bool = False
) -> PrefixBuilder:
    """Link 8.5.1 beside a record of `stale`, of which the files `left` are there still."""
    built = PrefixBuilder(root=root)
    built.conda_package("click", stale, {**SOUND, "click/old.py": stale})
    old = {path: (built.root / path).read_bytes() for path in map(built.place, left)}
    record = built.root / f"conda-meta/click-{stale}-0.json"
    text = record.read_text()
    built.conda_remove("click")
    built.conda_package("click", "8.5.1", SOUND)
    write_history(built)
    built.write(f"conda-meta/{record.name}", text)
    for path, content in old.items():
        built.write(path, content)
    if pip:
        alone = PrefixBuilder(root=root.parent / "other")
        alone.pip_package("click", "8.1.3", {**SOUND, "click/pips.py": "pip"})
        for file in (alone.root / alone.dist_info("click", "8.1.3")).iterdir():
            built.write(f"{built.dist_info('click', '8.1.3')}/{file.name}", file.read_bytes())
    return built


def find_duplicates(root: Path) -> list[DuplicateRecordFinding]:
    return [one for one in find_all(read_snapshot(root)) if isinstance(one, DuplicateRecordFinding)]


def test_the_record_whose_files_are_there_is_the_valid_one(tmp_path: Path) -> None:
    built = build(tmp_path / "env", "9.0", left=("click/old.py",))
    (finding,) = find_all(read_snapshot(built.root))
    assert isinstance(finding, DuplicateRecordFinding)
    assert finding.summary == (
        "conda-meta has 2 records of click: 8.5.1 (0), which is valid, and 9.0 (0), left over."
    )
    assert finding.remedy == (("conda", "pip", "repair", "click"),)
    assert has_pip_changes(read_snapshot(built.root).prefix)


def test_of_two_without_files_conda_s_history_tells_the_valid_one(tmp_path: Path) -> None:
    built = build(tmp_path / "env", "9.0")
    built.pip_uninstall("click", "8.5.1")
    (finding,) = find_duplicates(built.root)
    assert finding.record.version == "8.5.1"
    plan_reconcile(read_snapshot(built.root))


def test_repair_leaves_the_valid_package_as_it_is(tmp_path: Path) -> None:
    built = build(tmp_path / "env", "9.0", left=("click/old.py", "click/core.py"))
    built.write(built.place("click/mine.py"), "mine")
    snapshot = read_snapshot(built.root)
    target = Target(prefix=built.root, name="web", is_base=False)
    (finding,) = find_all(snapshot)
    assert finding.details == {"superseded": [one.path for one in snapshot.superseded]}
    assert [(one.path, one.found) for one in finding.evidence] == [
        (one.path, "present")
        for one in (*(r for r in snapshot.records if r.name == "click"), *snapshot.superseded)
    ]
    plan = plan_repair(
        ["click"], snapshot=snapshot, target=target, clean_up=False, fetch=lambda _: None
    )
    execute(plan, target, NoConda())
    assert find_all(read_snapshot(built.root)) == ()
    assert not (built.root / built.place("click/old.py")).exists()
    assert sorted(path.name for path in (built.root / "conda-meta").glob("click*")) == [
        "click-8.5.1-0.json"
    ]
    for path in (*SOUND, "click/mine.py"):
        assert (built.root / built.place(path)).exists()


@settings(max_examples=60, deadline=None)
@given(
    stale=versions,
    left=st.sets(st.sampled_from(["click/old.py", "METADATA", "RECORD"])),
    pip=st.booleans(),
    uninstalled=st.booleans(),
)
def test_unasked_nothing_changes_whichever_record_is_beside(
    stale: str, left: set[str], pip: bool, uninstalled: bool
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        places = tuple(
            one if "/" in one else f"click-{stale}.dist-info/{one}" for one in sorted(left)
        )
        built = build(Path(folder) / "env", stale, left=places, pip=pip)
        if uninstalled:
            built.pip_uninstall("click", "8.5.1")
        snapshot = read_snapshot(built.root)
        assert len(find_duplicates(built.root)) == 1
        plan, _ = plan_reconcile(snapshot, skipped=find_names(snapshot))
        assert not plan.steps
        asked, _ = plan_reconcile(snapshot)
        claimed = {
            file.path
            for record in (*snapshot.records, *snapshot.superseded)
            for file in record.files
        }
        if not uninstalled:
            assert not claimed & {step.path for step in asked.files}
