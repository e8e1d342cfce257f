"""The command lines of uninstall, list, show, tree, why, freeze, and of what is handed to pip."""

from __future__ import annotations

import pytest
from conda_pip_interop.commands.family_options import FAMILY, PASSED, FamilyOptions
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.commands.parser import Options, parse_options
from conda_pip_interop.commands.registry import COMMANDS
from conda_pip_interop.errors import UsageError


def parse(*argv: str) -> Options:
    options = parse_options(argv)
    assert isinstance(options, Options), options
    return options


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (("uninstall", "a", "--keep-deps"), FamilyOptions(keep_deps=True)),
        (("list", "--outdated"), FamilyOptions(outdated=True)),
        (("show", "a", "-f"), FamilyOptions(files=True)),
        (("show", "--files", "a"), FamilyOptions(files=True)),
        (("tree", "--reverse"), FamilyOptions(reverse=True)),
        (("tree", "a", "b"), FamilyOptions()),
        (("freeze", "--all"), FamilyOptions(every=True)),
    ],
)
def test_every_command_has_its_own_flags(argv: tuple[str, ...], expected: FamilyOptions) -> None:
    assert parse(*argv).family == expected


@pytest.mark.parametrize("command", sorted(FAMILY))
@pytest.mark.parametrize("flag", ["--keep-deps", "--outdated", "--files", "--reverse", "--all"])
def test_and_no_others(command: str, flag: str) -> None:
    own = {
        ("uninstall", "--keep-deps"),
        ("list", "--outdated"),
        ("show", "--files"),
        ("tree", "--reverse"),
        ("freeze", "--all"),
    }
    words = () if command in ("list", "freeze") else ("a",)
    if (command, flag) in own:
        assert parse(command, *words, flag).family != FamilyOptions()
        return
    with pytest.raises(UsageError, match=flag):
        parse(command, *words, flag)


def test_newer_versions_are_not_looked_for_without_conda() -> None:
    with pytest.raises(UsageError, match="--outdated"):
        parse_options(["list", "--outdated", "-p", "/e"], standalone=True)


_WORDS = st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(
    command=st.sampled_from(sorted(PASSED)),
    words=st.lists(st.one_of(_WORDS, st.sampled_from([*COMMANDS, "-r", "--json", "-q", "-n"]))),
    place=st.sampled_from(["before", "behind"]),
)
def test_whatever_stands_behind_the_environment_is_pips_verbatim(
    command: str, words: list[str], place: str
) -> None:
    ours = ["-n", "web"]
    head = [*ours, command] if place == "before" else [command, *ours]
    assert parse(*head, "--", *words) == Options(
        command=command, name="web", family=FamilyOptions(verbatim=tuple(words))
    )
    is_ours = words[:1] and words[0].startswith(("-n", "-p", "--name", "--prefix"))
    if not is_ours and words[:1] != ["--"] and not {"-h", "--help"} & set(words):
        assert parse(*head, *words).family.verbatim == tuple(words)


@pytest.mark.parametrize("command", PASSED)
def test_an_environment_named_behind_other_words_is_pips_business(command: str) -> None:
    options = parse(command, "x", "-n", "web")
    assert options.name is None
    assert options.family.verbatim == ("x", "-n", "web")


@pytest.mark.parametrize("command", PASSED)
def test_help_is_ours_unless_two_dashes_say_otherwise(command: str) -> None:
    for argv in ((command, "--help"), (command, "x", "-h"), ("-h", command)):
        text = parse_options(argv)
        assert isinstance(text, str)
        assert f"`conda pip {command} -- --help`" in text
    assert parse(command, "--", "--help").family.verbatim == ("--help",)


@pytest.mark.parametrize("command", PASSED)
def test_an_option_before_the_command_that_is_not_ours_is_refused_by_name(command: str) -> None:
    with pytest.raises(UsageError, match="--frobnicate"):
        parse("--frobnicate", command)


def test_the_overview_has_every_command_once_below_a_heading() -> None:
    text = parse_options([])
    assert isinstance(text, str)
    lines = text.splitlines()
    for command in COMMANDS:
        (number,) = (n for n, line in enumerate(lines) if line.startswith(f"  {command} "))
        above = next(line for line in reversed(lines[:number]) if not line.startswith(" "))
        assert above.endswith(":")
        assert above != "usage:"
