"""pip must not put its files over conda's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conda_pip_interop.changes.staging import check_overlap, read_staged
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from tests.support.builders import Files, PrefixBuilder

SITE = "lib/python3.11/site-packages"


@pytest.fixture
def built(tmp_path: Path) -> PrefixBuilder:
    return PrefixBuilder(root=tmp_path / "env")


def stage(built: PrefixBuilder, name: str, files: Files | None = None) -> Distribution:
    """A distribution as pip puts it into a staging folder."""
    folder = built.root.parent / f"staging-{name}"
    PrefixBuilder(root=folder, conda=False).pip_package(name, "1.0", files)
    (one,) = read_staged(folder, read_prefix(built.root)).distributions
    return one


def refuse(one: Distribution, built: PrefixBuilder) -> InteropError:
    with pytest.raises(InteropError) as caught:
        check_overlap(one, read_snapshot(built.root))
    assert caught.value.code == "would-overwrite"
    assert any(f"--break-other-managers={one.name}" in hint for hint in caught.value.hints)
    return caught.value


def test_new_files_may_come(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    check_overlap(stage(built, "cowsay"), read_snapshot(built.root))


def test_another_version_of_condas_own_is_refused(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    error = refuse(stage(built, "click"), built)
    assert "click (another version of it)" in error.message
    assert f"{SITE}/click/__init__.py" in error.message


def test_files_of_a_differently_named_package_are_refused_naming_both(built: PrefixBuilder) -> None:
    built.conda_package("pytorch", "2.0", {"torch/__init__.py": ""}, dist_info=False)
    error = refuse(stage(built, "torch", {"torch/__init__.py": "", "torch/new.py": ""}), built)
    assert "pip's torch would overwrite 1 file of" in error.message
    assert "pytorch (something else)" in error.message


def test_scripts_and_data_count(built: PrefixBuilder) -> None:
    built.conda_package("tool", "1", {"/bin/tool": "", "/share/tool/a": ""}, dist_info=False)
    assert "bin/tool" in refuse(stage(built, "one", {"/bin/tool": "x"}), built).message
    assert "share/tool/a" in refuse(stage(built, "two", {"/share/tool/a": "x"}), built).message


def test_pips_own_files_are_pips_affair(built: PrefixBuilder) -> None:
    built.pip_package("click", "8.0")
    check_overlap(stage(built, "click"), read_snapshot(built.root))


def test_what_pip_has_already_replaced_is_pips(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    (path,) = (built.root / "conda-meta").glob("click-*.json")
    record = json.loads(path.read_text())
    path.write_text(json.dumps({**record, "pip_interop": {"overridden_by": {"click": "0.9"}}}))
    check_overlap(stage(built, "click"), read_snapshot(built.root))
    refuse(stage(built, "other", {"click/__init__.py": ""}), built)


def test_a_package_that_conda_will_have_unlinked_is_not_in_the_way(built: PrefixBuilder) -> None:
    built.conda_package("click", "8.0")
    check_overlap(stage(built, "click"), read_snapshot(built.root), leaving={"click"})
