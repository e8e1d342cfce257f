"""Commands of pip: every argument reaches pip unchanged, but what selects the environment."""

from __future__ import annotations

from argparse import Namespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.commands.command_line.registry import COMMANDS
from conda_pip_interop.errors import UsageError

PASSED_ON = sorted(one.name for one in COMMANDS.values() if one.passed_on)


def parse(*argv: str) -> Namespace:
    args = parse_arguments(argv)
    assert isinstance(args, Namespace), args
    return args


_WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    command=st.sampled_from(PASSED_ON),
    words=st.lists(st.one_of(_WORDS, st.sampled_from([*COMMANDS, "-r", "--json", "-q", "-n"]))),
    place=st.sampled_from(["before", "after"]),
)
def test_everything_after_the_environment_is_passed_to_pip(
    command: str, words: list[str], place: str
) -> None:
    ours = ["-n", "web"]
    head = [*ours, command] if place == "before" else [command, *ours]
    args = parse(*head, "--", *words)
    assert (args.command, args.name, args.verbatim) == (command, "web", tuple(words))
    is_ours = words[:1] and words[0].startswith(("-n", "-p", "--name", "--prefix"))
    if not is_ours and words[:1] != ["--"] and not {"-h", "--help"} & set(words):
        assert parse(*head, *words).verbatim == tuple(words)


@pytest.mark.parametrize("command", PASSED_ON)
def test_an_environment_after_other_arguments_is_passed_to_pip(command: str) -> None:
    args = parse(command, "x", "-n", "web")
    assert args.name is None
    assert args.verbatim == ("x", "-n", "web")


@pytest.mark.parametrize("command", PASSED_ON)
def test_help_is_ours_unless_it_follows_two_dashes(command: str) -> None:
    for argv in ((command, "--help"), (command, "x", "-h"), ("-h", command)):
        text = parse_arguments(argv)
        assert isinstance(text, str)
        assert f"`conda pip {command} -- --help`" in text
    assert parse(command, "--", "--help").verbatim == ("--help",)


@pytest.mark.parametrize("command", PASSED_ON)
def test_an_option_before_the_command_that_is_not_ours_is_refused(command: str) -> None:
    with pytest.raises(UsageError, match="--frobnicate"):
        parse("--frobnicate", command)
