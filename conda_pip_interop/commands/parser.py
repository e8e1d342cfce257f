"""The command line: from argv to the arguments of one command. Knows neither conda nor pip."""

from __future__ import annotations

import argparse
import re
from argparse import Namespace
from typing import TYPE_CHECKING, NoReturn

from conda_pip_interop import __version__
from conda_pip_interop.commands.registry import COMMANDS, STANDALONE_COMMANDS, render_overview
from conda_pip_interop.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conda_pip_interop.commands.registry import Command

_HELP_FLAGS = frozenset(("-h", "--help"))


class CommandParser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the process.

    `standalone`: for `python -m conda_pip_interop`, where environments are selected by path only.
    `environment` is the group of the options that select the environment.
    """

    def __init__(self, command: Command, program: str, *, standalone: bool) -> None:
        examples = command.examples
        if standalone:
            first = examples.partition("\n")[0].replace("conda pip", program)
            examples = re.sub("-n [a-z]+", "-p /path/to/env", first)
        super().__init__(
            prog=f"{program} {command.name}",
            description=f"{command.help}.",
            epilog="\n  ".join(["examples:", *examples.splitlines()]),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.standalone = standalone
        self.set_defaults(
            command=command.name,
            name=None,
            json=False,
            quiet=False,
            verbose=0,
            yes=False,
            dry_run=False,
            override_frozen=False,
            channels=None,
            override_channels=False,
            solver=None,
        )
        self.environment = self.add_mutually_exclusive_group(required=standalone)
        if standalone:
            self.environment.add_argument("-p", "--prefix", metavar="PATH", help="environment")
        else:
            self.environment.add_argument(
                *("-n", "--name"), metavar="ENV", help="environment (default: the active one)"
            )
            self.environment.add_argument(
                *("-p", "--prefix"), metavar="PATH", help="environment, by its path"
            )

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        raise UsageError("usage", f"{message}.", hints=(f"See `{self.prog} --help`.",))

    def list_options(self) -> set[str]:
        """Return every spelling of every option."""
        return {name for action in self._actions for name in action.option_strings}

    def list_options_with_value(self) -> set[str]:
        """Return the spellings of the options that take the next word as their value."""
        takes_value = (one for one in self._actions if one.nargs != 0)
        return {name for action in takes_value for name in action.option_strings}


def parse_arguments(argv: Sequence[str], *, standalone: bool = False) -> Namespace | str:
    """Return the arguments of a command, with its name as `command`; the text of help instead.

    `standalone` is `python -m conda_pip_interop`: fewer commands, environments by path only.
    Raises UsageError (exit code 2).
    """
    program = "python -m conda_pip_interop" if standalone else "conda pip"
    name, before, after = _split_command(argv)
    if name is None:
        return _answer_without_command(before, program, standalone=standalone)
    command = COMMANDS.get(name)
    if command is None or (standalone and not command.standalone):
        raise _unknown_command(name, program, standalone=standalone)
    parser = build_parser(command, program, standalone=standalone)
    module = command.load()
    if command.passed_on:
        passed: Namespace | None = module.parse_words(parser, before, after)
        return parser.format_help().rstrip() if passed is None else passed
    words = [*before, *after]
    if not _HELP_FLAGS.isdisjoint(words[: words.index("--")] if "--" in words else words):
        return parser.format_help().rstrip()
    if hasattr(module, "parse_words"):
        args: Namespace = module.parse_words(parser, words)
        return args
    return parser.parse_intermixed_args(words)


def build_parser(command: Command, program: str, *, standalone: bool = False) -> CommandParser:
    """Build the parser of a command: the common options and its own."""
    parser = CommandParser(command, program, standalone=standalone)
    command.load().configure(parser)
    if command.passed_on:
        return parser
    if command.changes:
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
        parser.add_argument(
            *("-d", "--dry-run"), action="store_true", help="show the plan and change nothing"
        )
        parser.add_argument(
            "--override-frozen", action="store_true", help="change a frozen environment too"
        )
    if command.channels:
        parser.add_argument(
            *("-c", "--channel"),
            action="append",
            dest="channels",
            metavar="CHANNEL",
            help="an additional channel",
        )
        parser.add_argument(
            "--override-channels", action="store_true", help="use only the channels of -c"
        )
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="print less")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="print more")
    return parser


def _answer_without_command(words: Sequence[str], program: str, *, standalone: bool) -> str:
    if not {"-V", "--version"}.isdisjoint(words):
        return f"conda-pip-interop {__version__}"
    unknown = [word for word in words if word not in _HELP_FLAGS]
    if unknown:
        raise UsageError(
            "usage",
            f"{unknown[0]} needs a command.",
            hints=(_list_commands(standalone=standalone), f"See `{program} --help`."),
        )
    return render_overview(program, standalone=standalone)


def _split_command(argv: Sequence[str]) -> tuple[str | None, list[str], list[str]]:
    """Return the first word that is no option nor an option's value, what is before it, and after.

    Only options before the command make it necessary to know which options take a value.
    """
    if argv and not argv[0].startswith("-"):
        return argv[0], [], list(argv[1:])
    with_value = _list_options_with_value() if len(argv) > 1 else set()
    takes_value = False
    for number, word in enumerate(argv):
        if takes_value:
            takes_value = False
        elif word in with_value:
            takes_value = True
        elif not word.startswith("-"):
            return word, list(argv[:number]), list(argv[number + 1 :])
    return None, list(argv), []


def _list_options_with_value() -> set[str]:
    parsers = (build_parser(one, "conda pip") for one in COMMANDS.values())
    return {name for parser in parsers for name in parser.list_options_with_value()}


def _unknown_command(name: str, program: str, *, standalone: bool) -> UsageError:
    from difflib import get_close_matches

    hints = [_list_commands(standalone=standalone)]
    alike = get_close_matches(name, STANDALONE_COMMANDS if standalone else COMMANDS, n=1)
    if name in COMMANDS:
        hints.append(f"`conda pip {name}` needs conda.")
    elif alike:
        hints.insert(0, f"Did you mean `{program} {alike[0]}`?")
    else:
        hints.append(f"For pip's own `{name}`: `conda run -n ENV python -m pip {name}`.")
    return UsageError("usage", f"`{program}` has no command {name!r}.", hints=tuple(hints))


def _list_commands(*, standalone: bool) -> str:
    return f"The commands are {', '.join(STANDALONE_COMMANDS if standalone else COMMANDS)}."
