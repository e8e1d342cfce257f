"""conda links what pip installed: pip's files are moved aside, and restored if conda fails."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.channels import build_broken_channel
from tests.support.environments import MakeEnv

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.needs_conda("25.5", "pre-transaction actions"),
]


@pytest.fixture
def env(make_env: MakeEnv) -> Any:
    """pip's idna, newer than the channel's, and pip's cowsay."""
    env = make_env("python", "pip")
    env.pip("install", "-q", "idna==3.11", "cowsay")
    return env


def test_conda_meets_nothing_in_its_way(env: Any) -> None:
    done = env.conda("install", "-y", "idna")
    assert "Clobber" not in done.stdout + done.stderr
    assert "conda installed idna 3.10 over pip's idna 3.11" in done.stderr
    assert not list(env.site_packages.glob("idna-3.11*"))
    assert env.owners()["idna"] == ("3.10", "conda")
    assert env.owners()["cowsay"] == ("6.1", "pip")
    assert env.findings() == []
    (operation,) = env.json("pip undo", "--list")["operations"]
    assert operation["id"] == "revision-1"


@pytest.mark.parametrize("fault", ["script", "interrupt", "file"])
def test_what_fails_on_the_way_brings_pips_payload_back(
    env: Any, tmp_path: Path, fault: str
) -> None:
    """A post-link script runs when all is linked; a missing file is found before anything is."""
    channel = build_broken_channel(tmp_path, fault)
    before = hash_tree(env.prefix / "lib")
    refused = env.conda("install", "-y", "-c", channel, "broken", check=False)
    assert refused.returncode != 0
    assert not re.search(r"(?m)^  removed \d", refused.stderr)
    assert hash_tree(env.prefix / "lib") == before
    assert env.owners()["idna"] == ("3.11", "pip")
    assert set(env.records()) == {"python", "pip"}
    env.pip("check")


@pytest.mark.parametrize("mode", ["report", "off"])
def test_only_auto_moves_anything(env: Any, mode: str) -> None:
    done = env.conda("install", "-y", "idna", CONDA_PLUGINS_PIP_INTEROP_RECONCILE=mode)
    assert list(env.site_packages.glob("idna-3.11*"))
    assert not re.search(r"(?m)^  removed \d", done.stderr)


def test_safety_checks_may_be_disabled(env: Any) -> None:
    env.conda("install", "-y", "idna", CONDA_SAFETY_CHECKS="disabled")
    assert env.owners()["idna"] == ("3.10", "conda")
    assert env.findings() == []
