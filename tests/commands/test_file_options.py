"""`conda pip create` and `sync`: their files and options as `install` would be told."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from conda_pip_interop.commands.change.create import find_name
from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.commands.file_options import build_options
from conda_pip_interop.errors import UsageError
from conda_pip_interop.resolve.request.install_options import InstallOptions


def build(*words: str) -> InstallOptions:
    args = parse_arguments(words)
    assert isinstance(args, Namespace)
    return build_options(args)


def test_each_file_is_read_as_what_it_is() -> None:
    words = ("a/pyproject.toml", "r.txt", "tool.py", "--extra", "x", "--extra", "y")
    options = build("create", "-n", "web", *words, "--group", "dev", "--prefer", "pypi", "--pre")
    assert options.requirement_files == ("a/pyproject.toml[x,y]", "r.txt")
    assert (options.scripts, options.groups) == (("tool.py",), ("a/pyproject.toml:dev",))
    assert (options.prefer, options.pip.has("--pre")) == ("pypi", True)
    assert build("sync", "r.txt") == InstallOptions(requirement_files=("r.txt",))


def test_an_environment_file_names_the_environment(tmp_path: Path) -> None:
    texts = {"a.txt": "six\n", "lock.yml": "version: 1\n", "b.yml": "name: 3\n", "c.yml": "["}
    texts["d.yml"] = "name: web\n"
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in (*texts, "missing.yml")]
    assert find_name(Namespace(files=files)) == "web"
    assert find_name(Namespace(files=files[:4])) is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("create", "-n", "web"), "`conda pip create` needs a file"),
        (("sync",), "`conda pip sync` needs a file"),
        (("sync", "flask>=3.0"), "`conda pip sync` takes files, and there is no file flask>=3.0"),
        (("sync", "r.txt", "--extra", "x"), "require a pyproject.toml, a pylock.toml"),
        (("create", "r.txt", "--group", "x"), "require a pyproject.toml, a pylock.toml"),
    ],
)
def test_what_is_missing_is_named(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        build(*words)
    assert caught.value.hints


def test_packages_in_place_of_files_are_told_to_the_commands_that_take_them() -> None:
    with pytest.raises(UsageError) as caught:
        build("create", "-n", "web", "flask>=3.0", "six")
    assert caught.value.hints == (
        "To create an environment: `conda create -n web python pip`.",
        "To install packages: `conda pip install -n web 'flask>=3.0' six`.",
    )
