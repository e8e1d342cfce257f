"""The Ansible role of the documentation does what it says, with ansible-core and a real conda."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.stories.markers import marker_of
from tests.world.base import Base, build_base, clone

ROLE = Path(__file__).parents[2] / "docs/examples/ansible"

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        find_spec("ansible") is None, reason="ansible-core is installed on Python >= 3.11 only"
    ),
]


@pytest.fixture(scope="module")
def managed() -> Base:
    """A base with an environment; the plugin is there, as the role would install it."""
    base = clone(build_base(), "managed")
    base.run("create", "-y", "-q", "-n", "web", "python", "pip", "click=8.1.7")
    return base


def play(base: Base, *arguments: str, **variables: object) -> tuple[int, dict[str, int], str]:
    """Run the playbook; return the exit code, the counts of the recap, and the output."""
    variables |= {
        "conda_pip_interop_base": str(base.prefix),
        "ansible_python_interpreter": sys.executable,
    }
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local"),
            *("-e", json.dumps(variables), *arguments, "playbook.yml"),
        ],
        cwd=ROLE,
        env=base.env(ANSIBLE_LOCAL_TEMP=str(base.scratch), LC_ALL="C.UTF-8", HOME=str(base.scratch))
        | {"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    recap = dict(re.findall(r"(\w+)=(\d+)", done.stdout.partition("PLAY RECAP")[2]))
    return done.returncode, {key: int(value) for key, value in recap.items()}, done.stdout


def test_the_role_locks_the_policy_protects_and_audits(managed: Base, tmp_path: Path) -> None:
    code, counts, text = play(managed, "--check")
    assert code == 0, text
    assert counts["changed"] >= 1
    assert not marker_of(managed.envs / "web").exists()

    metrics = tmp_path / "conda.prom"
    code, counts, text = play(managed, conda_pip_interop_metrics=str(metrics))
    assert code == 0, text
    assert counts["changed"] >= 2, "the policy and the markers"
    assert marker_of(managed.envs / "web").is_file()
    assert 'environment="web"' in metrics.read_text()
    refused = managed.run("pip", "status", "--json", CONDA_PLUGINS_PIP_INTEROP_PROTECT="none")
    rows = {row["name"]: row for row in json.loads(refused.stdout)["environments"]}
    assert rows["web"]["policy"].startswith("protect ("), "users cannot change it"

    code, counts, text = play(managed)
    assert (code, counts["changed"]) == (0, 0), text


def test_the_audit_fails_on_findings_unless_told_otherwise(managed: Base) -> None:
    site_packages = marker_of(managed.envs / "web").parent / "site-packages"
    (site_packages / "click" / "core.py").unlink()
    code, counts, text = play(managed)
    assert code != 0
    assert counts["failed"] == 1, text
    assert "damaged" in text
    assert play(managed, conda_pip_interop_fail_on_findings=False)[0] == 0
