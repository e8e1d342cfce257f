"""All environments at a glance, and the policy brought to all of them at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.stories.markers import marker_of, own_copy
from tests.world.base import Base, build_base

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def many() -> Iterator[Base]:
    """A base with an environment of conda's, one that pip has harmed, and one that is broken."""
    with own_copy(build_base(), "many") as base:
        base.run("create", "-y", "-q", "-n", "clean", "python", "pip")
        base.run("create", "-y", "-q", "-n", "harmed", "python", "pip", "click=8.1.7")
        base.run_in(base.envs / "harmed", "pip", "install", "-q", "click==8.1.3")
        base.run("create", "-y", "-q", "-n", "broken", "ninja")
        yield base


def test_status_has_a_row_for_every_environment(many: Base) -> None:
    document = json.loads(many.run("pip", "status", "--json").stdout)
    rows = {row["name"]: row for row in document["environments"]}
    assert rows["base"]["protected_by"] == "conda-pip-interop"
    assert rows["base"]["policy"] == "protect (default)"
    assert rows["clean"]["protected_by"] is None
    assert rows["clean"]["findings"] == {}
    assert rows["clean"]["python"].startswith("3.")
    assert rows["harmed"]["findings"] == {"overridden": 1}
    assert rows["harmed"]["last_change"].startswith("20")
    assert rows["broken"]["python"] is None
    table = many.run("pip", "status").stdout
    assert "\033[" not in table
    assert "1 overridden" in table
    assert max(map(len, table.splitlines())) <= 80


def test_status_shows_and_counts_what_is_not_as_it_should_be(many: Base, tmp_path: Path) -> None:
    table = many.run("pip", "status", "--only-problems", "--exit-code", check=False)
    assert table.returncode == 1
    assert "harmed" in table.stdout
    assert "clean" not in table.stdout
    assert "conda pip check -n harmed" in table.stdout
    assert many.run("pip", "status", "-n", "clean", "--exit-code").returncode == 0

    metrics = tmp_path / "conda.prom"
    many.run("pip", "status", "--prometheus", str(metrics))
    families = {one.name: one for one in text_string_to_metric_families(metrics.read_text())}
    assert families["conda_pip_interop_environments"].samples[0].value == 4
    refused = many.run("pip", "status", "--prometheus", "/nowhere/conda.prom", check=False)
    assert refused.returncode == 1
    assert "/nowhere/conda.prom" in refused.stderr


def test_status_sees_what_changed_after_it_kept_its_results(many: Base) -> None:
    for expected in ({}, {"leftover": 1}, {}):
        leftover = marker_of(many.envs / "clean").parent / "site-packages" / "~ip"
        if expected:
            leftover.mkdir()
        elif leftover.is_dir():
            leftover.rmdir()
        for _ in range(2):
            document = json.loads(many.run("pip", "status", "--json").stdout)
            rows = {row["name"]: row for row in document["environments"]}
            assert rows["clean"]["findings"] == expected


def test_many_environments_are_read_at_once_and_unreadable_ones_are_told(many: Base) -> None:
    roots = [many.envs / f"empty{number}" for number in range(8)]
    for root in roots:
        (root / "conda-meta").mkdir(parents=True)
        (root / "conda-meta" / "history").touch()
    (roots[0] / "conda-meta" / "history").unlink()
    (roots[0] / "conda-meta" / "history").mkdir()  # still an environment to conda
    (roots[1] / "conda-meta" / "odd-1-0.json").write_text("{")
    try:
        document = json.loads(many.run("pip", "status", "--json").stdout)
        protected = json.loads(many.run("pip", "protect", "--all", "--json").stdout)
    finally:
        for root in roots:
            shutil.rmtree(root)
    rows = {row["name"]: row for row in document["environments"]}
    assert rows["empty1"]["findings"] == {"corrupt-record": 1}
    assert rows["empty7"]["findings"] == {}
    assert rows["empty7"]["user"]
    assert len(protected["environments"]) == len(rows)


def test_check_of_several_and_of_all(many: Base) -> None:
    harmed = "web-harmed"
    many.run("create", "-y", "-q", "-n", harmed, "python", "pip")
    many.run_in(many.envs / harmed, "pip", "install", "-q", "--no-deps", "jinja2")
    both = many.run("pip", "check", "-n", "clean", "-n", harmed, check=False)
    assert both.returncode == 1
    assert "clean: no findings" in both.stdout
    assert f"{harmed}: 1 finding" in both.stdout
    odd = many.envs / "odd"
    (odd / "conda-meta").mkdir(parents=True)
    (odd / "conda-meta" / "history").touch()
    try:
        every = many.run("pip", "check", "--all", "--json", check=False)
        table = many.run("pip", "check", "--all", check=False)
    finally:
        shutil.rmtree(odd)
        shutil.rmtree(many.envs / harmed)
    assert every.returncode == table.returncode == 1
    rows = {row["name"]: row for row in json.loads(every.stdout)["environments"]}
    known = json.loads(many.run("env", "list", "--json").stdout)["envs"]
    assert {Path(one).name for one in known} - {many.prefix.name} <= rows.keys()
    assert {"base", "clean", harmed, "odd"} <= rows.keys()
    assert {one["kind"] for one in rows[harmed]["findings"]} == {"unmet"}
    assert max(map(len, table.stdout.splitlines())) <= 80
    assert many.run("pip", "check", "-n", "clean", "-n", "nope", check=False).returncode == 1


def test_a_name_that_there_is_not_is_told(many: Base) -> None:
    refused = many.run("pip", "status", "-n", "nope", check=False)
    assert refused.returncode == 1
    assert "no environment named nope" in refused.stderr


def test_protect_all_brings_the_policy_everywhere_and_back(many: Base) -> None:
    done = many.run("pip", "protect", "--all", CONDA_PLUGINS_PIP_INTEROP_PROTECT="all")
    assert "clean: now protected" in done.stdout
    assert "broken: not protected, unchanged" in done.stdout
    for name in ("clean", "harmed"):
        assert marker_of(many.envs / name).is_file()
    document = json.loads(many.run("pip", "protect", "--all", "--json").stdout)
    changes = {row["prefix"]: row["marker"] for row in document["environments"]}
    assert changes[str(many.envs / "clean")] == "removed"
    assert not marker_of(many.envs / "clean").exists()
    assert marker_of(many.prefix).is_file()


def test_protect_all_exits_with_1_if_one_failed_and_does_the_others(many: Base) -> None:
    stdlib = marker_of(many.envs / "harmed").parent
    elsewhere = many.scratch / "elsewhere"
    stdlib.rename(elsewhere)
    stdlib.symlink_to(elsewhere)  # out of the environment: nothing of ours is written there
    try:
        done = many.run(
            *("pip", "protect", "--all"), check=False, CONDA_PLUGINS_PIP_INTEROP_PROTECT="all"
        )
    finally:
        stdlib.unlink()
        elsewhere.rename(stdlib)
    assert done.returncode == 1
    assert "harmed: failed" in done.stdout
    assert "clean: now protected" in done.stdout
    many.run("pip", "protect", "--all")
