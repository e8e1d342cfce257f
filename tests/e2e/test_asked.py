"""`conda pip install` of what is no mere name: files, projects, constraints, in one plan."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_install import plan_of, reasons_of
from tests.e2e.tree import hash_tree
from tests.pip.worlds import build_project

pytestmark = pytest.mark.e2e


def test_files_projects_and_constraints_come_together(make_env: Any, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    build_project(tmp_path / "app", "app", requires=["flask>=2", 'idna; extra == "x"'])
    (tmp_path / "limits.txt").write_text("click<8.1.8\ncowsay<6.1\n")
    (tmp_path / "r.txt").write_text(f"-c limits.txt\n-e {tmp_path}/app[x]\ncowsay\n")
    argv = ("-r", str(tmp_path / "r.txt"), "--yes")
    done = env.json("pip install", *argv)
    plan, reasons = plan_of(done), reasons_of(done)
    assert plan["app"] == plan["cowsay"] == ("pip", "install")
    assert plan["flask"] == plan["click"] == plan["idna"] == ("conda", "install")
    assert (reasons["app"], reasons["click"]) == ("source or URL", "needed by a constraint")
    env.conda("install", "--yes", "six")
    assert env.python("import app, flask, six; print(app.settings)") == "editable"
    owners = env.owners()
    assert owners["app"] == ("1.0", "pip")
    assert owners["click"] == ("8.1.7", "conda")
    assert owners["cowsay"][0] == "6.0"
    assert env.findings() == []
    again = env.json(
        "pip install", "app", "--dry-run", "--constraint", str(tmp_path / "limits.txt")
    )
    assert plan_of(again)["app"] == ("pip", "keep")


def test_a_project_that_conda_owns_is_replaced_only_if_it_is_named(
    make_env: Any, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "six")
    build_project(tmp_path / "mine", "six", env.owners()["six"][0])
    before = hash_tree(env.prefix)
    refused = env.conda("pip install", "--yes", f"{tmp_path}/mine", check=False)
    assert refused.returncode == 1
    assert "--break-other-managers six" in refused.stderr
    assert hash_tree(env.prefix) == before
    argv = ("--yes", f"{tmp_path}/mine", "--break-other-managers", "six")
    done = env.json("pip install", *argv)
    assert plan_of(done) == {"six": ("pip", "change")}
    assert env.python("import six; print(six.settings)") == "{}"


def test_what_pip_has_can_be_upgraded_and_installed_anew(make_env: Any) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "cowsay<6.1", "click<8.1.8")
    dry = env.json("pip install", "--dry-run", "-U", "cowsay", "click")
    assert plan_of(dry) == {"cowsay": ("pip", "upgrade"), "click": ("conda", "upgrade")}
    anew = env.json("pip install", "--yes", "--force-reinstall", "cowsay")
    assert plan_of(anew) == {"cowsay": ("pip", "change")}
    assert env.findings() == []


def test_wrong_usage_ends_with_2_and_changes_nothing(make_env: Any, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    (tmp_path / "r.txt").write_text("flask\n--user\n")
    refused = env.conda("pip install", "--yes", "-r", str(tmp_path / "r.txt"), check=False)
    assert refused.returncode == 2
    assert "r.txt:2: --user" in refused.stderr
    assert "Traceback" not in refused.stderr
