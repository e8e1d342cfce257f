"""`conda pip repair`: what of pip's is damaged, or stayed behind, comes back as it was."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.stories.tree import compare_records, hash_tree
from tests.support.channels import build_conda_package, write_channel
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_clone, build_project, build_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def test_a_damaged_distribution_comes_back_as_it_was(make_env: MakeEnv) -> None:
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
    assert "its files are missing or changed" in dry
    assert hash_tree(env.prefix) == broken

    plan = env.json("pip repair", "--yes")["plan"]
    assert {(one["name"], one["manager"], one["version"]) for one in plan} >= {
        ("cowsay", "pip", "6.0"),
        ("flask-testing", "pip", "0.8.1"),
    }
    assert env.findings() == []
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert "Nothing to repair" in env.conda("pip repair").stdout


def test_what_stayed_behind_with_another_python_comes_over(
    make_env: MakeEnv, base: Base, tmp_path: Path
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


def test_what_came_from_a_clone_comes_back_at_its_commit(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    project = build_project(tmp_path / "project", "mine")
    commit = build_clone(project)
    env.pip("install", "-q", f"git+{project.as_uri()}@main")
    (origin,) = env.site_packages.glob("mine-*/direct_url.json")
    before = origin.read_bytes()
    build_project(project, "mine", "2.0")
    assert commit != build_clone(project)
    (env.site_packages / "mine.py").unlink()
    env.conda("pip repair", "--yes")
    assert env.owners()["mine"] == ("1.0", "pip")
    assert origin.read_bytes() == before
    assert json.loads(before)["vcs_info"]["commit_id"] == commit
    assert env.findings() == []


def test_a_source_that_is_gone_is_made_up_for_by_the_index(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    env.pip("download", "-q", "--no-deps", "-d", str(tmp_path), "cowsay==6.0")
    (wheel,) = tmp_path.glob("cowsay-*.whl")
    env.pip("install", "-q", str(wheel))
    wheel.unlink()
    (env.site_packages / "cowsay" / "main.py").unlink()
    env.conda("pip repair", "--yes")
    assert env.owners()["cowsay"] == ("6.0", "pip")
    assert env.findings() == []
    assert not [*env.site_packages.glob("cowsay-*/direct_url.json")]


@pytest.mark.parametrize("over", [True, False], ids=["over conda's", "alone"])
def test_what_comes_from_nowhere_again_can_be_restored_or_removed(
    make_env: MakeEnv, tmp_path: Path, over: bool
) -> None:
    env = make_env("python", "pip")
    kit = build_conda_package("kit", carries={"kit": "1.0"})
    if over:
        env.conda("install", "-y", "-c", write_channel(tmp_path / "channel", kit), "kit")
    wheel = build_wheel(tmp_path, "kit", "2.0")
    env.pip("install", "-q", str(wheel))
    env.conda("install", "-y", "six")
    wheel.unlink()
    (env.site_packages / "kit.py").unlink()
    (finding,) = env.json("pip check", check=False)["findings"]
    repair, other = finding["commands"]
    assert other == f"conda pip {'restore' if over else 'uninstall'} -n {env.name} kit"
    refused = env.base.run(*repair.split()[1:], "--yes", check=False)
    assert f"`{other}`" in refused.stderr
    env.base.run(*other.split()[1:], "--yes")
    assert env.findings() == []
    assert env.owners().get("kit") == (("1.0", "conda") if over else None)
    env.conda("pip undo", "--yes")
    assert env.findings() == [("damaged", "kit")]


@pytest.mark.parametrize("name", ["", "kit"])
def test_what_is_damaged_in_condas_place_is_repaired_before_a_record_says_so(
    make_env: MakeEnv, tmp_path: Path, name: str
) -> None:
    """`pip uninstall` after `--ignore-installed` takes the files of both and conda's metadata."""
    env = make_env("python", "pip")
    kit = build_conda_package("kit", carries={"kit": "1.0"})
    env.conda("install", "-y", "-c", write_channel(tmp_path / "channel", kit), "kit")
    env.pip("install", "-q", "--ignore-installed", str(build_wheel(tmp_path, "kit", "1.1")))
    env.pip("uninstall", "-q", "-y", "kit")
    assert env.findings() == [("overridden", "kit"), ("damaged", "kit")]
    env.conda("pip repair", "--yes", *name.split())
    assert env.findings() == []
    assert env.owners()["kit"] == ("1.1", "pip")
    assert env.python("import kit; print(kit.version)") == "1.1"
    assert compare_records(env)[1] == set()
    env.conda("pip undo", "--yes")
    assert env.findings() == [("damaged", "kit")]
    env.conda("pip repair", "--yes")
    env.conda("remove", "-y", "kit")
    assert not [*env.site_packages.glob("kit*")]
    assert env.findings() == []


