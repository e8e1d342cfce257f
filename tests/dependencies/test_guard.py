"""What a plan installs by pip itself does not break what requires it."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from conda_pip_interop.dependencies.guard import find_breakages
from conda_pip_interop.dependencies.impact import PackageChange
from conda_pip_interop.environment.snapshot import read_snapshot
from tests.support.builders import PrefixBuilder


@pytest.mark.parametrize(
    ("replaced", "broken"),
    [
        ({}, ["flask"]),
        ({"click": "8.1"}, []),
        ({"click": "7.0"}, ["flask"]),
        ({"click": ""}, ["flask"]),
        ({"flask": "3.0"}, []),
        ({"six": "8.1"}, ["flask"]),
    ],
)
def test_what_pip_installs_in_the_place_of_condas_counts(
    tmp_path: Path, replaced: dict[str, str], broken: list[str]
) -> None:
    built = PrefixBuilder(root=tmp_path)
    built.conda_package("click", "8.1")
    built.pip_package("flask", "2.0", requires=("click>=8",))
    click = canonicalize_name("click")
    change = PackageChange(name="click", before="8.1", after=None, distributions=(click,))
    versions = {canonicalize_name(name): version for name, version in replaced.items()}
    found = find_breakages(read_snapshot(tmp_path), [change], versions)
    assert [one.distribution for one in found] == broken
