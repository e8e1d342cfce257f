"""`conda pip status`: what is read, what is kept, and how it is shown."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from conda_pip_interop.changes.execute import execute
from conda_pip_interop.commands.inspect.prometheus import render_metrics
from conda_pip_interop.commands.inspect.status_facts import (
    EnvironmentFacts,
    read_facts,
)
from conda_pip_interop.commands.inspect.status_rows import (
    EnvironmentStatus,
    build_status,
    render_status,
    sort_rows,
)
from conda_pip_interop.environment.quick_check import TICK_NS
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import KINDS
from conda_pip_interop.protection.policy import Policy
from tests.support.builders import PrefixBuilder
from tests.support.hosts import NoConda

FACTS = EnvironmentFacts(
    python="3.11.7",
    protected_by=None,
    protection_requested=False,
    findings={"damaged": 2, "unmet": 1},
    pip_distributions=3,
    operations=4,
    originals=1,
    changed="2026-01-02T03:04+00:00",
    reconciled=None,
)


def make_target(prefix: Path) -> Target:
    return Target(prefix=prefix, name=prefix.name, is_base=False)


def read_row(prefix: Path) -> EnvironmentStatus:
    target = make_target(prefix)
    return build_status(target, read_facts(target, cache=prefix.parent / "cache"), Policy())


def make_row(name: str, facts: EnvironmentFacts | str = FACTS) -> EnvironmentStatus:
    return build_status(make_target(Path("/envs") / name), facts, Policy())


def test_an_unreadable_environment_has_a_row_with_the_reason(tmp_path: Path) -> None:
    good = PrefixBuilder(root=tmp_path / "good", python="3.11")
    good.pip_package("cowsay", "6.1", files={"cowsay.py": "x = 1\n"})
    rows = [read_row(tmp_path / name) for name in ("good", "gone")]
    assert [row.is_problem for row in rows] == [False, True]
    output = render_status(rows)
    assert f"gone: {rows[1].problem}" in output.text
    assert [row["problem"] is None for row in output.document["environments"]] == [True, False]  # type: ignore[attr-defined]  # a list of dicts


def test_problems_are_red_only_if_colours_are_wanted() -> None:
    rows = [make_row("gone", "not an environment")]
    assert render_status(rows, colours=True).marks == (1,)
    assert not render_status(rows).marks


def test_kept_operations_and_originals_are_counted(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "web", python="3.11.7")
    built.pip_package("idna", "3.11")
    built.conda_package("idna", "3.10")
    built.conda_package("click", "8.0")
    built.pip_upgrade("click", "8.0", "8.1")
    target = make_target(built.root)
    before = read_facts(target, cache=tmp_path / "cache")
    assert isinstance(before, EnvironmentFacts)
    assert (before.operations, before.originals) == (0, 0)
    plan, _ = plan_reconcile(read_snapshot(built.root))
    execute(plan, target, NoConda())
    facts = read_facts(target, cache=tmp_path / "cache")
    assert isinstance(facts, EnvironmentFacts)
    assert (facts.operations, facts.originals, facts.pip_distributions) == (1, 1, 1)
    assert facts.changed is not None, "no history of conda's, but an operation of ours"
    row = build_status(target, facts, Policy())
    assert render_status([row]).document["environments"] == [row.to_dict()]
    assert row.to_dict()["operations"] == row.to_dict()["originals"] == 1


def test_each_row_names_the_command_that_shows_more() -> None:
    row = make_row("web")
    assert row.next_command == "conda pip check -n web"
    unprotected = replace(make_row("web", replace(FACTS, findings={})), wanted=True)
    assert unprotected.next_command == "conda pip protect -n web"
    assert replace(unprotected, wanted=False).next_command is None
    told = [render_status([one]).text.splitlines()[-1] for one in (row, unprotected)]
    assert told == [
        "To see more: conda pip check -n web",
        "To protect it: conda pip protect -n web",
    ]


@pytest.mark.parametrize(
    ("is_wanted", "is_requested", "told"),
    [
        (False, True, "yes, requested"),
        (False, False, "yes, not wanted"),
        (True, False, "yes "),
        (True, True, "yes "),
    ],
)
def test_what_protects_an_environment_is_told(
    is_wanted: bool, is_requested: bool, told: str
) -> None:
    by_us = {"protected_by": "conda-pip-interop", "protection_requested": is_requested}
    row = replace(make_row("web", replace(FACTS, **by_us)), wanted=is_wanted)  # type: ignore[arg-type]  # of two types
    assert f"3.11.7  {told}" in render_status([row]).text


def test_rows_are_sorted_by_name_findings_or_change() -> None:
    late = replace(FACTS, findings={"unmet": 4}, changed="2026-05-01T00:00+00:00")
    rows = [make_row("b"), make_row("c", "not read"), make_row("d", late), make_row("a")]
    names = {by: [row.target.name for row in sort_rows(rows, by)] for by in ("name", "findings")}
    assert names == {"name": ["a", "b", "c", "d"], "findings": ["c", "d", "a", "b"]}
    assert sort_rows(rows, "changed")[0].target.name == "d"


@given(
    st.text("ab/é", min_size=1, max_size=90),
    st.dictionaries(st.sampled_from(KINDS), st.integers(1, 10**6)),
    st.none() | st.text("abc ", max_size=40),
)
def test_no_row_of_the_table_has_more_than_80_columns(
    name: str, findings: dict[str, int], owner: str | None
) -> None:
    row = make_row("web", replace(FACTS, findings=findings, protected_by=owner))
    row = replace(row, target=replace(row.target, name=name))
    table = render_status([row, make_row("x", "not read")]).text.splitlines()
    assert max(map(len, table[:3])) <= 80


# -- the kept results


CHANGES = (
    "conda-meta/other-1-0.json",
    "lib/python3.11/EXTERNALLY-MANAGED",
    "lib/python3.11/site-packages/mine-1.dist-info/METADATA",
    "conda-meta/pip-interop/journal/20260101T000000Z/journal.jsonl",
    "lib/python3.11/site-packages/click/core.py",
)
#: What the kept file of an environment says if its facts were not read again.
PROOF = 12345


@pytest.fixture(scope="module")
def aged(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Environments that have not changed for longer than a tick of any file system's clock."""
    roots = [tmp_path_factory.mktemp("env") for _ in CHANGES]
    for root in roots:
        built = PrefixBuilder(root=root, python="3.11.7")
        built.conda_package("click", "8.0", {"click/core.py": "x", "click/more.py": "y"})
    time.sleep(TICK_NS / 1e9 + 0.1)
    return roots


