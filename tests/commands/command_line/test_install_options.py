"""What `conda pip install` takes: all of pip's options are known by name, none is ignored."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conda_pip_interop.commands.command_line.parser import build_parser, parse_arguments
from conda_pip_interop.commands.command_line.registry import COMMANDS
from conda_pip_interop.errors import UsageError
from conda_pip_interop.installers.pip.options import (
    BY_NAME,
    PIP_OPTIONS,
    ForwardedOption,
    RefusedOption,
    Stage,
)
from conda_pip_interop.resolve.request.install_options import InstallOptions

STAGES: tuple[Stage, ...] = ("resolve", "fetch", "install", "editable")


def parse(*argv: str) -> Namespace:
    options = parse_arguments(["install", *argv])
    assert isinstance(options, Namespace)
    return options


def refuse(*argv: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse(*argv)
    assert caught.value.exit_code == 2
    assert caught.value.hints
    return caught.value


def test_every_option_of_the_real_pip_is_known_by_name() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    columns = re.findall(r"^  (-.*?)(?:  |$)", shown, re.MULTILINE)
    names = {name for column in columns for name in re.findall(r"(?<!\S)--?[a-zA-Z][\w-]*", column)}
    assert {"--index-url", "-i", "--group", "--cert"} <= names
    known = build_parser(COMMANDS["install"]).list_options()
    # the program's own version is no matter of an installation
    assert names - known <= {"-V", "--version"}


@pytest.mark.parametrize("option", PIP_OPTIONS, ids=lambda one: one.names[-1])
def test_each_option_of_pips_goes_somewhere_or_is_refused_by_name(option: object) -> None:
    match option:
        case ForwardedOption(names=names, metavar=None):
            for name in names:
                given = parse("flask", name).install.pip
                assert any(given.words(stage) for stage in STAGES)
                assert given.has(name)
        case ForwardedOption(names=names):
            for name in names:
                given = parse("flask", name, "a=1").install.pip
                assert given.values(name) == ("a=1",)
                words = {word for stage in STAGES for word in given.words(stage)}
                assert len(words) == 1
                assert next(iter(words)).endswith("=a=1")
        case RefusedOption(names=names, instead=instead, metavar=metavar):
            for name in names:
                error = refuse("flask", name, *([] if metavar is None else ["x"]))
                assert name in error.message
                assert instead in error.hints
                assert name in refuse("flask", "--", name).message


def test_options_go_to_the_runs_of_pip_where_they_mean_something() -> None:
    given = parse(
        *("flask", "--index-url", "https://i", "--pre", "-f./wheels", "-C", "a=b", "--no-compile"),
        *("--require-hashes", "--proxy=http://p", "--src", "here"),
    ).install.pip
    looking = ("--index-url=https://i", "--pre", "--find-links=./wheels", "--config-settings=a=b")
    assert given.words("resolve") == (*looking, "--require-hashes", "--proxy=http://p")
    assert given.words("fetch") == given.words("resolve")
    assert given.words("install") == ("--no-compile", "--proxy=http://p")
    assert given.words("editable") == (*looking, "--no-compile", "--proxy=http://p", "--src=here")


def test_what_is_asked_for_may_stand_in_files_groups_and_scripts() -> None:
    options = parse(
        *("-r", "a.txt", "--requirement=b.txt", "-e", ".", "-egit+https://x", "--group", "p:test"),
        *("--constraint", "c.txt", "--requirements-from-script", "s.py", "x"),
    )
    assert options.words == ("x",)
    assert options.install == InstallOptions(
        requirement_files=("a.txt", "b.txt"),
        editables=(".", "git+https://x"),
        groups=("p:test",),
        constraint_files=("c.txt",),
        scripts=("s.py",),
    )


def test_ours_are_read() -> None:
    options = parse(
        *("x", "--from-pypi", "a", "--from-pypi=b", "--from-conda", "c", "--prefer", "pypi"),
        *("--break-other-managers=d", "--keep-going", "--solver", "classic", "--only-deps"),
        *("-U", "--upgrade-strategy", "eager", "--force-reinstall", "--build-from-pypi"),
        "--override-frozen",
    )
    assert options.override_frozen
    assert options.install == InstallOptions(
        from_pypi=("a", "b"),
        from_conda=("c",),
        prefer="pypi",
        break_other_managers=("d",),
        keep_going=True,
        solver="classic",
        only_deps=True,
        upgrade=True,
        upgrade_strategy="eager",
        force_reinstall=True,
        build_from_pypi=True,
    )


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("--constraint", "c.txt"),
        ("x", "--no-deps", "--only-deps"),
        ("x", "--from-pypi", "a", "--from-conda", "a"),
        ("x", "--prefer", "uv"),
        ("x", "--upgrade-strategy", "some"),
        ("x", "--index-url"),
        ("x", "--", "--index-url"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(argv: tuple[str, ...]) -> None:
    refuse(*argv)


def test_a_file_given_as_a_channel_is_told_from_one(tmp_path: Path) -> None:
    assert "--constraint limits.txt" in refuse("x", "-c", "limits.txt").hints[0]
    (tmp_path / "limits").write_text("")
    refuse("x", "-c", str(tmp_path / "limits"))
    assert parse("x", "-c", "conda-forge", "-c", str(tmp_path)).channels[0] == "conda-forge"


def test_what_stands_behind_two_dashes_is_pips() -> None:
    given = parse(
        *("x", "-q", "--", "y", "--new-option=1", "--timeout", "3", "-f", "w", "--no-input"),
        *("z", "--other", "value"),
    )
    assert given.quiet
    assert given.words == ("x", "y", "z")
    pip = given.install.pip
    new = ("--new-option=1", "--other", "value")
    assert pip.words("resolve") == ("--timeout=3", "--find-links=w", *new)
    assert pip.words("install") == ("--timeout=3", *new)
    assert pip.words("fetch") == ("--timeout=3", "--find-links=w")


@pytest.mark.parametrize("option", ["-r", "--requirement=x", "--json", "-U", "-n", "--help"])
def test_what_is_ours_does_not_stand_behind_two_dashes(option: str) -> None:
    assert "before `--`" in refuse("x", "--", option, "y").message


@given(words=st.lists(st.sampled_from(["x", "--", "--y=1", *BY_NAME]), max_size=6))
def test_no_words_behind_two_dashes_break_the_command_line(words: list[str]) -> None:
    with contextlib.suppress(UsageError):
        assert parse("x", "--", *words).words[0] == "x"