def test_a_version_that_is_not_to_be_had_is_not_replaced_by_another(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    """Neither where it came from the index, nor where the folder of an editable one is gone."""
    env = make_env("python", "pip")
    build_wheel(tmp_path / "0.9", "gone", "0.9")
    build_wheel(tmp_path / "other", "gone", "0.8")
    build_wheel(tmp_path / "other", "mine", "2.0")
    project = build_project(tmp_path / "project", "mine")
    found = str(tmp_path / "other")
    env.pip("install", "-q", "cowsay", "--find-links", str(tmp_path / "0.9"), "gone")
    env.pip("install", "-q", "--no-build-isolation", "-e", str(project))
    shutil.rmtree(project)
    for path in ("gone.py", "__editable__mine.pth", "cowsay/main.py"):
        (env.site_packages / path).unlink()
    broken = hash_tree(env.prefix)
    for name, version in (("gone", "0.9"), ("mine", "1.0")):
        refused = env.conda(
            "pip repair", "--yes", "cowsay", name, check=False, PIP_FIND_LINKS=found
        )
        assert refused.returncode == 1
        assert f"{name} {version} of {env.name} is no longer available" in refused.stderr
        assert f"conda pip install -n {env.name} '{name}!={version}'" in refused.stderr
        assert f"conda pip repair -n {env.name} cowsay" in refused.stderr
        assert hash_tree(env.prefix) == broken
        refused = env.conda("pip repair", "--yes", name, check=False)
        assert "no longer available" in refused.stderr
        assert "another version" not in refused.stderr  # the index has none
    assert project.as_uri() in refused.stderr
    env.conda("pip repair", "--yes", "cowsay")
    env.conda("pip install", "--yes", "gone!=0.9", "mine!=1.0", PIP_FIND_LINKS=found)
    assert env.owners()["gone"] == ("0.8", "pip")
    assert env.owners()["mine"] == ("2.0", "pip")
    assert env.findings() == []


def test_conda_supplies_what_is_needed_and_the_old_folder_goes_when_all_came_over(
    make_env: MakeEnv, base: Base
) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "Flask-Testing", "cowsay==6.0")  # with flask and all that it needs
    env.conda("install", f"python={base.channel.pythons[1]}")
    (old, new) = sorted((env.prefix / "lib").glob("python3.*/site-packages"))
    stayed = hash_tree(old)

    env.conda("pip repair", "--yes", "Flask-Testing")
    assert (new / "flask_testing" / "utils.py").is_file()
    assert {"flask", "werkzeug", "click"} <= env.records().keys()
    assert hash_tree(old) == stayed
    assert ("stranded", "cowsay") in env.findings()

    before = hash_tree(env.prefix, but=STATE_FOLDER)
    earlier = env.json("pip undo", "--list")["operations"]
    env.conda("pip repair", "--yes")
    assert env.findings() == []
    assert not [*old.glob("*.dist-info")]
    assert (new / "cowsay" / "main.py").is_file()
    titles = [one["title"] for one in env.json("pip undo", "--list")["operations"]]
    came_over = "blinker click cowsay flask flask-testing itsdangerous jinja2 markupsafe werkzeug"
    assert titles[len(earlier) :] == [f"repair {came_over}"]
    env.conda("pip undo", "--yes")
    assert hash_tree(old) == stayed
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before


def test_what_is_not_broken_is_told_what_it_is(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "six")
    env.pip("install", "-q", "cowsay")
    for name, hint in (
        ("six", "conda pip restore"),
        ("cowsay", "--force-reinstall cowsay"),
        ("absent", "conda pip list"),
    ):
        refused = env.conda("pip repair", name, check=False)
        assert refused.returncode == 2
        assert hint in refused.stderr
