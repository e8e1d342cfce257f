"""The identity by which a finding is reported once."""

from __future__ import annotations

from pathlib import Path

from conda_pip_interop.changes.state import State
from conda_pip_interop.conda_adapter.hooks.notice_text import build_notice
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder


def test_each_unmet_requirement_of_a_distribution_is_reported(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "7.0")
    built.pip_package("app", "1.0", requires=("click>=8", "six>=1"))
    findings = find_all(read_snapshot(built.root))
    assert [one.kind for one in findings] == ["unmet", "unmet"]
    target = Target(prefix=built.root, name="web", is_base=False)
    first = State(told=frozenset({findings[0].key}))
    lines, state = build_notice(findings, first, target)
    assert lines[0].endswith(findings[1].summary)
    assert state.told == {one.key for one in findings}


def test_each_leftover_is_reported(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.write(built.place("~app/__init__.py"), "")
    built.write(built.place("~b/__init__.py"), "")
    findings = find_all(read_snapshot(built.root))
    assert [one.kind for one in findings] == ["leftover", "leftover"]
    assert len({one.key for one in findings}) == len(findings)
