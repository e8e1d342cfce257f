"""The command line: every command and option, and a clear error for everything else."""

from __future__ import annotations

import itertools
import json
import os
import shlex
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop import __version__
from conda_pip_interop.__main__ import main
from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.commands.command_line.registry import COMMANDS, STANDALONE_COMMANDS, Command
from conda_pip_interop.errors import UsageError

OURS = tuple(one.name for one in COMMANDS.values() if not one.passed_on)
WITH_WORDS = (
    *("install", "release", "restore", "translate", "uninstall", "show", "why"),
    "upgrade-python",
)
WITHOUT_NEED = (
    "undo",
    "names",
    "tree",
    "repair",
    "adopt",
    "update",
    "create",
    "sync",
    "completion",
)
WITHOUT_WORDS = tuple(command for command in OURS if command not in (*WITH_WORDS, *WITHOUT_NEED))


def parse(*argv: str, standalone: bool = False) -> Namespace:
    options = parse_arguments(argv, standalone=standalone)
    assert isinstance(options, Namespace), options
    return options


def refuse(*argv: str, standalone: bool = False) -> UsageError:
    with pytest.raises(UsageError) as caught:
        parse_arguments(argv, standalone=standalone)
    assert caught.value.exit_code == 2
    assert caught.value.hints
    return caught.value


def show_help(*argv: str, standalone: bool = False) -> str:
    text = parse_arguments(argv, standalone=standalone)
    assert isinstance(text, str)
    return text


def operands(command: str) -> tuple[str, ...]:
    if command == "completion":
        return ("bash",)
    return ("flask",) if command in WITH_WORDS else ()


@pytest.mark.parametrize("command", OURS)
@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (("-n", "web"), {"name": "web"}),
        (("--name", "web"), {"name": "web"}),
        (("--name=web",), {"name": "web"}),
        (("-nweb",), {"name": "web"}),
        (("-p", "/e"), {"prefix": "/e"}),
        (("--prefix", "/e"), {"prefix": "/e"}),
        (("--json",), {"json": True}),
        (("-q",), {"quiet": True}),
        (("--quiet",), {"quiet": True}),
        (("-v",), {"verbose": 1}),
        (("-vv",), {"verbose": 2}),
        (("--verbose", "-v"), {"verbose": 2}),
    ],
)
def test_every_command_takes_the_common_flags_anywhere(
    command: str, flag: tuple[str, ...], expected: dict[str, object]
) -> None:
    wanted = Namespace(**{**vars(parse(command, *operands(command))), **expected})
    assert parse(command, *flag, *operands(command)) == wanted
    assert parse(command, *operands(command), *flag) == wanted
    assert parse(*flag, command, *operands(command)) == wanted


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        (("-y",), {"yes": True}),
        (("--yes",), {"yes": True}),
        (("-d",), {"dry_run": True}),
        (("--dry-run",), {"dry_run": True}),
        (("-yd",), {"yes": True, "dry_run": True}),
    ],
)
@pytest.mark.parametrize("command", ["install", "restore"])
def test_changing_commands_take_yes_and_dry_run(
    command: str, flag: tuple[str, ...], expected: dict[str, object]
) -> None:
    wanted = Namespace(**{**vars(parse(command, "a", "b")), **expected})
    assert parse(command, "a", *flag, "b") == wanted


def test_channels_add_up_in_their_order() -> None:
    options = parse("-c", "one", "install", "a", "--channel", "two", "b", "-cthree")
    assert options.channels == ["one", "two", "three"]
    assert options.words == ("a", "b")
    assert not options.override_channels
    assert parse("install", "a", "--override-channels").override_channels


def test_protect_takes_all_environments_instead_of_one() -> None:
    assert parse("protect", "--all").all
    refuse("install", "flask", "--all")
    refuse("protect", "--all", "-n", "web")


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_order_of_flags_and_words_does_not_matter(data: st.DataObject) -> None:
    parts = [("-n", "web"), ("--json",), ("-y",), ("-d",), ("-c", "x"), ("-q",), ("-v",)]
    chosen = data.draw(st.lists(st.sampled_from(parts), unique=True))
    words = [("install",), ("flask>=3",), ("b[c]",)]
    places = data.draw(st.lists(st.integers(0, len(chosen)), min_size=3, max_size=3).map(sorted))
    mixed: list[tuple[str, ...]] = list(chosen)
    for word, place in reversed(list(zip(words, places, strict=True))):
        mixed.insert(place, word)
    assert parse(*itertools.chain(*mixed)) == parse(*itertools.chain(*words, *chosen))


@pytest.mark.parametrize("command", OURS)
def test_a_name_and_a_path_together_are_refused(command: str) -> None:
    error = refuse(command, *operands(command), "-n", "web", "-p", "/e")
    assert "-n" in error.message
    assert "-p" in error.message


@pytest.mark.parametrize(
    "option",
    ["--user", "--target", "--break-system-packages", "--such-an-option"],
)
def test_an_option_of_pips_that_is_not_ours_is_refused_by_name(option: str) -> None:
    assert option in refuse("install", option, "x", "flask").message


