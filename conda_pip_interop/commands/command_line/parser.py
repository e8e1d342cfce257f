"""The command line: from argv to the arguments of one command. Knows neither conda nor pip."""

from __future__ import annotations

import argparse
import itertools
import os
import re
import shlex
from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from conda_pip_interop import __version__
from conda_pip_interop.commands.command_line.registry import (
    ALIASES,
    COMMANDS,
    PROGRAMS,
    STANDALONE_COMMANDS,
    render_overview,
)
from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from conda_pip_interop.commands.command_line.registry import Command

_HELP_FLAGS = frozenset(("-h", "--help"))
#: The options without a command.
_TOP_LEVEL: Final = ("-h", "--help", "-V", "--version")
#: An option of more commands than these is a common one.
_NAMED_OWNERS: Final = 2
#: Commands about all packages of an environment, which conda's namesakes take a name for.
_OF_ALL: Final = ("list", "check", "freeze", "history")


class CommandParser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the process.

    `standalone`: for `python -m conda_pip_interop`, where environments are selected by path only.
    `environment` is the group of the options that select the environment, of which only a
    command that `takes_several` has more than one; the others of them are `also`.
    """

    def __init__(self, command: Command, *, standalone: bool) -> None:
        program, examples = PROGRAMS[standalone], command.examples
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
        self.takes_several = False
        self.set_defaults(
            command=command.name,
            name=None,
            also=(),
            json=False,
            quiet=False,
            verbose=0,
            yes=False,
            dry_run=False,
            override_frozen=False,
            channels=None,
            override_channels=False,
            solver=None,
            offline=None,
        )
        self.environment = self.add_mutually_exclusive_group(required=standalone)
        if not standalone:
            self.environment.add_argument(
                *("-n", "--name"),
                action=_Environment,
                metavar="ENV",
                help="environment (default: the active one)",
            )
        self.environment.add_argument(
            *("-p", "--prefix"),
            action=_Environment,
            metavar="PATH",
            help="environment" if standalone else "environment, by its path",
        )

    def add_all(self, text: str) -> None:
        """Add `--all` for all environments, where conda knows them."""
        self.set_defaults(all=False)
        if not self.standalone:
            self.environment.add_argument("--all", action="store_true", help=text)

    def add_output_options(self) -> None:
        """Add how much is printed, and in which form."""
        self.add_argument("--json", action="store_true", help="print one JSON document")
        self.add_argument("-q", "--quiet", action="store_true", help="print less")
        self.add_argument("-v", "--verbose", action="count", default=0, help="print more")

    def error(self, message: str) -> NoReturn:
        """Raise UsageError."""
        message = f"{message[:1].upper()}{message[1:]}."  # argparse begins with a small letter
        raise UsageError("usage", message, hints=(f"See `{self.prog} --help`.",))

    def parse(self, words: Sequence[str]) -> Namespace:
        """Parse options and other words in any order; an unknown option gets the nearest one."""
        options = list(itertools.takewhile(lambda word: word != "--", words))
        unknown = [word for word in options if self._is_unknown(word)]
        if unknown:
            raise self._refuse_option(unknown[0])
        args, rest = self.parse_known_intermixed_args(words)
        if rest:
            raise self._refuse_words(rest, args)
        return args

    def _is_unknown(self, word: str) -> bool:
        """Return whether argparse takes a word for an option that there is not."""
        known = self.list_options()
        if word.startswith("--"):
            return word.partition("=")[0] not in known
        return len(word) > 1 and word.startswith("-") and " " not in word and word[:2] not in known

    def _refuse_option(self, word: str) -> UsageError:
        name = word.partition("=")[0]
        hints = [*_suggest_option(word, self.list_options())]
        owners = find_owners(name, standalone=self.standalone)
        if 0 < len(owners) <= _NAMED_OWNERS:
            named = " and ".join(f"`{one}`" for one in owners)
            hints.append(f"{name} is an option of {named}.")
        hints.append(f"See `{self.prog} --help`.")
        return UsageError("usage", f"`{self.prog}` has no option {name}.", hints=tuple(hints))

    def _refuse_words(self, words: Sequence[str], args: Namespace) -> UsageError:
        from conda_pip_interop.grammar import is_name  # which the overview does not need

        name, prefix = getattr(args, "name", None), getattr(args, "prefix", None)
        program, _, command = self.prog.rpartition(" ")
        word = shlex.quote(words[0])
        hints = []
        if name is None and prefix is None:
            option = "-p" if self.standalone or os.sep in word else "-n"
            hints.append(f"To select an environment: `{self.prog} {option} {word}`.")
        if command in _OF_ALL and is_name(words[0]) and not (self.standalone and hints):
            chosen = ["-n", name] if name else ["-p", str(prefix)] if prefix else []
            show = f"{program} show {shlex.join([*chosen, words[0]])}"
            hints.append(f"To show a package: `{show}`.")
        return UsageError(
            "usage",
            f"Unexpected argument of `{self.prog}`: {', '.join(words)}.",
            hints=(*hints, f"See `{self.prog} --help`."),
        )

    def list_options(self) -> set[str]:
        """Return every spelling of every option."""
        return {name for action in self._actions for name in action.option_strings}

    def list_options_with_value(self) -> set[str]:
        """Return the spellings of the options that take the next word as their value."""
        takes_value = (one for one in self._actions if one.nargs != 0)
        return {name for action in takes_value for name in action.option_strings}


class _Environment(argparse.Action):
    """Keep the last environment, and those before it as `also`: (`name` or `prefix`, value)."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        before = getattr(namespace, self.dest)
        if before is not None and before != values:
            if not (isinstance(parser, CommandParser) and parser.takes_several):
                parser.error(f"{option_string} is given twice, {before} and {values}")
            namespace.also = (*namespace.also, (self.dest, before))
        setattr(namespace, self.dest, values)


