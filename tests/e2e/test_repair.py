"""`conda pip repair`: what of pip's is damaged, or stayed behind, comes back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.core.journal import STATE_FOLDER
from tests.e2e.tree import hash_tree
from tests.pip.worlds import build_project, build_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def test_a_damaged_distribution_comes_back_as_it_was(make_env: Any) -> None:
    env = make_env("python", "pip", "flask")
    env.pip("install", "-q", "Flask-Testing", "cowsay==6.0")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    (env.site_packages / "cowsay" / "main.py").unlink()
    (env.site_packages / "flask_testing" / "utils.py").unlink()
    assert env.findings() == [("damaged", "cowsay"), ("damaged", "flask-testing")]
    told = env.conda("pip check", check=False).stdout
    assert f"conda pip repair -n {env.name} cowsay" in told

    broken = hash_tree(env.prefix)
    dry = env.conda("pip repair", "--dry-run").stdout
    assert "files of it are gone or changed" in dry
    assert hash_tree(env.prefix) == broken

    plan = env.json("pip repair", "--yes")["plan"]
    assert {(one["name"], one["manager"], one["version"]) for one in plan} >= {
        ("cowsay", "pip", "6.0"),
        ("flask-testing", "pip", "0.8.1"),
    }
    assert env.findings() == []
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert "Nothing of pip's is broken" in env.conda("pip repair").stdout


def test_what_stayed_behind_with_another_python_comes_over(
    make_env: Any, base: Base, tmp_path: Path
) -> None:
    env = make_env("python", "pip", "six")
    build_wheel(tmp_path, "local")
    project = build_project(tmp_path / "project", "mine", requires=["six"])
    env.pip("install", "-q", "cowsay==6.0", str(tmp_path / "local-1.0-py3-none-any.whl"))
    env.pip("install", "-q", "--no-build-isolation", "-e", str(project))
    env.conda("install", f"python={base.channel.pythons[1]}")
    kinds = {kind for kind, _ in env.findings()}
    assert kinds == {"stranded"}

    env.conda("pip repair", "--yes")
    owners = env.owners()
    assert owners["cowsay"] == ("6.0", "pip")
    assert owners["local"] == owners["mine"] == ("1.0", "pip")
    assert env.python("import cowsay, local, mine, sys; print(mine.settings)") == "editable"
    assert env.findings() == []
    shown = env.conda("pip show", "mine", "local").stdout
    assert str(project) in shown
    assert (tmp_path / "local-1.0-py3-none-any.whl").as_uri() in shown


def test_a_version_that_is_not_to_be_had_is_not_replaced_by_another(
    make_env: Any, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    build_wheel(tmp_path, "gone", "0.9")
    env.pip("install", "-q", "--find-links", str(tmp_path), "gone")
    (env.site_packages / "gone.py").unlink()
    broken = hash_tree(env.prefix)
    refused = env.conda("pip repair", "--yes", check=False)
    assert refused.returncode == 1
    assert "gone==0.9" in refused.stderr
    assert hash_tree(env.prefix) == broken


def test_what_is_not_broken_is_told_what_it_is(make_env: Any) -> None:
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", "cowsay")
    for name, hint in (
        ("six", "conda pip restore"),
        ("cowsay", "--force-reinstall cowsay"),
        ("absent", "conda pip install"),
    ):
        refused = env.conda("pip repair", name, check=False)
        assert refused.returncode == 2
        assert hint in refused.stderr
