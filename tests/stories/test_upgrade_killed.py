"""`conda pip upgrade-python` is killed between conda's part and pip's, or anywhere else."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.killing import be_killed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import MakeEnv

pytestmark = [pytest.mark.e2e, pytest.mark.faults]

#: So many of the writes are tried, evenly spread: each takes half a minute.
_POINTS = 4
_UPGRADE = ("pip upgrade-python", "--yes", "3.12")


def test_the_next_commands_finish_it_or_take_it_back(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", "cowsay==6.0", "idna==3.7")
    kept = tmp_path / "kept"
    shutil.copytree(env.prefix, kept, symlinks=True)
    said = be_killed(env, tmp_path, *_UPGRADE, before=0)
    writes = int(said.rpartition("writes: ")[2])
    for point in range(_POINTS):
        number = 1 + point * writes // _POINTS
        shutil.rmtree(env.prefix)
        shutil.copytree(kept, env.prefix, symlinks=True)
        be_killed(env, tmp_path, *_UPGRADE, before=number)
        where = f"before write {number} of {writes}"
        env.conda("pip reconcile", "--yes", check=False)
        state = env.prefix / "conda-meta/pip-interop"
        assert [*state.glob("staging-*"), *state.glob("pending.json")] == [], where
        if "python" in env.records():
            env.conda(*_UPGRADE)
        else:  # conda itself was killed between two packages of its own
            env.conda("install", "-y", "python=3.12", "pip")
        env.conda("pip repair", "--yes")
        owners = env.owners()
        assert (owners["cowsay"], owners["idna"][0]) == (("6.0", "pip"), "3.7"), where
        assert env.python("import cowsay, idna, sys; print(sys.version_info[1])") == "12", where
        assert env.findings() == [], where
