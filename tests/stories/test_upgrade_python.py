"""Another Python for conda and pip: one plan, all or nothing, undone by one command."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.environment.conda_meta.history import read_requested_specs
from tests.stories.tree import hash_tree
from tests.support.history import is_requested
from tests.support.pip_worlds import build_clone, build_project, build_sdist, build_wheel
from tests.support.plans import plan_of, reasons_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env, MakeEnv
    from tests.world.base import Base

pytestmark = pytest.mark.e2e

SOLVERS = pytest.mark.parametrize(
    "solver",
    ["classic", pytest.param("rattler", marks=pytest.mark.needs_conda("26.7", "rattler solver"))],
)
VERSION = "import platform; print(platform.python_version())"
#: What a build backend does first that is not for the newer Python.
NOT_YET = "import sys\n    assert sys.version_info < (3, 12), 'not yet'\n    "
#: A backend that says what it is without a build.
METADATA = """


def prepare_metadata_for_build_wheel(folder, config_settings=None):
    info = pathlib.Path(folder, f"{NAME}-{VERSION}.dist-info")
    info.mkdir()
    head = f"Metadata-Version: 2.1\\nName: {NAME}\\nVersion: {VERSION}\\n"
    (info / "METADATA").write_text(head)
    return info.name
"""


def build_for(folder: Path, name: str, version: str, tag: str) -> Path:
    """Build a wheel for one Python only (`cp311`)."""
    wheel = build_wheel(folder, name, version)
    return wheel.rename(wheel.with_name(f"{name}-{version}-{tag}-none-any.whl"))


def grow(env: Env, folder: Path) -> str:
    """Install and remove with both over several transactions; return a repository's commit."""
    build_project(folder / "app", "app", requires=["tomli"])
    build_project(folder / "repo", "cloned")
    commit = build_clone(folder / "repo")
    wheel = build_wheel(folder / "wheels", "local", scripts=True, extras=["x"])
    env.conda("install", "-y", "packaging=24.2")
    env.pip("install", "-q", "cowsay==6.0", "Flask-Testing", "-e", str(folder / "app"))
    env.pip("install", "-q", f"git+{(folder / 'repo').as_uri()}", f"{wheel}[x]", "six==1.15.0")
    env.conda("pip install", "--yes", "click<8.1.8", "--from-pypi=click")
    env.conda("remove", "-y", "packaging")
    env.pip("uninstall", "-q", "-y", "blinker")
    env.pip("install", "-q", "blinker")  # by itself, now
    assert env.findings() == []
    return commit


def check_origins(env: Env, commit: str) -> None:
    """What came from elsewhere came from there again, and is as requested as before."""
    site = env.prefix / "lib/python3.12/site-packages"
    (direct,) = site.glob("cloned-*/direct_url.json")
    assert json.loads(direct.read_text())["vcs_info"]["commit_id"] == commit
    (direct,) = site.glob("app-*/direct_url.json")
    assert json.loads(direct.read_text())["dir_info"] == {"editable": True}
    assert (env.prefix / "bin/local").read_text().startswith(f"#!{env.prefix}/bin/python\n")
    assert is_requested(env, "cowsay")
    assert is_requested(env, "blinker")
    assert not is_requested(env, "werkzeug")


@SOLVERS
def test_what_both_installed_over_time_follows_up_and_down(
    make_env: MakeEnv, base: Base, tmp_path: Path, solver: str
) -> None:
    env = make_env("python", "pip", "attrs=24.2.0", "six")
    commit = grow(env, tmp_path)
    note = env.site_packages / "note.txt"
    note.write_text("mine")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    specs = read_requested_specs(env.prefix)
    old, new = base.channel.pythons
    variables: dict[str, Any] = {"CONDA_SOLVER": solver}

    dry = env.json("pip upgrade-python", "3.12", "--dry-run", **variables)
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    done = env.json("pip upgrade-python", "3.12", "--yes", **variables)
    assert done["plan"] == dry["plan"]
    pips = {name: one[1] for name, one in plan_of(done).items() if one[0] == "pip"}
    assert pips == dict.fromkeys(
        ("app", "cloned", "cowsay", "flask-testing", "local", "six"), "change"
    )
    reasons = reasons_of(done)
    assert reasons["cowsay"] == "for Python 3.12"
    assert reasons["app"] == f"for Python 3.12, from editable, {tmp_path / 'app'}"
    assert reasons["six"] == "for Python 3.12, in place of conda's six, as before"
    assert reasons["click"] == "available in the channels, moves from pip"
    owners = env.owners()
    assert (owners["cowsay"], owners["six"]) == (("6.0", "pip"), ("1.15.0", "pip"))
    moved = {owners[name][1] for name in ("click", "flask", "werkzeug", "jinja2", "tomli")}
    assert moved == {"conda"}
    assert env.findings() == []
    env.python("import app, cloned, cowsay, six, flask_testing, local, attr")
    check_origins(env, commit)
    after = read_requested_specs(env.prefix)
    assert after["python"] == "python=3.12"
    assert after["click"] == "click[version='<8.1.8dev0']"
    kept = specs.keys() - {"python"}
    assert {name: after[name] for name in kept} == {name: specs[name] for name in kept}
    assert read_state(env.prefix).requests["click"] == "click<8.1.8"
    left = (env.prefix / "lib/python3.11/site-packages").rglob("*")
    assert [path for path in left if not path.is_dir()] == [note]

    said = env.conda("pip upgrade-python", "3.12", "--yes", **variables).stdout
    assert said == f"{env.name} already has Python {new}.\n"
    env.conda("pip upgrade-python", "3.11", "--yes", **variables)
    assert env.python(VERSION) == old
    assert env.owners() == owners
    assert env.findings() == []
    env.python("import app, cloned, cowsay, six, flask_testing, local, attr")
    env.conda("pip undo", "--yes")
    assert env.python(VERSION) == new
    assert env.owners() == owners
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    assert env.findings() == []


