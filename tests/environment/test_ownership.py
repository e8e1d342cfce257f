"""Ownership: conda's if a record lists it, else pip's, else nobody's."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.environment.ownership import (
    ByConda,
    ByPip,
    Owner,
    Unowned,
    owner_of_distribution,
    owners_of,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def owners(built: PrefixBuilder) -> dict[str, Owner]:
    snapshot = read_snapshot(built.root)
    return {
        f"{d.name} {d.version}": owner_of_distribution(snapshot, d)
        for d in (*snapshot.distributions, *snapshot.stranded)
    }


def pip(name: str, in_place_of: str | None = None) -> ByPip:
    return ByPip(distribution=canonicalize_name(name), in_place_of=in_place_of)


def test_installer_says_nothing_of_the_owner(built: PrefixBuilder) -> None:
    built.conda_package("python-six", "1.16", distribution="six", installer="pip")
    built.pip_package("click", "8.1")
    assert owners(built) == {"six 1.16": ByConda(record="python-six"), "click 8.1": pip("click")}


@pytest.mark.parametrize("version", ["8.1", "8.2"])
def test_pips_replacement_says_in_whose_place_it_is(built: PrefixBuilder, version: str) -> None:
    built.conda_package("click", "8.1", {"click.py": "conda"})
    built.pip_upgrade("click", "8.1", version, {"click.py": "pip"})
    assert owners(built) == {f"click {version}": pip("click", "click")}


def test_a_replacement_that_the_record_tells_is_still_pips(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2")
    folder = built.dist_info("click", "8.2")
    note = {"overridden_by": {"click": "8.2"}}
    paths = (f"{folder}/METADATA", f"{folder}/RECORD", built.place("click/__init__.py"))
    built.conda_record("click", "8.1", paths, pip_interop=note)
    assert owners(built) == {"click 8.2": pip("click", "click")}
    path = PrefixPath(built.place("click/__init__.py"))
    assert owners_of(read_snapshot(built.root)).owner(path) == ByConda(record="click")


def test_stale_metadata_is_pips_and_in_no_ones_place(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2", {"click.py": "pip"})
    built.conda_package("click", "8.1", {"click.py": "conda"})
    assert owners(built) == {"click 8.1": ByConda(record="click"), "click 8.2": pip("click")}


def test_stranded_ones_are_pips(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    built.python_upgrade("3.12.1")
    assert owners(built) == {"six 1.16": pip("six")}


def test_a_path_has_one_owner_and_may_have_more_claims(built: PrefixBuilder) -> None:
    built.conda_package("a", "1", {"shared.py": "x", "a.py": "x"})
    built.conda_package("b", "1", {"shared.py": "x"})
    built.pip_package("c", "1", {"shared.py": "x", "c.py": "x"})
    ownership = owners_of(read_snapshot(built.root))
    shared = PrefixPath(built.place("shared.py"))
    assert ownership.claims(shared) == (ByConda(record="a"), ByConda(record="b"), pip("c"))
    assert ownership.owner(shared) == ByConda(record="a")
    assert ownership.owner(PrefixPath(built.place("c.py"))) == pip("c")
    assert ownership.owner(PrefixPath(built.place("d.py"))) == Unowned()


def test_an_unlisted_pyc_belongs_to_its_source(built: PrefixBuilder) -> None:
    built.conda_package("a", "1", {"a.py": "x"})
    built.pip_package("b", "1", {"b/c.py": "x"})
    ownership = owners_of(read_snapshot(built.root))
    cached = "__pycache__/{}.cpython-311.opt-1.pyc"
    for path, owner in (
        (cached.format("a"), ByConda(record="a")),
        ("b/" + cached.format("c"), pip("b")),
        (cached.format("z"), Unowned()),
    ):
        assert ownership.owner(PrefixPath(built.place(path))) == owner
