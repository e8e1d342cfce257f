"""Programs that were signed again after they were linked, as conda does on osx-arm64 (#16590)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.registry import find_all, find_asked
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("with_pip", [False, True])
def test_a_hash_that_no_package_states_is_no_finding(tmp_path: Path, *, with_pip: bool) -> None:
    built = PrefixBuilder(root=tmp_path / "env", python="3.11.7")
    built.conda_python()
    built.conda_package("fast", "1.0", {"fast.so": "binary"})
    if with_pip:
        built.pip_package("slow", "1.0", {"slow.so": "binary"})
        built.write(f"{built.site_packages}/slow.so", "binary, signed again")
    built.write(f"{built.site_packages}/fast.so", "binary, signed again")
    snapshot = read_snapshot(built.root)
    assert (find_all(snapshot), find_asked(snapshot)) == ((), ())
