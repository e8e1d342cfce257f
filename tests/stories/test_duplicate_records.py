"""Two files of one name in conda-meta, as a crash of conda leaves them."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv

pytestmark = pytest.mark.e2e


@pytest.fixture(params=["7.0", "9.0"])
def env(make_env: MakeEnv, request: pytest.FixtureRequest) -> Any:
    """conda's click 8.1.8, and a record of another version beside it."""
    env = make_env("python", "pip", "click=8.1.7")
    env.conda("install", "-y", "-q", "click=8.1.8")
    record = env.prefix / "conda-meta/click-8.1.8-pyhd_0.json"
    other = record.with_name(f"click-{request.param}-pyhd_0.json")
    other.write_text(record.read_text().replace("8.1.8", request.param))
    return env


def list_records(env: Any) -> list[str]:
    return sorted(path.name for path in (env.prefix / "conda-meta").glob("click-*.json"))


def test_pips_metadata_beside_costs_no_file_of_conda(env: Any, make_env: MakeEnv) -> None:
    pips = make_env("python", "pip")
    pips.pip("install", "-q", "click==8.1.3")
    name = "click-8.1.3.dist-info"
    shutil.copytree(pips.site_packages / name, env.site_packages / name)
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    env.conda("list")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert ("duplicate-record", "click") in env.findings()
    package = hash_tree(env.site_packages / "click")
    env.conda("pip reconcile", "--yes")
    assert hash_tree(env.site_packages / "click") == package
    env.conda("pip repair", "--yes", "click")
    assert env.findings() == []
    assert hash_tree(env.site_packages / "click") == package
    assert list_records(env) == ["click-8.1.8-pyhd_0.json"]
    env.python("import click")
    env.conda("pip undo", "--yes")
    assert len(list_records(env)) == 2


def test_what_pip_has_uninstalled_is_restored_as_the_valid_record_says(env: Any) -> None:
    env.pip("uninstall", "-q", "-y", "click")
    env.conda("pip reconcile", "--yes")
    assert env.findings() == [("vanished", "click"), ("duplicate-record", "click")]
    env.conda("pip restore", "--yes", "click")
    assert env.owners()["click"] == ("8.1.8", "conda")
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert list_records(env) == ["click-8.1.8-pyhd_0.json"]
    env.python("import click")
