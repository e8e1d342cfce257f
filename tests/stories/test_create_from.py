"""`conda pip create` from a script, a Poetry project and the manifests of pixi, with real tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.environments import Env, MakeEnv
from tests.support.pip_worlds import build_project
from tests.world.channel import native_subdir

pytestmark = pytest.mark.e2e

SCRIPT = """\
# /// script
# requires-python = ">=3.11,<3.12"
# dependencies = ["six", "cowsay<6.1"]
# ///
import sys, cowsay, six
print(sys.version_info[:2], six.__version__ > "1")
"""
POETRY = """\
[tool.poetry]
name = "farm"
version = "1"
[tool.poetry.dependencies]
python = "~3.11"
six = "^1.15"
own = { path = "own", develop = true }
cowsay = { version = "6.0", optional = true }
[tool.poetry.extras]
art = ["cowsay"]
[tool.poetry.group.test.dependencies]
idna = "*"
"""
PIXI = """\
[workspace]
name = "farm"
channels = ["CHANNEL"]
platforms = ["SUBDIR"]
[dependencies]
python = "3.11.*"
[target.SUBDIR.dependencies]
click = "8.1.*"
[target.nowhere-64.dependencies]
numpy = "*"
[pypi-dependencies]
cowsay = "==6.0"
own = { path = "own", editable = true }
[feature.test.dependencies]
idna = "*"
[feature.test.pypi-dependencies]
six = "*"
[environments]
full = ["test"]
[tasks]
start = "farm"
"""


def write(file: Path, text: str, env: Env) -> str:
    """Write a file for the channel and platform of an environment; return its path."""
    text = text.replace("CHANNEL", env.base.channel.url).replace("SUBDIR", native_subdir())
    file.write_text(text)
    return str(file)


def managers(env: Env, *names: str) -> list[str]:
    owners = env.owners()
    return [owners[one][1] if one in owners else "" for one in names]


def test_a_script_brings_its_environment_with_it(again: Env, tmp_path: Path) -> None:
    script = write(tmp_path / "moo.py", SCRIPT, again)
    again.conda("pip create", "--yes", script)
    done = again.base.run_in(again.prefix, "python", script)
    assert done.stdout.split("\n")[0] == "(3, 11) True"
    assert managers(again, "six", "cowsay") == ["conda", "pip"]
    assert (again.owners()["cowsay"][0], again.findings()) == ("6.0", [])
    again.conda("pip sync", script, "--check")


def test_a_project_of_poetry_is_created_with_its_parts(again: Env, tmp_path: Path) -> None:
    build_project(tmp_path / "own", "own")
    project = write(tmp_path / "pyproject.toml", POETRY, again)
    words = (project, "--extra", "art", "--group", "test")
    again.conda("pip create", "--yes", *words)
    assert again.python("import sys; print(sys.version_info[:2])") == "(3, 11)"
    assert managers(again, "six", "idna", "cowsay", "own") == ["conda", "conda", "pip", "pip"]
    assert (again.owners()["cowsay"][0], again.findings()) == ("6.0", [])
    again.conda("pip sync", *words, "--check")


@pytest.mark.parametrize("name", ["pixi.toml", "pyproject.toml"])
def test_a_manifest_of_pixi_is_created_as_pixi_has_it(
    name: str, again: Env, tmp_path: Path
) -> None:
    build_project(tmp_path / "own", "own")
    text = PIXI
    if name == "pyproject.toml":
        text = text.replace("\n[", "\n[tool.pixi.").replace("[workspace]", "[tool.pixi.workspace]")
        text += '[project]\nname = "farm"\nversion = "1"\ndependencies = ["itsdangerous"]\n'
        text += '[dependency-groups]\nlint = ["pluggy"]\n'
    file = write(tmp_path / name, text, again)
    nowhere: dict[str, Any] = {"CONDA_CHANNELS": "file:///nowhere"}
    again.conda("pip create", "--yes", file, "--group", "test", **nowhere)
    assert again.python("import sys; print(sys.version_info[:2])") == "(3, 11)"
    found = managers(again, "click", "idna", "cowsay", "own", "six", "numpy")
    assert found == ["conda", "conda", "pip", "pip", "pip", ""]
    assert managers(again, "itsdangerous") == ["conda" if name == "pyproject.toml" else ""]
    assert again.findings() == []
    again.conda("pip sync", file, "--group", "test", "--check", **nowhere)
    done = again.conda("pip sync", "--yes", file, **nowhere)
    assert "not needed by" in done.stdout
    assert managers(again, "click", "idna", "six") == ["conda", "", ""]
    again.conda("pip install", "--yes", "-r", file, "--group", f"{file}:test", **nowhere)
    assert managers(again, "idna", "six") == ["conda", "pip"]


@pytest.mark.parametrize(
    ("command", "text", "told"),
    [
        ("moo.py", "import six\n", ("it has no `# /// script` blocks", "# /// script")),
        ("moo.py", SCRIPT + SCRIPT, ("it has 2 `# /// script` blocks",)),
        ("moo.py", SCRIPT.replace('["six"', '"six"'), ("moo.py cannot be read",)),
        ("moo.py --group test", SCRIPT, ("a pylock.toml or a pixi.toml",)),
        ("pyproject.toml --extra no", POETRY, ("has no extra no", "Available: art")),
        ("pyproject.toml --group no", POETRY, ("has no group no", "Available: test")),
        (
            "pyproject.toml",
            POETRY.replace('"^1.15"', "{ barn = 1 }"),
            ("its dependency six is not supported", "poetry export"),
        ),
        ("pixi.toml --group no", PIXI, ("has no feature no", "Available: test")),
        ("pixi.toml --group full", PIXI, ("has no feature full", "`--group test`")),
        ("pixi.toml --extra art", PIXI, ("has no extra art", "`--group art`")),
        (
            "pixi.toml",
            PIXI.replace('"3.11.*"', '{ path = "." }'),
            ("its dependency python is not supported", "pixi workspace export"),
        ),
        (
            "pixi.toml",
            PIXI.replace('"==6.0"', '{ barn = "red" }'),
            ("its dependency cowsay is not supported", "pixi workspace export"),
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_what_to_do(
    command: str, text: str, told: tuple[str, ...], again: Env, tmp_path: Path
) -> None:
    name, *words = command.split()
    file = write(tmp_path / name, text, again)
    refused = again.conda("pip create", "--yes", file, *words, check=False)
    assert refused.returncode == 2
    assert [one for one in told if one not in refused.stderr] == []
    assert not again.prefix.exists()


def test_what_is_not_read_of_a_manifest_is_said(again: Env, tmp_path: Path) -> None:
    more = '[constraints]\nsix = "<2"\n[feature.cuda.system-requirements]\ncuda = "12"\n'
    file = write(tmp_path / "pixi.toml", PIXI.replace("own =", "#") + more, again)
    told = again.conda("pip create", "--dry-run", file).stderr
    assert "pixi.toml: constraints, feature.cuda.system-requirements of pixi are left out" in told
    assert "constraints" in again.base.run("pip", "translate", file).stderr


def test_packages_that_no_channel_has_are_named(again: Env, tmp_path: Path) -> None:
    file = tmp_path / "environment.yml"
    file.write_text("dependencies:\n  - six\n  - unheard-of\n")
    done = again.conda("pip create", "--yes", str(file), check=False)
    assert done.returncode == 1
    assert "Error: conda cannot install " in done.stderr
    assert "  - unheard-of\n" in done.stderr
    assert "add the channel that has them" in done.stderr
    assert not again.prefix.exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.txt", ""),
        ("pixi.lock", ""),
        ("environment.yml", "name: web\n"),
        ("pylock.toml", 'lock-version = "1.0"\npackages = []\n'),
        ("explicit.txt", "@EXPLICIT\n"),
    ],
)
def test_a_sync_with_an_empty_file_removes_nothing(
    make_env: MakeEnv, tmp_path: Path, name: str, text: str
) -> None:
    env = make_env("python", "pip")
    (tmp_path / name).write_text(text)
    for words in (("--yes",), ("--check",)):
        done = env.conda("pip sync", str(tmp_path / name), *words, check=False)
        assert done.returncode == 2
        assert f"{name} requests nothing" in done.stderr
    assert "pip" in env.owners()


def test_what_a_file_says_in_vain_is_among_the_notes_of_each_command(
    make_env: MakeEnv, again: Env, tmp_path: Path
) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(
        '[project]\nname = "app"\ndependencies = ["pip"]\n'
        '[tool.uv]\noverride-dependencies = ["six"]\n'
    )
    said = f"{file}: tool.uv.override-dependencies is left out: a file for pip cannot say it."
    env = make_env("python", "pip")
    for target, words in (
        (env, ("pip install", "--yes", "-r")),
        (env, ("pip install", "--dry-run", "--force-reinstall", "-r")),
        (env, ("pip sync", "--check")),
        (again, ("pip create", "--dry-run")),
    ):
        done = target.conda(*words, str(file), "--json", check=False)
        assert json.loads(done.stdout)["notes"][0] == said
        assert said in done.stderr
    assert said in env.conda("pip install", "--yes", "-r", str(file)).stderr
