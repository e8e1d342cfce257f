"""`corrupt-record`: whatever is in a file of conda-meta, it is a record or a finding."""

from __future__ import annotations

import errno
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.environment.conda_meta import records
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.kinds.corrupt_record import (
    CorruptRecordFinding,
    refuse_corrupt_records,
)
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.findings.repairs import plan_repair
from tests.support.builders import PrefixBuilder
from tests.support.extracted_packages import link, write_history
from tests.support.hosts import NoConda

contents = st.one_of(
    st.binary(max_size=40),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    ).map(lambda value: json.dumps(value).encode()),
)
names = st.sampled_from(["click-8.0-0.json", "click-7.0-0.json", "notes.json", "a-b.json", ".json"])


def repair(root: Path) -> None:
    target = Target(prefix=root, name="web", is_base=False)
    plan = plan_repair(
        (),
        snapshot=read_snapshot(root),
        target=target,
        clean_up=False,
        fetch=lambda _linked: None,
    )
    execute(plan, target, NoConda())


@settings(max_examples=60, deadline=None)
@given(names, contents)
def test_what_is_no_record_is_found_and_one_repair_ends_it(name: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        built = PrefixBuilder(root=Path(folder) / "env")
        link(built, Path(folder) / "pkgs", "six", "1.16")
        link(built, Path(folder) / "pkgs", "click", "8.0", data=True)
        write_history(built)
        record = built.root / "conda-meta/click-8.0-0.json"
        valid = json.loads(record.read_bytes())
        (built.root / "conda-meta" / name).write_bytes(content)
        (finding,) = find_all(read_snapshot(built.root))
        assert finding.kind == "corrupt-record"
        assert isinstance(finding, CorruptRecordFinding) == (name == record.name)
        assert plan_reconcile(read_snapshot(built.root))[0].steps == ()
        repair(built.root)
        assert find_all(read_snapshot(built.root)) == ()
        assert {*json.loads(record.read_bytes())["files"]} == {*valid["files"]}


def test_a_record_that_may_not_be_read_is_not_corrupt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.write("conda-meta/click-8.0-0.json", b"{}")

    def refuse(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(records, "read_regular", refuse)
    assert find_all(read_snapshot(built.root)) == ()


def test_what_is_claimed_is_not_known_before_it_is_repaired(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.write("conda-meta/click-8.0-0.json", b"")
    built.write(built.place("~lick/core.py"), b"")
    snapshot = read_snapshot(built.root)
    assert [one.kind for one in find_all(snapshot)] == ["corrupt-record"]
    with pytest.raises(InteropError) as caught:
        refuse_corrupt_records(snapshot, Target(prefix=built.root, name="web", is_base=False))
    assert caught.value.code == "corrupt-record"
    assert caught.value.hints == ("To fix: `conda pip repair -n web`.",)
