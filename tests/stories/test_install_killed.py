"""`conda pip install` is killed between conda's part and pip's, or anywhere else."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.faults.scenarios import Record
from tests.support.environments import MakeEnv
from tests.support.killing import be_killed

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

#: So many of the writes are tried, evenly spread: each takes some seconds.
_POINTS = 10
_INSTALL = ("pip install", "--yes", "six", "cowsay")


def test_the_next_command_finishes_it_or_takes_it_back(
    make_env: MakeEnv, tmp_path: Path, record_property: Record
) -> None:
    env = make_env("python", "pip")
    kept = tmp_path / "kept"
    shutil.copytree(env.prefix, kept, symlinks=True)
    said = be_killed(env, tmp_path, *_INSTALL, before=0)
    writes = int(said.rpartition("writes: ")[2])
    outcomes = set()
    for point in range(_POINTS):
        number = 1 + point * writes // _POINTS
        shutil.rmtree(env.prefix)
        shutil.copytree(kept, env.prefix, symlinks=True)
        be_killed(env, tmp_path, *_INSTALL, before=number)
        said = env.conda("pip reconcile", "--yes").stderr
        owners = env.owners()
        got = "six" in owners, "cowsay" in owners
        outcomes.add(got)
        where = f"before write {number} of {writes}: {said}"
        assert got[0] == got[1] or "was not finished" in said, where
        state = env.prefix / "conda-meta/pip-interop"
        assert [*state.glob("staging-*"), *state.glob("pending.json")] == [], where
        env.conda(*_INSTALL)
        owners = env.owners()
        assert (owners["six"][1], owners["cowsay"][1]) == ("conda", "pip"), where
        assert env.findings() == [], where
    assert {(False, False), (True, True)} <= outcomes
    record_property("points", _POINTS)