@pytest.mark.faults  # half a minute and more
def test_what_cannot_follow_is_named_and_goes_only_if_told(
    make_env: MakeEnv, tmp_path: Path
) -> None:
    env = make_env("python", "pip")
    wheels = tmp_path / "wheels"
    build_for(wheels, "stuck", "1.0", "cp311")
    build_for(wheels, "moving", "1.0", "cp311")
    build_for(wheels, "moving", "2.0", "cp312")
    build_for(wheels, "held", "1.0", "cp311")
    build_for(wheels, "held", "2.0", "cp312")
    build_wheel(wheels, "lonely")
    build_wheel(wheels, "limited", python="<3.12", requires=["lonely"])
    build_wheel(wheels, "backport", python="<3.12")
    build_wheel(wheels, "user", requires=["stuck"])
    build_wheel(wheels, "modern", requires=["backport; python_version < '3.12'"])
    files: dict[str, Any] = {"PIP_FIND_LINKS": wheels.as_uri()}
    names = ("moving==1.0", "limited", "user", "modern", "cowsay==6.0")
    env.pip("install", "-q", "--find-links", str(wheels), *names)
    env.conda("pip install", "--yes", "held<2", **files)
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    words = ("pip upgrade-python", "--yes", "3.12")

    refused = env.conda(*words, check=False, **files)
    assert refused.returncode == 1
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    told = refused.stderr.splitlines()
    head = told.index(
        f"Error: Nothing was changed: 3 packages of pip cannot follow {env.name} to Python 3.12:"
    )
    assert told[head + 1 : head + 4] == [
        "  held 1.0 is not available for Python 3.12; no other version within <2 works",
        "  limited 1.0 requires Python <3.12; no other version works",
        "  user 1.0 requires stuck",
    ]
    error = json.loads(env.conda(*words, "--json", check=False, **files).stdout)
    assert error["error"]["code"] == "cannot-follow"
    one = env.conda(*words, "--drop", "held", "--drop", "user", check=False, **files)
    assert "1 package of pip cannot follow" in one.stderr
    (command,) = re.findall(r"To remove it with the change: `conda (.*)`", one.stderr)
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before

    env.base.run(*shlex.split(command), "--yes", check=True, **files)
    assert {name: one[0] for name, one in env.owners().items() if one[1] == "pip"} == {
        "cowsay": "6.0",
        "modern": "1.0",
        "moving": "2.0",
    }
    assert env.findings() == []
    env.conda("pip undo", "--yes")
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    done = env.json(*words, "--keep-going", **files)
    reasons = reasons_of(done)
    assert reasons["moving"] == "1.0 is not available for Python 3.12"
    assert reasons["user"] == "it requires stuck"
    assert reasons["stuck"] == "only required by user"
    assert reasons["lonely"] == "only required by limited"
    assert {"lonely", "stuck"}.isdisjoint(env.owners())
    assert reasons["backport"] == "nothing requires it with Python 3.12"
    assert plan_of(done)["held"] == ("pip", "remove")
    assert env.findings() == []
    assert "held" not in env.owners()


