"""Plans that fix findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.fixes import plan_restore
from tests.support.builders import PrefixBuilder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_restore_knows_the_names_of_conda_and_of_pypi(tmp_path: Path) -> None:
    built = PrefixBuilder(root=tmp_path / "env")
    built.conda_package("py-victim", "1.0", {"victim/a.py": "1"}, distribution="victim")
    snapshot = read_snapshot(built.root)
    target = Target(prefix=built.root, name=None, is_base=False)
    for name in ("py-victim", "victim", "Victim"):
        assert not plan_restore([name], snapshot=snapshot, target=target).steps
    with pytest.raises(InteropError) as refused:
        plan_restore(["other"], snapshot=snapshot, target=target)
    assert refused.value.code == "not-conda"
