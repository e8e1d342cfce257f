"""The commands that pip has too, with real conda and pip in real environments."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import MakeEnv
from tests.support.pip_worlds import build_clone, build_project, build_wheel

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def hash_env(env: Any) -> list[str]:
    return [hash_tree(env.prefix / one) for one in ("lib", "bin")]


def test_what_was_installed_goes_with_all_that_came_along_and_comes_back(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip install", "--yes", "tox", "cowsay")
    there = hash_env(env)
    assert "virtualenv [pip]" in env.conda("pip tree", "tox").stdout.replace(" 20.29.1", "")
    why = env.json("pip why", "distlib")["packages"][0]["paths"]
    assert [[one["name"] for one in path] for path in why] == [["tox", "virtualenv", "distlib"]]

    dry = env.json("pip uninstall", "--dry-run", "tox")
    gone = {one["name"] for one in dry["plan"]}
    assert {"tox", "virtualenv", "distlib", "cachetools"} <= gone
    assert "cowsay" not in gone
    assert hash_env(env) == there
    done = env.conda("pip uninstall", "--yes", "tox")
    assert "only required by virtualenv" in done.stdout
    assert {name for name, (_, owner) in env.owners().items() if owner == "pip"} == {"cowsay"}
    assert env.findings() == []
    assert env.pip("check").stdout.strip() == "No broken requirements found."
    env.conda("pip undo", "--yes")
    assert hash_env(env) == there
    env.python("import tox")


def test_what_is_still_required_goes_only_where_somebody_says_so(
    make_env: MakeEnv, base: Base, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", str(build_wheel(tmp_path, "app", requires=["cowsay>=6"])), "cowsay")
    refused = env.conda("pip uninstall", "--yes", "cowsay", check=False)
    assert refused.returncode == 1
    assert f"cowsay is still required by pip's app 1.0 in {env.name}." in refused.stderr
    for answer, stays in (("", True), ("n\n", True), ("y\n", False)):
        asked = subprocess.run(
            [base.conda, "pip", "uninstall", "-n", env.name, "cowsay"],
            env=base.env(CONDA_ALWAYS_YES="false"),
            input=answer,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Remove cowsay, still required (y/[n])?" in asked.stdout
        assert ("cowsay" in env.owners()) is stays
    env.conda("pip undo", "--yes")
    env.conda("pip uninstall", "--yes", "--force", "cowsay")
    assert "cowsay" not in env.owners()
    assert env.findings() == [("unmet", "app")]


def test_it_leaves_what_pips_own_uninstall_leaves(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    wheel = build_wheel(tmp_path, "tool", scripts=True, data={"share/tool/x": "x"})
    left = []
    for uninstall in (
        partial(env.pip, "uninstall", "-q", "-y", "tool", "cowsay"),
        partial(env.conda, "pip uninstall", "--yes", "tool", "cowsay"),
    ):
        env.pip("install", "-q", str(wheel), "cowsay")
        env.python("import tool, cowsay")
        uninstall()
        files = {path for path in env.prefix.rglob("*") if not path.is_dir()}
        ours = {path for path in files if "conda-meta/pip-interop" in str(path)}
        left.append((hash_env(env), files - ours))
    assert left[0] == left[1]


def test_newer_versions_of_both_managers_are_found(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7", "six")
    env.pip("install", "-q", "cowsay==6.0")
    rows = env.json("pip list", "--outdated")["distributions"]
    assert {(one["name"], one["owner"], one["latest"]) for one in rows} == {
        ("click", "conda", "8.1.8"),
        ("cowsay", "pip", "6.1"),
    }


@pytest.mark.parametrize("installer", ["pip", "conda pip"])
def test_what_came_from_elsewhere_is_compared_with_no_index(
    make_env: MakeEnv, tmp_path: Path, installer: str
) -> None:
    """The index has newer projects of these names; they may be others."""
    env = make_env("python", "pip")
    wheel = build_wheel(tmp_path, "cowsay", "1.0")
    editable = build_project(tmp_path / "six", "six", "1.0")
    folder = build_project(tmp_path / "idna", "idna", "1.0")
    cloned = build_project(tmp_path / "chardet", "chardet", "1.0")
    commit = build_clone(cloned)
    words = (str(wheel), "-e", str(editable), str(folder), f"git+{cloned.as_uri()}@{commit}")
    if installer == "pip":
        env.pip("install", "-q", *words, "filelock==3.17.0", "argcomplete==3.6.2")
    else:
        env.conda("pip install", "-q", *words, "filelock==3.17.0", "argcomplete==3.6.2")
    url = index_of(tmp_path, "filelock", "cowsay", "six", "idna", "chardet")
    document = env.json("pip list", "--outdated", PIP_INDEX_URL=url)
    assert [(one["name"], one["latest"]) for one in document["distributions"]] == [
        ("filelock", "99.0")
    ]
    assert document["not_compared"] == ["chardet", "cowsay", "idna", "six"]
    told = env.conda("pip list", "--outdated").stdout
    assert "Not compared, since not from an index: chardet, cowsay, idna, six" in told


def index_of(folder: Path, *names: str) -> str:
    """Return the URL of an index with a version 99.0 of each project."""
    for name in names:
        wheel = build_wheel(folder / "wheels", name, "99.0")
        page = folder / "simple" / name / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="{wheel.as_uri()}">{wheel.name}</a>')
    return (folder / "simple").as_uri() + "/"


def test_an_editable_clone_is_frozen_with_its_repository(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "setuptools")
    source = tmp_path / "app"
    source.mkdir()
    (source / "app.py").write_text("")
    (source / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\n'
        'build-backend = "setuptools.build_meta"\n'
    )
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *words], cwd=source, check=True)
    subprocess.run(
        [*git, "remote", "add", "origin", "https://h.example/app"], cwd=source, check=True
    )
    env.pip("install", "-q", "--no-build-isolation", "-e", str(source))
    commit = subprocess.run(
        [*git, "rev-parse", "HEAD"], cwd=source, check=True, capture_output=True, text=True
    ).stdout.strip()
    (line,) = env.conda("pip freeze").stdout.splitlines()
    assert line == f"-e git+https://h.example/app@{commit}#egg=app"
    (row,) = (one for one in env.json("pip list")["distributions"] if one["name"] == "app")
    assert row["editable"] == str(source)
    env.conda("pip uninstall", "--yes", "app")
    assert (source / "app.py").exists()
    assert env.conda("pip freeze").stdout == ""


def test_pips_own_commands_are_handed_on_as_they_are(
    make_env: MakeEnv, base: Base, tmp_path: Path
) -> None:
    env = make_env("python")  # without pip: base's does it
    names = tmp_path / "names.txt"
    names.write_text("cowsay==6.0\n")
    env.conda("pip download", "--no-deps", "-q", "-d", str(tmp_path), "-r", str(names))
    (wheel,) = tmp_path.glob("cowsay-6.0-*.whl")
    assert "sha256:" in env.conda("pip hash", str(wheel)).stdout
    report = json.loads(base.run("pip", "-p", env.prefix, "inspect").stdout)
    assert report["installed"] == []
    failed = base.run("pip", "download", "no-such-project", check=False)  # with its own pip
    assert failed.returncode == 1
    assert "no-such-project" in failed.stderr
    wrong = base.run("pip", "cache", "dir", "-n", env.name, check=False)
    assert wrong.returncode == 2
    assert "`conda pip -n ENV cache …`" in wrong.stderr
    wrong = base.run("pip", "cache", "--frobnicate", check=False)
    assert wrong.returncode == 2
    assert "conda-pip-interop" not in wrong.stderr
    assert base.run("pip", "config", "--", "--help").stdout.lstrip().startswith("Usage:")


def test_doctor_tells_what_we_have_found_and_uninstall_leaves_condas_alone(
    make_env: MakeEnv,
) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    assert "✅ conda and pip agree" in env.conda("doctor").stdout
    refused = env.conda("pip uninstall", "--yes", "click", check=False)
    assert refused.returncode == 1
    assert f"conda remove -n {env.name} click" in refused.stderr
    env.pip("install", "-q", "click==8.1.3", "cowsay")
    told = env.conda("doctor", check=False).stdout
    assert "❌ conda and pip do not agree" in told
    assert "overridden: pip's click 8.1.3" in told
    assert "conda pip restore" in env.conda("doctor", "-v", check=False).stdout
    (env.prefix / "conda-meta" / "frozen").write_text('{"message": "made for good"}')
    refused = env.conda("pip uninstall", "--yes", "cowsay", check=False)
    assert refused.returncode == 1
    assert "made for good" in refused.stderr
    env.python("import click, cowsay")


@pytest.mark.needs_conda("26.1", "fixer of health checks")
def test_doctor_can_fix_what_can_be_reconciled(make_env: MakeEnv) -> None:
    env = make_env("python", "pip", "click=8.1.7")
    env.pip("install", "-q", "click==8.1.3")
    listed = env.conda("doctor", "--list").stdout
    assert "pip-interop: Check that conda and pip agree (fix:" in listed
    env.conda("doctor", "--fix", "--dry-run", "pip-interop", check=False)
    assert env.findings() == [("overridden", "click")]
    fixed = env.conda("doctor", "--fix", "--yes", "pip-interop")
    assert "✅ conda and pip agree" in fixed.stdout.partition("Running fixes")[2]
    assert env.findings() == []
    assert env.owners()["click"] == ("8.1.3", "pip")
