"""What conda's history has only for packages of pip goes with the last of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.changes.state import State, write_state
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.unneeded import drop_unneeded
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.changes.plan import Plan

WHEN = "2026-11-24 05:54:21"
HISTORY = f"==> {WHEN} <==\n# update specs: ['numpy', 'tool']\n"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """conda's numpy is there because pip's app needs it, tool because the user wants it."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("numpy", "1.26")
    built.conda_package("tool", "1", {"/bin/tool": ""}, dist_info=False)
    built.pip_package("app", "1", requires=("numpy",))
    built.write("conda-meta/history", HISTORY)
    write_state(built.root, State(needed={"numpy": WHEN, "gone": WHEN}))
    return built


def reconcile(built: PrefixBuilder) -> Plan:
    return plan_reconcile(read_snapshot(built.root))[0]


def test_it_stays_while_something_of_pips_needs_it(built: PrefixBuilder) -> None:
    assert reconcile(built).is_empty


def test_it_goes_from_the_history_once_nothing_needs_it(built: PrefixBuilder) -> None:
    built.pip_uninstall("app", "1")
    (step,) = reconcile(built).steps
    assert isinstance(step, WriteFile)
    assert (step.path, step.reason) == (
        "conda-meta/history",
        "nothing needs conda's numpy any more",
    )
    assert step.content.decode() == f"==> {WHEN} <==\n# update specs: ['tool']\n"
    built.write(step.path, step.content)
    assert reconcile(built).is_empty


def test_what_is_removed_by_the_same_plan_needs_nothing(built: PrefixBuilder) -> None:
    snapshot = read_snapshot(built.root)
    graph = read_graph(snapshot)
    assert not [*drop_unneeded(graph, snapshot, going=[graph.packages["conda:tool"]])]
    (step,) = drop_unneeded(graph, snapshot, going=[graph.packages["pip:app"]])
    assert step.path == "conda-meta/history"


def test_what_the_user_requested_later_stays(built: PrefixBuilder) -> None:
    built.pip_uninstall("app", "1")
    later = "==> 2026-11-25 05:54:21 <==\n# update specs: ['numpy']\n"
    built.write("conda-meta/history", HISTORY + later)
    assert reconcile(built).is_empty


def test_condas_own_dependents_do_not_keep_it(built: PrefixBuilder) -> None:
    built.conda_package("pandas", "2", depends=["numpy"])
    built.pip_uninstall("app", "1")
    assert len(reconcile(built).steps) == 1


def test_without_a_history_nothing_is_written(built: PrefixBuilder) -> None:
    built.pip_uninstall("app", "1")
    (built.root / "conda-meta/history").unlink()
    assert reconcile(built).is_empty
