"""Where conda finds no package, its error names the command that installs from PyPI, too."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.environments import MakeEnv

if TYPE_CHECKING:
    from tests.world.base import Base

pytestmark = [pytest.mark.e2e, pytest.mark.needs_conda("26.7", "error hints")]

CODE = "pip_interop_install"


def find_command(output: str) -> list[str]:
    """The words of the only command in our hint."""
    (line,) = (one for one in output.splitlines() if CODE in one)
    (command,) = re.findall("`(.*)`", line)
    return shlex.split(command)


def test_the_command_of_the_hint_installs_what_only_pypi_has(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    failed = env.conda("install", "--yes", "cowsay<6.1", check=False)
    assert failed.returncode
    assert "If cowsay is on PyPI" in failed.stderr
    program, *words = find_command(failed.stderr)
    assert program == "conda"
    env.base.run(*words, "--yes")
    assert env.owners()["cowsay"] == ("6.0", "pip")


def test_an_environment_that_is_not_there_is_created_first(base: Base) -> None:
    failed = base.run("create", "--yes", "-n", "later", "python", "cowsay", check=False)
    assert "without it, but with python" in failed.stderr
    assert find_command(failed.stderr) == ["conda", "pip", "install", "-n", "later", "cowsay"]


def test_the_hint_is_in_the_json_document_alone(make_env: MakeEnv) -> None:
    env = make_env("python", "pip")
    document: Any = json.loads(env.conda("install", "--json", "cowsay", check=False).stdout)
    assert CODE in document["guidance"]["hint_codes"]


@pytest.mark.parametrize(
    ("command", "words", "variables"),
    [
        ("install", ("numpy=1.*=py27_nobody",), {}),
        ("install", ("channel::cowsay",), {}),
        ("install", ("_cowsay",), {}),
        ("install", ("cowsay",), {"CONDA_OFFLINE": "true"}),
        ("remove", ("cowsay",), {}),
        ("update", ("cowsay",), {}),
    ],
)
def test_where_pypi_is_no_way_out_there_is_no_hint(
    make_env: MakeEnv, command: str, words: tuple[str, ...], variables: dict[str, Any]
) -> None:
    failed = make_env("python", "pip").conda(command, "--yes", *words, check=False, **variables)
    assert failed.returncode
    assert CODE not in failed.stderr
