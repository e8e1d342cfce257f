"""How messages and commands name an environment."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from conda_pip_interop.environment.target import Target

WEB = Target(prefix=Path("/opt/conda/envs/web"), name="web", is_base=False)
NAMELESS = Target(prefix=Path("/home/me/my env"), name=None, is_base=False)


def test_a_target_is_selected_by_name_or_else_by_path() -> None:
    assert (WEB.label, WEB.option) == ("web", ("-n", "web"))
    assert (NAMELESS.label, NAMELESS.option) == ("/home/me/my env", ("-p", "/home/me/my env"))


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("conda pip restore numpy", "conda pip restore -n web numpy"),
        ("conda pip check", "conda pip check -n web"),
        ("conda remove numpy", "conda remove -n web numpy"),
        ("conda list --revisions", "conda list -n web --revisions"),
    ],
)
def test_the_option_is_between_the_subcommand_and_its_operands(words: str, line: str) -> None:
    assert WEB.command(*words.split()) == line


def test_a_command_line_is_quoted_for_the_shell() -> None:
    line = NAMELESS.command("conda", "install", "numpy>=2")
    assert shlex.split(line) == ["conda", "install", "-p", "/home/me/my env", "numpy>=2"]
    assert "'numpy>=2'" in line