def put_proof(cache: Path) -> None:
    (file,) = cache.iterdir()
    document = json.loads(file.read_text())
    document["facts"]["operations"] = PROOF
    file.write_text(json.dumps(document))


def read_operations(prefix: Path, cache: Path) -> int:
    facts = read_facts(make_target(prefix), cache=cache)
    assert isinstance(facts, EnvironmentFacts)
    return facts.operations


@pytest.mark.parametrize("number", range(len(CHANGES)))
def test_only_what_has_changed_is_read_again(aged: list[Path], tmp_path: Path, number: int) -> None:
    prefix, changed = aged[number], aged[number] / CHANGES[number]
    assert read_operations(prefix, tmp_path) == 0
    put_proof(tmp_path)
    assert read_operations(prefix, tmp_path) == PROOF
    (file,) = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0

    if changed.exists():
        changed.unlink()
    else:
        changed.parent.mkdir(parents=True, exist_ok=True)
        changed.write_text("{}")
    assert read_operations(prefix, tmp_path) == 0


def test_what_changed_just_now_is_not_kept(tmp_path: Path) -> None:
    PrefixBuilder(root=tmp_path / "web", python="3.11.7").conda_package("click", "8.0")
    read_facts(make_target(tmp_path / "web"), cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        "[" * 10**5,
        '{"format": 4}',
        '{"format": 3, "folders": 3, "files": []}',
        '{"format": 3, "folders": [], "files": [3]}',
        '{"format": 3, "folders": ["\\u0000"], "files": [], "digest": "x", "facts": {}}',
        '{"format": 3, "folders": [], "files": [], "digest": "x", "facts": {"python": null}}',
    ],
)
def test_kept_facts_that_are_not_valid_are_none(
    aged: list[Path], tmp_path: Path, text: str
) -> None:
    read_facts(make_target(aged[0]), cache=tmp_path)
    for file in tmp_path.iterdir():
        file.write_text(text)
    assert read_operations(aged[0], tmp_path) == 0


# -- Prometheus


def test_prometheus_reads_the_metrics() -> None:
    rows = [make_row("web", replace(FACTS, reconciled="2026-01-02T03:04:05+00:00"))]
    rows += [make_row('qu"o\\te\n', replace(FACTS, findings={})), make_row("gone", "not read")]
    families = {one.name: one for one in text_string_to_metric_families(render_metrics(rows))}
    assert families["conda_pip_interop_environments"].samples[0].value == 3
    found = {
        (one.labels["environment"], one.labels["kind"]): one.value
        for one in families["conda_pip_interop_findings"].samples
    }
    assert found["web", "damaged"] == 2
    assert found['qu"o\\te\n', "damaged"] == 0
    assert "gone" not in {name for name, _ in found}
    readable = families["conda_pip_interop_environment_readable"].samples
    assert [one.value for one in readable] == [1, 1, 0]
    (reconciled,) = families["conda_pip_interop_last_reconcile_timestamp_seconds"].samples
    assert reconciled.value == 1767323045
    assert {one.type for one in families.values()} == {"gauge"}


@given(st.text(max_size=40))
def test_prometheus_reads_every_label(name: str) -> None:
    row = replace(make_row("web"), target=replace(make_row("web").target, name=name))
    families = text_string_to_metric_families(render_metrics([row]))
    (labels,) = {
        one.labels["environment"] for family in families for one in family.samples[:1] if one.labels
    }
    assert labels == name