@pytest.mark.parametrize("command", OURS)
@pytest.mark.parametrize("option", ["--frobnicate", "--frob=1", "-Z", "--jso", "--dry"])
def test_an_unknown_or_shortened_option_is_refused_by_name(command: str, option: str) -> None:
    error = refuse(command, *operands(command), option)
    assert option.partition("=")[0] in error.message
    assert f"conda pip {command} --help" in error.hints[-1]


@pytest.mark.parametrize("command", WITHOUT_WORDS)
def test_a_command_that_takes_no_words_refuses_them_by_name(command: str) -> None:
    assert "flask" in refuse(command, "flask").message


def test_repair_takes_any_number_of_names_and_cleans_up_on_request() -> None:
    assert (parse("repair").names, parse("repair").clean_up) == ([], False)
    there = parse("repair", "--clean-up", "numpy", "flask")
    assert (there.names, there.clean_up) == (["numpy", "flask"], True)


def test_names_go_either_way() -> None:
    there = parse("names", "torch", "--check", "opencv-python")
    assert (there.names, there.conda, there.check) == (["torch", "opencv-python"], None, True)
    back = parse("names", "--conda", "pytorch", "--conda", "py-opencv", "--update")
    assert (back.names, back.conda, back.update) == ([], ["pytorch", "py-opencv"], True)


def test_what_is_translated_and_to_where() -> None:
    there = parse("translate", "-o", "env.yml", "pyproject.toml", "--extra", "a", "--group", "b")
    assert (there.files, there.output, there.to) == (["pyproject.toml"], "env.yml", None)
    assert (there.extras, there.groups, there.build_system) == (["a"], ["b"], False)
    back = parse("translate", "--to", "requirements", "env.yml", "--check", "--no-channels")
    assert (back.to, back.check, back.no_channels) == ("requirements", True, True)


@pytest.mark.parametrize("command", ["list", "check", "status", "protect", "unprotect"])
@pytest.mark.parametrize("option", ["-y", "--dry-run", "--override-channels"])
def test_a_command_that_changes_no_package_takes_no_flag_about_that(
    command: str, option: str
) -> None:
    assert option in refuse(command, option).message


@pytest.mark.parametrize("command", WITH_WORDS)
def test_a_command_that_needs_words_says_which(command: str) -> None:
    message = refuse(command).message
    assert "required" in message or "nothing to install" in message


def test_a_flag_that_lacks_its_value_is_refused() -> None:
    for flag in ("-n", "-p", "-c"):
        assert "expected one argument" in refuse("install", "flask", flag).message


def test_behind_two_dashes_everything_is_a_word() -> None:
    assert parse("restore", "a", "--", "b").names == ["a", "b"]
    assert parse("restore", "--json", "--", "b") == parse("restore", "b", "--json")
    options = parse("restore", "a", "--", "--json")
    assert options.names == ["a", "--json"]
    assert not options.json


def test_behind_two_dashes_even_help_is_a_word() -> None:
    assert parse("restore", "a", "--", "--help").names == ["a", "--help"]


def test_an_unknown_command_is_refused_with_what_lists_those_there_are() -> None:
    error = refuse("frobnicate")
    assert "frobnicate" in error.message
    assert error.hints[0] == "To list the commands: `conda pip --help`."
    assert "python -m pip frobnicate" in error.hints[1]


@pytest.mark.parametrize(("typed", "meant"), [("lst", "list"), ("unistall", "uninstall")])
def test_a_misspelt_command_gets_the_nearest_one(typed: str, meant: str) -> None:
    assert refuse(typed).hints[0] == f"Did you mean `conda pip {meant}`?"


def test_check_takes_several_environments() -> None:
    there = parse("check", "-n", "a", "--name", "b", "-nc")
    assert (there.also, there.name) == ((("name", "a"), ("name", "b")), "c")
    there = parse("check", "-p", "/a", "-p", "/b", standalone=True)
    assert (there.also, there.prefix) == ((("prefix", "/a"),), "/b")
    assert parse("check", "--all").all
    refuse("check", "--all", "-n", "web")


@pytest.mark.parametrize("command", [one for one in OURS if one != "check"])
def test_every_other_command_takes_one_environment(command: str) -> None:
    error = refuse(command, *operands(command), "-n", "a", "-n", "b")
    assert error.message == "-n is given twice, a and b."
    twice = parse(command, *operands(command), "-n", "a", "-n", "a")
    assert twice == parse(command, *operands(command), "-n", "a")


def test_a_value_is_not_taken_for_the_command() -> None:
    assert parse("-n", "list", "check") == parse("check", "-n", "list")
    assert "-n" in refuse("-n", "list").message


def test_an_option_alone_is_refused_by_name() -> None:
    assert "--frobnicate" in refuse("--frobnicate").message