def parse_arguments(argv: Sequence[str], *, standalone: bool = False) -> Namespace | str:
    """Return the arguments of a command, with its name as `command`; the text of help instead.

    `standalone` is `python -m conda_pip_interop`: fewer commands, environments by path only.
    Raises UsageError (exit code 2).
    """
    name, before, after = _split_command(argv)
    if name is None:
        return _answer_without_command(before, standalone=standalone)
    if name == "help":
        about, _, _ = _split_command(after)
        words = [] if about is None else [about]
        return parse_arguments([*words, "--help"], standalone=standalone)
    name = ALIASES.get(name, name)
    command = COMMANDS.get(name)
    if command is None or (standalone and not command.standalone):
        raise _unknown_command(name, before, after, standalone=standalone)
    parser = build_parser(command, standalone=standalone)
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
    return parser.parse(words)


def build_parser(command: Command, *, standalone: bool = False) -> CommandParser:
    """Build the parser of a command: the common options and its own."""
    parser = CommandParser(command, standalone=standalone)
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
    parser.add_output_options()
    return parser


def _answer_without_command(words: Sequence[str], *, standalone: bool) -> str:
    if not {"-V", "--version"}.isdisjoint(words):
        return f"conda-pip-interop {__version__}"
    unknown = [word for word in words if word not in _HELP_FLAGS]
    if unknown:
        from conda_pip_interop.commands.command_line.suggestions import find_nearest_option

        hints = [_list_commands(standalone=standalone)]
        owners = find_owners(unknown[0], standalone=standalone)
        nearest = find_nearest_option(unknown[0], _TOP_LEVEL)
        if owners:
            hints.insert(0, f"{unknown[0]} is an option of `{owners[0]}`.")
        elif nearest is not None:
            hints.insert(0, f"Did you mean `{PROGRAMS[standalone]} {nearest}`?")
        else:
            hints[:0] = _suggest_option(unknown[0], _list_options())
        raise UsageError("usage", f"{unknown[0]} needs a command.", hints=tuple(hints))
    return render_overview(standalone=standalone)


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


def _suggest_option(word: str, known: Collection[str]) -> Iterator[str]:
    from conda_pip_interop.commands.command_line.suggestions import find_nearest_option

    nearest = find_nearest_option(word, known)
    if nearest is not None:
        yield f"Did you mean `{nearest}`?"


def find_owners(option: str, *, standalone: bool) -> list[str]:
    """Return the command lines of the commands that have an option."""
    commands = [one for one in COMMANDS.values() if one.standalone or not standalone]
    parsers = (build_parser(one, standalone=standalone) for one in commands)
    return [parser.prog for parser in parsers if option in parser.list_options()]


def _list_options() -> set[str]:
    parsers = (build_parser(one) for one in COMMANDS.values())
    return {name for parser in parsers for name in parser.list_options()}


def _list_options_with_value() -> set[str]:
    """List what takes the next word in every command that has it: `-d` is a switch in most."""
    parsers = [build_parser(one) for one in COMMANDS.values()]
    with_value = {name for parser in parsers for name in parser.list_options_with_value()}
    switches = {
        name
        for parser in parsers
        for name in parser.list_options() - parser.list_options_with_value()
    }
    return with_value - switches


def _unknown_command(
    name: str, before: Sequence[str], after: Sequence[str], *, standalone: bool
) -> UsageError:
    from difflib import get_close_matches

    from conda_pip_interop.commands.command_line.suggestions import suggest_instead

    program, listed = PROGRAMS[standalone], _list_commands(standalone=standalone)
    alike = get_close_matches(name, STANDALONE_COMMANDS if standalone else COMMANDS, n=1)
    owners = [find_owners(word, standalone=False) for word in before]
    hints: tuple[str, ...]
    if name in COMMANDS:
        hints = (listed, f"`conda pip {name}` needs conda.")
    elif instead := suggest_instead(name, [*before, *after]):
        hints = instead
    elif alike:
        hints = (f"Did you mean `{program} {alike[0]}`?", listed)
    elif only := [one[0] for one in owners if len(one) == 1]:
        words = shlex.join([*before, name, *after])
        hints = (f"Did you mean `{only[0]} {hide_password(words)}`?", listed)
    else:
        known = _list_options()
        unknown = (word for word in before if word.startswith("-") and word not in known)
        nearest = itertools.chain.from_iterable(_suggest_option(word, known) for word in unknown)
        own = f"For pip's own `{name}`: `conda run -n ENV python -m pip {name}`."
        hints = (*nearest, listed, own)
    shown = hide_password(name)
    return UsageError("usage", f"`{program}` has no command {shown!r}.", hints=hints)


def _list_commands(*, standalone: bool) -> str:
    return f"To list the commands: `{PROGRAMS[standalone]} --help`."
