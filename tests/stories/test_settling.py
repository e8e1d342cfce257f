"""`restore`, `reconcile` and `repair`: each shows its plan, asks, and does nothing before."""

from __future__ import annotations

import json
import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = pytest.mark.e2e

#: How each line starts that tells what was changed.
_CHANGED = re.compile(r"^(Installed|Reinstalled|Restored|Removed|Wrote) \d", re.MULTILINE)

_SHOWN = {
    ("restore", "click"): "the package of conda's record",
    ("reconcile",): "~dna/core.py",
    ("repair",): "its files are missing or changed",
    ("repair", "--clean-up"): "its record is missing",
}


@pytest.fixture
def broken(make_env: MakeEnv) -> Any:
    """click overridden, idna forgotten by conda, something left behind, and cowsay damaged."""
    env = make_env("python", "pip", "click=8.1.7", "idna")
    env.pip("install", "-q", "cowsay")
    env.pip("uninstall", "-q", "-y", "idna")
    env.base.run("list", "-n", env.name, CONDA_NO_PLUGINS="true")
    env.pip("install", "-q", "click==8.1.3")
    (env.site_packages / "cowsay" / "main.py").unlink()
    (env.site_packages / "~dna").mkdir()
    (env.site_packages / "~dna" / "core.py").write_text("old\n")
    return env


def test_each_shows_its_plan_asks_and_takes_a_no(broken: Any, base: Base) -> None:
    before = hash_tree(broken.prefix)
    for (command, *words), shown in _SHOWN.items():
        asked = subprocess.run(
            [base.conda, "pip", command, "-n", broken.name, *words],
            env=base.env(CONDA_ALWAYS_YES="false", CONDA_PLUGINS_PIP_INTEROP_RECONCILE="report"),
            input="n\n",
            capture_output=True,
            text=True,
            check=False,
        )
        assert shown in asked.stdout
        assert "Proceed" in asked.stdout
        assert not _CHANGED.search(asked.stdout)
        assert broken.json(f"pip {command}", *words, "--dry-run")["plan"]
        refused = broken.conda(f"pip {command}", *words, "--json", check=False)
        assert (refused.returncode, json.loads(refused.stdout)["error"]["code"]) == (2, "usage")
        assert hash_tree(broken.prefix) == before


def test_one_repair_brings_records_and_distributions_back(broken: Any) -> None:
    plan = broken.json("pip repair", "--yes")["plan"]
    assert {(one["manager"], one["action"], one["name"]) for one in plan} == {
        ("conda", "install", "idna"),
        ("pip", "change", "cowsay"),
    }
    assert broken.owners()["idna"] == ("3.10", "conda")
    broken.conda("pip restore", "--yes", "click")
    broken.conda("pip reconcile", "--yes")
    assert broken.findings() == []
    broken.python("import cowsay, idna, click")
