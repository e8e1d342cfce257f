"""What conda's packages ask of those that pip has replaced: what is certain is told, and once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.dependencies.guard import build_refusal, find_breakages, render_warning
from conda_pip_interop.dependencies.impact import PackageChange
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.findings.registry import find_all
from tests.support.builders import PrefixBuilder
from tests.support.reconciling import reconcile

if TYPE_CHECKING:
    from conda_pip_interop.findings.base import Finding

SAID = "conda's flask 3.0.3 requires click>=8.1.5, but pip's click 8.1.3 replaced conda's"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    """pip's click 8.1.3 in the place of conda's 8.1.8."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.1.8")
    built.pip_upgrade("click", "8.1.8", "8.1.3")
    return built


def settle(built: PrefixBuilder) -> None:
    """`conda pip reconcile`, without conda: the record lists pip's files."""
    reconcile(built.root)


def find_unmet(built: PrefixBuilder) -> list[Finding]:
    return [one for one in find_all(read_snapshot(built.root)) if one.kind == "unmet"]


def foresee(built: PrefixBuilder, *depends: str, name: str = "flask", **more: str) -> list[str]:
    """What is said of linking `name` with these `depends`; `more`: other packages to link."""
    changes = [
        PackageChange(name=name, before=None, after="3.0.3", distributions=(), depends=depends)
    ]
    changes += [
        PackageChange(name=one, before=None, after=v, distributions=()) for one, v in more.items()
    ]
    breakages = find_breakages(read_snapshot(built.root), changes)
    target = Target(prefix=built.root, name="web", is_base=False)
    return render_warning(breakages, target).splitlines() if breakages else []


@pytest.mark.parametrize("reconciled", [False, True])
def test_what_conda_is_about_to_link_and_pips_version_does_not_do_for_is_foretold(
    built: PrefixBuilder, *, reconciled: bool
) -> None:
    if reconciled:
        settle(built)
    head = (
        "conda-pip-interop: this transaction is not compatible with packages that pip installed "
        "in web:"
    )
    assert foresee(built, "python >=3.8", "click >=8.1.5") == [head, f"  {SAID}"]


def test_the_refusal_names_both_ways_through(built: PrefixBuilder) -> None:
    change = PackageChange(
        name="flask", before=None, after="3.0.3", distributions=(), depends=("click >=8.1.5",)
    )
    target = Target(prefix=built.root, name="web", is_base=False)
    refusal = build_refusal(find_breakages(read_snapshot(built.root), [change]), target)
    assert SAID in refusal.message
    assert "`conda pip restore -n web click`" in refusal.hints[0]
    assert "`conda pip install -n web 'click>=8.1.5'`" in refusal.hints[1]


@pytest.mark.parametrize(
    "depend",
    [
        "click",
        "click >=8.1",
        "click 8.1.7 pyhd_0",
        "click 8.1.7|8.1.8",
        "click[version='>=8.1.5']",
        "click >=2024_1",
        "click-extra >=8.1.5",
        "",
    ],
)
def test_what_is_met_and_what_is_not_certain_is_not_foretold(
    built: PrefixBuilder, depend: str
) -> None:
    assert foresee(built, depend) == []


def test_what_conda_links_anew_itself_is_met(built: PrefixBuilder) -> None:
    lines = foresee(built, "click >=8.1.5", click="8.1.8")
    assert SAID not in "".join(lines)


def test_what_was_refused_before_and_another_name_of_the_project_are_not_foretold(
    built: PrefixBuilder,
) -> None:
    built.conda_package("flask", "3.0.2", depends=["click >=8.1.4"])
    assert foresee(built, "click >=8.1.5") == []
    assert foresee(built, "click >=8.1.5", name="Click") == []


def test_versions_that_are_counted_otherwise_are_not_compared(tmp_path: Path) -> None:
    """conda's package 2024 carries the distribution 1.5; its dependents ask for 2024."""
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("odd", "1.5")
    record = next((built.root / "conda-meta").glob("odd-*.json"))
    record.write_text(record.read_text().replace('"version": "1.5"', '"version": "2024"'))
    built.pip_upgrade("odd", "1.5", "1.6")
    assert foresee(built, "odd >=2023") == []
    settle(built)
    assert foresee(built, "odd >=2023") == []


def test_check_tells_what_conda_alone_knows_of(built: PrefixBuilder) -> None:
    built.conda_package("flask", "3.0.3", dist_info=False, depends=["click >=8.1.5"])
    (finding,) = find_unmet(built)
    assert finding.summary == f"{SAID}."
    assert (finding.conda_name, finding.conda_version) == ("flask", "3.0.3")
    assert finding.remedy == (("conda", "pip", "restore", "click"),)


def test_check_tells_once_what_both_know_of(built: PrefixBuilder) -> None:
    built.conda_package("flask", "3.0.3", requires=("click>=8.1.4",), depends=["click >=8.1.5"])
    (finding,) = find_unmet(built)
    assert "requires click>=8.1.4, but pip's click is 8.1.3" in finding.summary


def test_check_tells_of_nothing_where_conda_has_both(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("click", "8.1.3")
    built.conda_package("flask", "3.0.3", depends=["click >=8.1.5"])
    built.pip_package("six", "1.17")
    assert find_unmet(built) == []
