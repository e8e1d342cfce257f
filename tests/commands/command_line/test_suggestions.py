"""A command or an option that there is not: the answer names the one that does what was wanted."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conda_pip_interop.commands.command_line.parser import build_parser, parse_arguments
from conda_pip_interop.commands.command_line.registry import ALIASES, COMMANDS
from conda_pip_interop.commands.command_line.suggestions import _INSTEAD, _SYNONYMS
from conda_pip_interop.errors import UsageError

OPTIONS = {
    name: sorted(one for one in build_parser(command).list_options() if one.startswith("--"))
    for name, command in COMMANDS.items()
    if not command.passed_on
}


def refuse(*argv: str, standalone: bool = False) -> tuple[str, ...]:
    with pytest.raises(UsageError) as caught:
        parse_arguments(argv, standalone=standalone)
    assert caught.value.exit_code == 2
    return caught.value.hints


@pytest.mark.parametrize(("alias", "command"), ALIASES.items())
def test_another_name_of_a_command_is_that_command(alias: str, command: str) -> None:
    words = () if command == "list" else ("flask",)
    for before, after in (((), ("-n", "web")), (("-n", "web"), ())):
        wanted = parse_arguments([*before, command, *words, *after])
        assert parse_arguments([*before, alias, *words, *after]) == wanted


def test_help_is_a_command_too() -> None:
    assert parse_arguments(["help"]) == parse_arguments(["--help"])
    assert parse_arguments(["-n", "web", "help"]) == parse_arguments(["--help"])
    assert parse_arguments(["help", "help"]) == parse_arguments(["--help"])
    assert parse_arguments(["help", "-n", "web"]) == parse_arguments(["--help"])
    for command in COMMANDS:
        assert parse_arguments(["help", "-n", "web", command]) == parse_arguments(["help", command])
        assert parse_arguments(["help", command]) == parse_arguments([command, "--help"])
    assert parse_arguments(["help", "remove"]) == parse_arguments(["uninstall", "--help"])
    assert refuse("help", "instal")[0] == "Did you mean `conda pip install`?"


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("lock -n web", "`conda pip export -n web -o pylock.toml`"),
        ("compile", "`conda pip freeze`"),
        ("venv", "`conda create -n NEW python pip`"),
        ("venv -n web", "`conda pip create -n web FILE`"),
        ("search flask", "`conda pip index versions flask`"),
        ("rollback", "`conda pip undo`"),
        ("-U flask -n web", "`conda pip install -U flask -n web`"),
        ("search x@https://me:secret@host/x.zip", "`conda search x@https://****@host/"),
    ],
)
def test_a_command_of_another_tool_gets_what_does_that_here(typed: str, named: str) -> None:
    hints = "\n".join(refuse(*shlex.split(typed)))
    assert named in hints
    assert "secret" not in hints


@pytest.mark.parametrize("name", _INSTEAD)
@pytest.mark.parametrize("words", [(), ("-n", "web", "flask")])
def test_each_command_that_is_named_instead_is_one(name: str, words: tuple[str, ...]) -> None:
    assert name not in COMMANDS
    assert name not in ALIASES
    commands = re.findall("`([^`]*)`", "\n".join(refuse(name, *words)))
    assert commands
    for command in commands:
        first, second, *rest = shlex.split(command)
        assert first == "conda"
        if second == "pip":
            assert parse_arguments(rest), command


@given(data=st.data())
def test_an_option_with_two_letters_swapped_gets_the_right_one(data: st.DataObject) -> None:
    command = data.draw(st.sampled_from(sorted(OPTIONS)))
    option = data.draw(st.sampled_from([one for one in OPTIONS[command] if len(one) > 5]))
    at = data.draw(st.integers(2, len(option) - 2))
    typed = option[:at] + option[at + 1] + option[at] + option[at + 2 :]
    assume(typed not in OPTIONS[command])
    assume(not typed.startswith("---"))
    value = data.draw(st.sampled_from(["", "=1"]))
    assert refuse(command, "flask", typed + value)[0] == f"Did you mean `{option}`?"
    assert f"`{option}`" in refuse(command, typed + value)[0], "before what is missing is told"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("install --hlep", "--help"),
        ("install cowsay --hlep", "--help"),
        ("install --dryrun cowsay", "--dry-run"),
        ("install --on-deps cowsay", "--no-deps"),
        ("install --dry_run cowsay", "--dry-run"),
        ("install --dry cowsay", "--dry-run"),
        ("install --DRY-RUN cowsay", "--dry-run"),
        ("install -N web cowsay", "-n"),
        ("install --no-confirm cowsay", "--yes"),
        ("list --format=json", "--json"),
        ("list --format json", "--json"),
        ("list -json", "--json"),
        ("list -U", "--outdated"),
        ("list --upgrade", "--outdated"),
        ("--dryrun", "--dry-run"),
        ("--prefx /e list", "--prefix"),
    ],
)
def test_an_option_of_another_tool_or_a_slip_gets_ours(typed: str, meant: str) -> None:
    assert refuse(*shlex.split(typed))[0] == f"Did you mean `{meant}`?"


def test_options_of_other_commands_are_told_whose_they_are() -> None:
    assert "-U is an option of `conda pip install`." in refuse("-U")
    assert "-U is an option of `conda pip install`." in refuse("uninstall", "-U", "flask")
    assert refuse("--hlep")[0] == "Did you mean `conda pip --help`?"
    assert refuse("--hlep", standalone=True)[0] == (
        "Did you mean `python -m conda_pip_interop --help`?"
    )


@pytest.mark.parametrize("word", _SYNONYMS)
def test_each_synonym_is_of_some_use(word: str) -> None:
    known = {one for command in COMMANDS.values() for one in _options(command.name)}
    assert any(one in known for one in _SYNONYMS[word])
    assert any(word not in _options(command) for command in OPTIONS)


def _options(command: str) -> set[str]:
    return build_parser(COMMANDS[command]).list_options()


def test_a_name_without_dash_n_gets_the_right_command_line() -> None:
    assert refuse("check", "web")[0] == "To select an environment: `conda pip check -n web`."
    assert refuse("check", "./web")[0] == "To select an environment: `conda pip check -p ./web`."
    assert refuse("status", "-n", "web", "six") == ("See `conda pip status --help`.",)


def test_a_package_behind_a_command_about_all_gets_the_command_that_shows_it() -> None:
    assert refuse("list", "six")[1] == "To show a package: `conda pip show six`."
    assert refuse("list", "-n", "web", "six")[0] == (
        "To show a package: `conda pip show -n web six`."
    )
    assert refuse("check", "-p", "/a b", "six")[0] == (
        "To show a package: `conda pip show -p '/a b' six`."
    )
    assert refuse("list", "-p", "/x", "six", standalone=True)[0] == (
        "To show a package: `python -m conda_pip_interop show -p /x six`."
    )
