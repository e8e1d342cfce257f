"""How messages and commands name an environment."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from conda_pip_interop.environment.target import Target, not_installed, refuse_frozen
from conda_pip_interop.errors import InteropError

WEB = Target(prefix=Path("/opt/conda/envs/web"), name="web", is_base=False)
NAMELESS = Target(prefix=Path("/home/me/my env"), name=None, is_base=False)


def test_a_target_of_which_only_the_path_is_known_is_no_base() -> None:
    assert Target.at(NAMELESS.prefix) == NAMELESS


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
        ("conda env config vars set A=1", "conda env config vars set -n web A=1"),
    ],
)
def test_the_option_is_between_the_subcommand_and_its_operands(words: str, line: str) -> None:
    assert WEB.command(*words.split()) == line


def test_a_command_line_is_quoted_for_the_shell() -> None:
    line = NAMELESS.command("conda", "install", "numpy>=2")
    assert shlex.split(line) == ["conda", "install", "-p", "/home/me/my env", "numpy>=2"]
    assert "'numpy>=2'" in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b'{"message": "only the image builder"}', "only the image builder"),
        (b'{"message": 3}', "3"),
        *((one, "no reason given") for one in (b"", b"{}", b"[]", b"\xff", b"[" * 10_000)),
    ],
)
def test_a_frozen_environment_says_why(tmp_path: Path, content: bytes, told: str) -> None:
    target = Target(prefix=tmp_path, name="web", is_base=False)
    (tmp_path / "conda-meta").mkdir()
    refuse_frozen(target)
    (tmp_path / "conda-meta/frozen").write_bytes(content)
    with pytest.raises(InteropError) as refused:
        refuse_frozen(target)
    assert refused.value.code == "frozen"
    assert f"web is frozen ({told})" in refused.value.message


def test_a_pipe_does_not_freeze_an_environment(tmp_path: Path) -> None:
    (tmp_path / "conda-meta").mkdir()
    os.mkfifo(tmp_path / "conda-meta/frozen")
    refuse_frozen(Target(prefix=tmp_path, name="web", is_base=False))


def test_names_that_are_not_installed_are_told_in_one_sentence() -> None:
    error = not_installed(["six"], WEB, installed=["pip"])
    assert (error.code, error.message) == ("not-installed", "six is not installed in web.")
    assert error.hints == ("To list installed packages: `conda pip list -n web`.",)
    assert not_installed(["a", "b"], WEB, installed=[]).message == "a, b are not installed in web."


def test_a_mistyped_name_is_told_what_it_comes_nearest() -> None:
    error = not_installed(["clik", "zzz"], WEB, installed=["click", "flask"])
    assert error.hints[0] == "Did you mean click?"
