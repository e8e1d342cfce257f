"""Rows of `conda pip status`."""

from __future__ import annotations

from pathlib import Path

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.commands.inspect.status_rows import read_status, render_status
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.fixes import plan_reconcile
from conda_pip_interop.protection.policy import Policy
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda


def make_target(prefix: Path) -> Target:
    return Target(prefix=prefix, name=prefix.name, is_base=False)


def test_an_unreadable_environment_has_a_row_with_the_reason(tmp_path: Path) -> None:
    good = PrefixBuilder(root=tmp_path / "good", python="3.11")
    good.pip_package("cowsay", "6.1", files={"cowsay.py": "x = 1\n"})
    rows = [read_status(make_target(tmp_path / name), Policy()) for name in ("good", "gone")]
    assert rows[0].problem is None
    assert rows[1].problem is not None
    output = render_status(rows)
    assert "gone" in output.text
    assert "cannot be read" in output.text
    assert [row["problem"] is None for row in output.document["environments"]] == [False, True]  # type: ignore[attr-defined]  # a list of dicts


def test_problems_are_red_only_if_colours_are_wanted(tmp_path: Path) -> None:
    rows = [read_status(make_target(tmp_path / "gone"), Policy())]
    assert "\033[31m" in render_status(rows, colours=True).text
    assert "\033[" not in render_status(rows).text


def test_kept_operations_and_originals_are_counted(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "web", python="3.11.7")
    built.pip_package("idna", "3.11")
    built.conda_package("idna", "3.10")
    built.conda_package("click", "8.0")
    built.pip_upgrade("click", "8.0", "8.1")
    target = make_target(built.root)
    assert (read_status(target, Policy()).operations, read_status(target, Policy()).originals) == (
        0,
        0,
    )
    plan, _ = plan_reconcile(read_snapshot(built.root))
    execute(plan, target, NoConda())
    row = read_status(target, Policy())
    assert (row.operations, row.originals) == (1, 1)
    assert row.changed is not None, "no history of conda's, but an operation of ours"
    output = render_status([row])
    assert "1 operation, 1 original" in output.text
    assert output.document["environments"] == [row.to_dict()]
    assert row.to_dict()["operations"] == row.to_dict()["originals"] == 1
