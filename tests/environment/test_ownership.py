"""Ownership: conda owns what a record lists, pip what only a RECORD lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.environment.ownership import ByConda, ByPip, Ownership
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def describe(owner: ByConda | ByPip) -> str:
    """`conda:NAME`, `pip:NAME` or `pip:NAME for RECORD`."""
    match owner:
        case ByConda(record=record):
            return f"conda:{record.name}"
        case ByPip(distribution=one, in_place_of=None):
            return f"pip:{one.name}"
        case ByPip(distribution=one, in_place_of=replaced):
            return f"pip:{one.name} for {replaced.name if replaced else ''}"


def owner_of_path(ownership: Ownership, path: PrefixPath) -> str | None:
    return next(map(describe, ownership.claimants(path)), None)


def owners(built: PrefixBuilder) -> dict[str, str]:
    snapshot = read_snapshot(built.root)
    return {
        f"{d.name} {d.version}": describe(snapshot.ownership.owner_of(d))
        for d in (*snapshot.distributions, *snapshot.stranded)
    }


def test_the_installer_file_does_not_decide_the_owner(built: PrefixBuilder) -> None:
    built.conda_package("python-six", "1.16", distribution="six", installer="pip")
    built.pip_package("click", "8.1")
    assert owners(built) == {"six 1.16": "conda:python-six", "click 8.1": "pip:click"}


@pytest.mark.parametrize("version", ["8.1", "8.2"])
def test_a_replacement_by_pip_names_the_record_it_replaced(
    built: PrefixBuilder, version: str
) -> None:
    built.conda_package("click", "8.1", {"click.py": "conda"})
    built.pip_upgrade("click", "8.1", version, {"click.py": "pip"})
    assert owners(built) == {f"click {version}": "pip:click for click"}


def test_a_replacement_noted_in_the_record_is_owned_by_pip(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2")
    folder = built.dist_info("click", "8.2")
    note = {"overridden_by": {"click": "8.2"}}
    paths = (f"{folder}/METADATA", f"{folder}/RECORD", built.place("click/__init__.py"))
    built.conda_record("click", "8.1", paths, pip_interop=note)
    assert owners(built) == {"click 8.2": "pip:click for click"}
    path = PrefixPath(built.place("click/__init__.py"))
    assert owner_of_path(read_snapshot(built.root).ownership, path) == "conda:click"


def test_stale_metadata_is_owned_by_pip_and_replaces_nothing(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.2", {"click.py": "pip"})
    built.conda_package("click", "8.1", {"click.py": "conda"})
    assert owners(built) == {"click 8.1": "conda:click", "click 8.2": "pip:click"}


def test_distributions_of_another_python_are_owned_by_pip(built: PrefixBuilder) -> None:
    built.pip_package("six", "1.16")
    built.python_upgrade("3.12.1")
    assert owners(built) == {"six 1.16": "pip:six"}


def test_a_path_has_one_owner_even_if_several_packages_list_it(built: PrefixBuilder) -> None:
    built.conda_package("a", "1", {"shared.py": "x", "a.py": "x"})
    built.conda_package("b", "1", {"shared.py": "x"})
    built.pip_package("c", "1", {"shared.py": "x", "c.py": "x"})
    ownership = read_snapshot(built.root).ownership
    shared = PrefixPath(built.place("shared.py"))
    assert tuple(map(describe, ownership.claimants(shared))) == ("conda:a", "conda:b", "pip:c")
    assert owner_of_path(ownership, shared) == "conda:a"
    assert owner_of_path(ownership, PrefixPath(built.place("c.py"))) == "pip:c"
    assert owner_of_path(ownership, PrefixPath(built.place("d.py"))) is None


def test_a_file_is_shared_with_whoever_else_lists_it(built: PrefixBuilder) -> None:
    for name in ("one", "two"):
        built.conda_package(name, "1.0", {"both.py": "x"})
    built.pip_package("three", "1.0", {"three.py": "x"})
    snapshot = read_snapshot(built.root)
    one, two = (record for record in snapshot.records if record.name in ("one", "two"))
    is_shared = snapshot.ownership.is_shared
    both, three = (PrefixPath(built.place(name)) for name in ("both.py", "three.py"))
    assert is_shared(both, records=(one,))
    assert not is_shared(both, records=(one, two))
    assert is_shared(three)
    assert not is_shared(three, names=[canonicalize_name("three")])
    assert is_shared(three, names=[canonicalize_name("other")])


def test_an_unlisted_pyc_has_the_owner_of_its_source(built: PrefixBuilder) -> None:
    built.conda_package("a", "1", {"a.py": "x"})
    built.pip_package("b", "1", {"b/c.py": "x"})
    ownership = read_snapshot(built.root).ownership
    cached = "__pycache__/{}.cpython-311.opt-1.pyc"
    for path, owner in (
        (cached.format("a"), "conda:a"),
        ("b/" + cached.format("c"), "pip:b"),
        (cached.format("z"), None),
    ):
        assert owner_of_path(ownership, PrefixPath(built.place(path))) == owner
