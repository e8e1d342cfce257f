"""What people type every day, slips included, gets an answer that works."""

from __future__ import annotations

import re
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.stories.tree import hash_tree
from tests.support.environments import Env, MakeEnv
from tests.support.other_users import somebody_else

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base import Base

pytestmark = pytest.mark.e2e


def pipe(env: Env, command: str, reader: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a shell's `conda COMMAND | READER`; the exit code is conda's."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"{env.base.conda} {command} | {reader}"],
        env=env.base.env(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def find_commands(said: str) -> list[list[str]]:
    """Return the command lines that an error names below its first line, without `conda`."""
    hints = said.partition("\n")[2]
    return [shlex.split(one)[1:] for one in re.findall("`(conda [^`]*)`", hints)]


def test_the_commands_of_other_tools_work_or_name_one_that_does(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    env.conda("pip add", "cowsay==6.0")
    assert env.owners()["cowsay"] == ("6.0", "pip")
    held = env.conda("pip upgrade", "cowsay", "--yes")
    assert env.owners()["cowsay"] == ("6.0", "pip"), held.stdout
    env.conda("pip install", "--upgrade", "--yes", "cowsay")
    assert env.owners()["cowsay"] == ("6.1", "pip")
    export, freeze = find_commands(env.conda("pip lock", check=False).stderr)
    assert "cowsay==6.1" in env.base.run(*freeze).stdout
    env.base.run(*export[:-1], str(env.prefix / export[-1]))
    assert "cowsay-6.1-py3-none-any.whl" in (env.prefix / export[-1]).read_text()
    env.conda("pip remove", "cowsay")
    assert "cowsay" not in env.owners()
    shown = env.base.run("pip", "help", "install").stdout
    assert shown == env.base.run("pip", "install", "--help").stdout


def test_an_environment_is_created_as_the_answer_says(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    refused = env.base.run("pip", "venv", "-n", f"{env.name}-new", check=False)
    create = find_commands(refused.stderr)[0]
    assert create == ["create", "-n", f"{env.name}-new", "python", "pip"]
    env.base.run(*create, "--dry-run")


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("install --hlep", "--help"),
        ("install --dryrun cowsay", "--dry-run"),
        ("list --format=json", "--json"),
        ("-U cowsay", "-U"),
    ],
)
def test_a_slip_names_the_nearest_option(make_env: MakeEnv, typed: str, named: str) -> None:
    env = make_env("python")
    refused = env.base.run("pip", *typed.split(), check=False)
    assert refused.returncode == 2
    assert named in refused.stderr.partition("\n")[2]


def test_a_reader_that_stops_reading_is_no_error(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    for command in ("list --json", "list", "inspect", "--help", "status --json", "freeze --all"):
        for reader in ("head -1", "true"):
            done = pipe(env, f"pip {command}", reader, CONDA_PREFIX=str(env.prefix))
            assert done.stderr == "", command
            assert done.returncode in (0, 141), command
    done = pipe(env, f"pip install -n {env.name} -y six cowsay", "true")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"six", "cowsay"} <= env.owners().keys()


@pytest.mark.parametrize("command", ["install six cowsay", "uninstall cowsay", "repair", "undo"])
def test_permission_is_checked_before_anything_is_solved(
    make_env: MakeEnv, shared_folder: Path, command: str
) -> None:
    env = make_env("python", "pip")
    theirs = env.base.at(shared_folder / "scratch")
    variables = theirs.env(CONDA_PLUGINS_PIP_INTEROP_MESSAGE="Ask ops@example.org.")
    words = command.split()
    before = hash_tree(env.prefix)
    with somebody_else(env.prefix / "conda-meta", shared_folder) as how:
        done = subprocess.run(
            [env.base.conda, "pip", words[0], "-p", env.prefix, *words[1:]],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            cwd=shared_folder,
            **how,
        )
    assert done.returncode == 1
    assert done.stdout == "", "no solve, no plan"
    first, *hints = done.stderr.splitlines()
    meta = env.prefix / "conda-meta"
    assert first == (
        f"Error: The environment {env.prefix} is not writable: no permission to write to {meta}. "
        "Nothing was changed."
    )
    assert hints[-1] == "  - Ask ops@example.org."
    assert hash_tree(env.prefix) == before


def test_a_protected_base_shows_the_message_of_the_policy(base: Base) -> None:
    refused = base.run(
        *("pip", "install", "-n", "base", "cowsay"),
        check=False,
        CONDA_PLUGINS_PIP_INTEROP_MESSAGE="Ask ops@example.org.",
    )
    assert "is protected" in refused.stderr
    assert refused.stderr.endswith("  - Ask ops@example.org.\n")


def test_without_a_reader_of_the_question_nothing_is_changed(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    command = f"pip install -n {env.name} cowsay"
    done = pipe(env, command, "true", CONDA_ALWAYS_YES="false")
    assert (done.returncode, done.stderr) == (141, "")
    assert "cowsay" not in env.owners()