@pytest.mark.faults  # half a minute and more
def test_what_does_not_build_or_is_gone_cannot_follow(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip")
    for name in ("late", "folder", "gone", "built"):
        backend = build_project(tmp_path / name, name) / "backend.py"
        text = backend.read_text().replace("    text = f", f"    {NOT_YET}text = f")
        assert text != backend.read_text()
        backend.write_text(text + (METADATA if name == "built" else ""))
    build_sdist(tmp_path / "files", tmp_path / "late", "late")
    build_sdist(tmp_path / "files", tmp_path / "built", "built")
    fine = build_project(tmp_path / "fine", "fine")
    build_sdist(tmp_path / "files", fine, "fine")
    files: dict[str, Any] = {"PIP_FIND_LINKS": (tmp_path / "files").as_uri()}
    env.pip("install", "-q", "--find-links", str(tmp_path / "files"), "late", "built", "fine")
    env.pip("install", "-q", str(tmp_path / "folder"), str(tmp_path / "gone"))
    (tmp_path / "gone").rename(tmp_path / "elsewhere")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    refused = env.conda("pip upgrade-python", "--yes", "3.12", check=False, **files)
    assert refused.returncode == 1
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    told = [line for line in refused.stderr.splitlines() if re.match(r"  \w+ 1\.0 ", line)]
    assert told == [
        "  built 1.0 cannot be built for Python 3.12",
        "  folder 1.0 cannot be built for Python 3.12",
        f"  gone 1.0 was installed from {(tmp_path / 'gone').as_uri()}, which does not exist",
        "  late 1.0 cannot be built for Python 3.12; no other version works",
    ]
    env.conda("pip upgrade-python", "--yes", "--keep-going", "3.12", **files)
    assert {*env.owners()} == {"fine", "pip"}
    assert env.findings() == []


def test_what_fails_after_condas_part_takes_all_back(make_env: MakeEnv, tmp_path: Path) -> None:
    env = make_env("python", "pip", "six", "click=8.1.7")
    build_wheel(tmp_path, "datum", data={"share/datum": "data"})
    names = ("datum", "cowsay==6.0", "six==1.15.0", "idna==3.7")
    env.pip("install", "-q", "--find-links", str(tmp_path), *names)
    (env.prefix / "share/datum").unlink()
    (env.prefix / "share/datum").mkdir()
    (env.prefix / "share/datum/own").write_text("mine")
    env.conda("pip reconcile", "--yes")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    files: dict[str, Any] = {"PIP_FIND_LINKS": tmp_path.as_uri()}
    refused = env.conda("pip upgrade-python", "--yes", "3.12", check=False, **files)
    assert "share/datum" in refused.stderr
    assert "is a folder, not a file" in refused.stderr
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    (operation,) = env.json("pip undo", "--list")["operations"]
    assert operation["title"] == "reconcile"


@SOLVERS
def test_the_guard_names_the_command_that_takes_pips_packages_along(
    make_env: MakeEnv, base: Base, solver: str
) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "cowsay==6.0")
    told = env.conda("install", "-y", "--dry-run", "python=3.12", CONDA_SOLVER=solver).stderr
    (command,) = re.findall(r"in one step: `conda (.*)`", told)
    assert command == f"pip upgrade-python -n {env.name} 3.12"
    base.run(*shlex.split(command), "--yes", check=True, CONDA_SOLVER=solver)
    assert env.owners()["cowsay"] == ("6.0", "pip")
    assert env.python("import cowsay; print(cowsay.__file__)").endswith("__init__.py")
    assert env.findings() == []
    told = env.conda("install", "-y", "--dry-run", "python=3.12", CONDA_SOLVER=solver).stderr
    assert "upgrade-python" not in told


def test_what_is_not_there_or_not_wanted_is_refused(make_env: MakeEnv, base: Base) -> None:
    env = make_env("python", "pip")
    env.pip("install", "-q", "cowsay==6.0")
    before = hash_tree(env.prefix, but=STATE_FOLDER)
    for words, code, said in (
        (("3.99",), 1, "The channels have no Python 3.99; they have 3.11, 3.12."),
        (("3.12t",), 1, "The channels have no Python 3.12t; they have 3.11, 3.12."),
        (("three",), 2, "'three' is not a version of Python such as 3.13 or 3.13t."),
        (("--drop", "a b", "3.12"), 2, "--drop: 'a b' is not the name of a package."),
        (("--drop", "absent", "3.12"), 1, f"absent is not installed in {env.name}."),
        (("--drop", "pip", "3.12"), 1, f"To remove it first: `conda remove -n {env.name} pip`"),
    ):
        refused = env.conda("pip upgrade-python", "--yes", *words, check=False)
        assert refused.returncode == code
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    assert hash_tree(env.prefix, but=STATE_FOLDER) == before
    refused = base.run("pip", "upgrade-python", "-n", "base", "--yes", "3.12", check=False)
    assert refused.returncode == 1
    assert "conda runs with the Python of base" in refused.stderr
    done = env.json("pip upgrade-python", base.channel.pythons[0], "--yes")
    assert done["plan"] == []