def test_the_version_is_told() -> None:
    assert show_help("--version") == show_help("-V") == f"conda-pip-interop {__version__}"


@pytest.mark.parametrize("argv", [(), ("-h",), ("--help",)])
def test_help_names_every_command(argv: tuple[str, ...]) -> None:
    text = show_help(*argv)
    assert all(f"\n  {command} " in text for command in COMMANDS)


@pytest.mark.parametrize(
    ("command", "standalone"),
    [
        *((command, False) for command in ("", *COMMANDS)),
        *((command, True) for command in ("", *STANDALONE_COMMANDS)),
    ],
)
def test_help_fits_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, command: str, standalone: bool
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    text = show_help(*filter(None, (command, "--help")), standalone=standalone)
    assert [line for line in text.splitlines() if len(line) > 80] == []
    assert text == text.rstrip()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_of_the_help_is_a_command_line_that_works(command: str) -> None:
    text = show_help(command, "--help")
    examples = text.partition("examples:\n")[2].splitlines()
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert words[:2] == ["conda", "pip"]
        assert parse(*words[2:]).command == command


@pytest.mark.parametrize("command", STANDALONE_COMMANDS)
def test_so_is_every_example_of_a_command_that_needs_no_conda(command: str) -> None:
    text = show_help(command, "--help", standalone=True)
    (example,) = text.partition("examples:\n")[2].splitlines()
    words = shlex.split(example)
    assert words[:3] == ["python", "-m", "conda_pip_interop"]
    assert parse(*words[3:], standalone=True).prefix == "/path/to/env"


def test_help_wins_over_wrong_words() -> None:
    assert show_help("install", "--frobnicate", "-h").startswith("usage: conda pip install")


@pytest.mark.parametrize("command", STANDALONE_COMMANDS)
def test_without_conda_an_environment_is_named_by_its_path(command: str) -> None:
    words = (command, *operands(command))
    assert parse(*words, "-p", "/e", standalone=True).prefix == "/e"
    assert "-p" in refuse(*words, standalone=True).message
    assert "-n" in refuse(*words, "-p", "/e", "-n", "web", standalone=True).message


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - set(STANDALONE_COMMANDS)))
def test_without_conda_what_needs_it_is_refused_and_the_reason_told(command: str) -> None:
    assert "needs conda" in refuse(command, "-p", "/e", standalone=True).hints[-1]


def run(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "conda_pip_interop", *argv],
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        text=True,
        check=False,
    )


def test_wrong_usage_ends_with_2_and_says_why_on_stderr() -> None:
    done = run("list", "-p", "x", "--frobnicate")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        "Error: `python -m conda_pip_interop list` has no option --frobnicate."
    )


def test_with_json_an_error_is_one_document_on_stdout(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["list", "--json", "-p", str(tmp_path / "none")]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert document["success"] is False
    assert document["error"]["code"] == "not-an-environment"
    assert main(["list", "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_help_ends_with_0_and_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("usage: python -m conda_pip_interop")
    assert err == ""


def test_undo_takes_one_operation_or_none() -> None:
    assert parse("undo").operation is None
    assert parse("undo", "20261122T101500Z").operation == "20261122T101500Z"
    assert parse("undo", "--list").list
    assert "b" in refuse("undo", "a", "b").message


@pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda one: one.name)
def test_a_help_line_is_short_and_starts_with_a_capital(command: Command) -> None:
    assert len(command.help) < 60
    assert command.help[0].isupper()
    assert not command.help.endswith(".")


def test_the_overview_imports_nothing_that_is_slow() -> None:
    code = (
        "import sys; from conda_pip_interop.commands.command_line import parser; "
        "parser.parse_arguments([]);"
        "print(*(one for one in sys.modules if 'environment' in one or 'packaging' in one))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    ("argv", "owner"),
    [
        (("uninstall", "a", "--keep-deps"), "uninstall"),
        (("list", "--outdated"), "list"),
        (("show", "a", "-f"), "show"),
        (("show", "--files", "a"), "show"),
        (("tree", "--reverse"), "tree"),
        (("freeze", "--all"), "freeze"),
    ],
)
def test_an_option_of_one_command_is_refused_by_the_others(
    argv: tuple[str, ...], owner: str
) -> None:
    assert parse(*argv).command == owner
    (flag,) = (word for word in argv if word.startswith("-"))
    for command in {"uninstall", "list", "show", "tree", "why", "freeze"} - {owner}:
        assert flag in refuse(command, *operands(command), flag).message


def test_newer_versions_are_not_searched_without_conda() -> None:
    assert "--outdated" in refuse("list", "--outdated", "-p", "/e", standalone=True).message


def test_the_overview_has_every_command_once_below_a_heading() -> None:
    lines = show_help().splitlines()
    for command in COMMANDS:
        (number,) = (n for n, line in enumerate(lines) if line.startswith(f"  {command} "))
        above = next(line for line in reversed(lines[:number]) if not line.startswith(" "))
        assert above.endswith(":")
        assert above != "usage:"
