"""All environments at a glance, and the policy brought to all of them at once."""

from __future__ import annotations

import json

import pytest

from tests.stories.markers import marker_of
from tests.world.base import Base, build_base, clone

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def many() -> Base:
    """A base with an environment of conda's, one that pip has harmed, and one that is broken."""
    base = clone(build_base(), "many")
    base.run("create", "-y", "-q", "-n", "clean", "python", "pip")
    base.run("create", "-y", "-q", "-n", "harmed", "python", "pip", "click=8.1.7")
    base.run_in(base.envs / "harmed", "pip", "install", "-q", "click==8.1.3")
    base.run("create", "-y", "-q", "-n", "broken", "ninja")
    return base


def test_status_has_a_row_for_every_environment(many: Base) -> None:
    document = json.loads(many.run("pip", "status", "--json").stdout)
    rows = {row["name"]: row for row in document["environments"]}
    assert rows["base"]["protected_by"] == "conda-pip-interop"
    assert rows["base"]["policy"] == "protect (default)"
    assert rows["clean"]["protected_by"] is None
    assert rows["clean"]["findings"] == {}
    assert rows["clean"]["python"].startswith("3.")
    assert rows["harmed"]["findings"] == {"overridden": 1}
    assert rows["harmed"]["last_change"].startswith("20")
    assert rows["broken"]["python"] is None
    table = many.run("pip", "status").stdout
    assert "\033[" not in table
    assert "1 overridden" in table


def test_a_name_that_there_is_not_is_told(many: Base) -> None:
    refused = many.run("pip", "status", "-n", "nope", check=False)
    assert refused.returncode == 1
    assert "no environment named nope" in refused.stderr


def test_protect_all_brings_the_policy_everywhere_and_back(many: Base) -> None:
    done = many.run("pip", "protect", "--all", CONDA_PLUGINS_PIP_INTEROP_PROTECT="all")
    assert "clean: now protected" in done.stdout
    assert "broken: unchanged" in done.stdout
    for name in ("clean", "harmed"):
        assert marker_of(many.envs / name).is_file()
    document = json.loads(many.run("pip", "protect", "--all", "--json").stdout)
    changes = {row["prefix"]: row["marker"] for row in document["environments"]}
    assert changes[str(many.envs / "clean")] == "removed"
    assert not marker_of(many.envs / "clean").exists()
    assert marker_of(many.prefix).is_file()


def test_protect_all_exits_with_1_if_one_failed_and_does_the_others(many: Base) -> None:
    stdlib = marker_of(many.envs / "harmed").parent
    elsewhere = many.scratch / "elsewhere"
    stdlib.rename(elsewhere)
    stdlib.symlink_to(elsewhere)  # out of the environment: nothing of ours is written there
    try:
        done = many.run(
            *("pip", "protect", "--all"), check=False, CONDA_PLUGINS_PIP_INTEROP_PROTECT="all"
        )
    finally:
        stdlib.unlink()
        elsewhere.rename(stdlib)
    assert done.returncode == 1
    assert "harmed: failed" in done.stdout
    assert "clean: now protected" in done.stdout
    many.run("pip", "protect", "--all")
