"""conda is killed in its own transaction, while pip's payload is out of its way."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from conda_pip_interop.changes.atomic.rollback import needs_recovery
from tests.faults.scenarios import Record
from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.killing import be_killed

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.faults,
    pytest.mark.needs_conda("25.5", "pre-transaction actions"),
]

#: So many of the writes are tried, evenly spread: each takes some seconds.
_POINTS = 8
INSTALL = ("install", "-y", "idna")


def test_the_next_command_puts_pips_payload_back_or_finds_condas_done(
    make_env: MakeEnv, tmp_path: Path, record_property: Record
) -> None:
    """And the same command again comes to its end, with one distribution and no finding."""
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11", "cowsay")
    pips = hash_tree(env.site_packages / "idna")
    kept = tmp_path / "kept"
    shutil.copytree(env.prefix, kept, symlinks=True)
    said = be_killed(env, tmp_path, *INSTALL, before=0)
    writes = int(said.rpartition("writes: ")[2])
    assert writes > _POINTS
    for point in range(_POINTS):
        number = 1 + point * writes // _POINTS
        shutil.rmtree(env.prefix)
        shutil.copytree(kept, env.prefix, symlinks=True)
        be_killed(env, tmp_path, *INSTALL, before=number)
        env.conda("install", "-y", "six")
        assert not needs_recovery(env.prefix)
        found = env.owners()["idna"]
        assert found in (("3.11", "pip"), ("3.10", "conda")), f"before write {number} of {writes}"
        assert env.findings() == [], f"before write {number} of {writes}"
        assert len(list(env.site_packages.glob("idna-*"))) == 1, f"before write {number}"
        if found == ("3.11", "pip"):
            assert hash_tree(env.site_packages / "idna") == pips, f"before write {number}"
        env.conda("install", "-y", "idna")
        owners = env.owners()
        assert owners["idna"] == ("3.10", "conda")
        assert owners["cowsay"] == ("6.1", "pip")
        assert env.findings() == [], f"before write {number} of {writes}"
        assert [one.name for one in env.site_packages.glob("idna-*")] == ["idna-3.10.dist-info"]
    record_property("points", _POINTS)
