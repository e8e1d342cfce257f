"""The command line: argv to frozen options. Knows neither conda nor pip."""

from __future__ import annotations

import argparse
import difflib
import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Final, NoReturn

from conda_pip_interop import __version__
from conda_pip_interop.commands.family_options import (
    FAMILY,
    PASSED,
    FamilyOptions,
    add_family_options,
    build_family_options,
    describe_passed,
    split_passed,
)
from conda_pip_interop.commands.install_options import (
    InstallOptions,
    add_install_options,
    build_install_options,
    list_names_with_value,
    read_verbatim,
    split_verbatim,
)
from conda_pip_interop.commands.name_options import add_names_options, add_translate_options
from conda_pip_interop.commands.registry import (
    CHANGING_COMMANDS,
    COMMANDS,
    EXAMPLES,
    STANDALONE_COMMANDS,
    render_overview,
)
from conda_pip_interop.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Options that take the word behind them.
_WITH_VALUE: Final = (
    *("-n", "--name", "-p", "--prefix", "-c", "--channel", "--conda"),
    *("-o", "--output", "--to", "--extra"),
    *list_names_with_value(),
)

#: What is only asked for its answer.
_ASKING: Final = ("list", "show", "tree", "why", "freeze", "names", "translate", "status")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """One command line, parsed. `name`/`prefix`: at most one; neither means the active one."""

    command: str
    words: tuple[str, ...] = ()
    name: str | None = None
    prefix: str | None = None
    yes: bool = False
    dry_run: bool = False
    json: bool = False
    quiet: bool = False
    verbose: int = 0
    channels: tuple[str, ...] = ()
    override_channels: bool = False
    every: bool = False
    listing: bool = False
    override_frozen: bool = False
    packages: tuple[str, ...] = ()
    check: bool = False
    update: bool = False
    output: str | None = None
    form: str = "environment"
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    build_system: bool = False
    no_channels: bool = False
    clean_up: bool = False
    install: InstallOptions = field(default_factory=InstallOptions)
    family: FamilyOptions = field(default_factory=FamilyOptions)

    @property
    def silent(self) -> bool:
        """Whether -q takes the answer too; not where the answer is all that was asked for."""
        asked = self.listing or (self.command in _ASKING and self.output is None)
        return self.quiet and not asked


#: What a parser's answer may hold that goes into `Options` as it is.
_FIELDS: Final = tuple(
    one.name for one in fields(Options) if one.name not in ("command", "install", "family")
)


class _Parser(argparse.ArgumentParser):
    """Raises UsageError instead of leaving the process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError("usage", f"{message}.", hints=(f"See `{self.prog} --help`.",))

    def list_names(self) -> set[str]:
        """Every spelling of every option."""
        return {name for action in self._actions for name in action.option_strings}


def parse_options(argv: Sequence[str], *, standalone: bool = False) -> Options | str:
    """Options, or the text of help where that was asked for.

    `standalone` is `python -m conda_pip_interop`: fewer commands, environments by path only.
    Raises UsageError (exit code 2) for words that mean nothing.
    """
    program = "python -m conda_pip_interop" if standalone else "conda pip"
    commands = STANDALONE_COMMANDS if standalone else tuple(COMMANDS)
    command, before, after = _split_command(argv)
    rest = [*before, *after]
    if command is None:
        if "--version" in rest or "-V" in rest:
            return f"conda-pip-interop {__version__}"
        unknown = [word for word in rest if word not in ("-h", "--help")]
        if unknown:
            raise UsageError(
                "usage",
                f"{unknown[0]} stands without a command.",
                hints=(f"The commands are {', '.join(commands)}.", f"See `{program} --help`."),
            )
        return render_overview(program, shown=commands)
    if command not in commands:
        raise _unknown_command(command, program, commands)
    parser = _build_parser(command, program, standalone=standalone)
    if command in PASSED:
        return _read_passed(parser, command, before, after)
    flags = rest[: rest.index("--")] if "--" in rest else rest
    if "-h" in flags or "--help" in flags:
        return parser.format_help().rstrip()
    if command != "install":
        return _build_options(command, parser.parse_intermixed_args(rest))
    mixed, verbatim = split_verbatim(rest)
    parsed = parser.parse_intermixed_args(mixed)
    asked, behind = read_verbatim(verbatim, parser.list_names())
    parsed.words = [*parsed.words, *asked]
    install = build_install_options(parsed, tuple(parsed.words), behind)
    return replace(_build_options(command, parsed), install=install)


def _build_options(command: str, parsed: argparse.Namespace) -> Options:
    """What was parsed, under the names of `Options`; what a command does not take has its default.

    A word that stands alone (`undo ID`) is a list of one.
    """
    given: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name in _FIELDS
        if (value := getattr(parsed, name, None)) is not None
    }
    if isinstance(given.get("words"), str):
        given["words"] = (given["words"],)
    return Options(command=command, **given, family=build_family_options(parsed))


def _read_passed(
    parser: _Parser, command: str, before: list[str], after: list[str]
) -> Options | str:
    ours, family = split_passed(before, after)
    if family is None:
        return parser.format_help().rstrip()
    parsed = parser.parse_args(ours)
    return Options(command=command, name=parsed.name, prefix=parsed.prefix, family=family)


def _split_command(argv: Sequence[str]) -> tuple[str | None, list[str], list[str]]:
    """The first word that is no option (nor an option's value), what is before it, and after."""
    takes_value = False
    for number, word in enumerate(argv):
        if takes_value:
            takes_value = False
        elif word in _WITH_VALUE:
            takes_value = True
        elif not word.startswith("-"):
            return word, list(argv[:number]), list(argv[number + 1 :])
    return None, list(argv), []


def _unknown_command(command: str, program: str, commands: Sequence[str]) -> UsageError:
    hints = [f"The commands are {', '.join(commands)}."]
    alike = difflib.get_close_matches(command, commands, n=1)
    if command in COMMANDS:
        hints.append(f"`conda pip {command}` needs conda.")
    elif alike:
        hints.insert(0, f"Is `{program} {alike[0]}` meant?")
    else:
        hints.append(f"For pip's own `{command}`: `conda run -n ENV python -m pip {command}`.")
    return UsageError("usage", f"`{program}` has no command {command!r}.", hints=tuple(hints))


def _build_parser(command: str, program: str, *, standalone: bool) -> _Parser:
    example = EXAMPLES[command]
    if standalone:
        first = example.partition("\n")[0].replace("conda pip", program)
        example = re.sub("-n [a-z]+", "-p /path/to/env", first)
    parser = _Parser(
        prog=f"{program} {command}",
        description=COMMANDS[command][0].upper() + COMMANDS[command][1:] + ".",
        epilog=f"examples:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    if command in PASSED:
        describe_passed(parser, command)
        _add_target(parser, standalone=False)
        return parser
    _add_words(parser, command, standalone=standalone)
    target = _add_target(parser, standalone=standalone)
    if command == "protect" and not standalone:
        target.add_argument(
            "--all",
            action="store_true",
            dest="every",
            help="make the markers of all known environments what the policy says",
        )
    if command in CHANGING_COMMANDS:
        parser.add_argument("-y", "--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "-d", "--dry-run", action="store_true", help="show the plan and change nothing"
        )
        parser.add_argument(
            "--override-frozen", action="store_true", help="change it even if it is frozen"
        )
    if command in ("install", "names", "translate"):
        parser.add_argument(
            *("-c", "--channel"),
            action="append",
            dest="channels",
            metavar="CHANNEL",
            help="an additional channel",
        )
        parser.add_argument(
            "--override-channels", action="store_true", help="use the channels of -c alone"
        )
    parser.add_argument("--json", action="store_true", help="answer with one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="say less")
    parser.add_argument("-v", "--verbose", action="count", default=0, help="say more")
    return parser


def _add_words(parser: _Parser, command: str, *, standalone: bool) -> None:
    """What a command takes besides the options that all take."""
    if command == "install":
        add_install_options(parser)
    elif command == "names":
        add_names_options(parser)
    elif command == "translate":
        add_translate_options(parser)
    elif command == "repair":
        parser.add_argument(
            "words", nargs="*", metavar="NAME", help="what is to come back (default: all)"
        )
        parser.add_argument(
            "--clean-up",
            action="store_true",
            help="of lost records: remove what nobody answers for instead",
        )
    elif command == "restore":
        parser.add_argument("words", nargs="+", metavar="NAME", help="a package of conda's")
    elif command in FAMILY:
        add_family_options(parser, command, standalone=standalone)
    elif command == "undo":
        parser.add_argument("words", nargs="?", metavar="ID", help="default: the last operation")
        parser.add_argument(
            "--list", action="store_true", dest="listing", help="show what can be undone"
        )


def _add_target(parser: _Parser, *, standalone: bool) -> argparse._MutuallyExclusiveGroup:
    group = parser.add_mutually_exclusive_group(required=standalone)
    if standalone:
        group.add_argument("-p", "--prefix", metavar="PATH", help="environment")
        return group
    group.add_argument("-n", "--name", metavar="ENV", help="environment (default: the active one)")
    group.add_argument("-p", "--prefix", metavar="PATH", help="environment, by its path")
    return group
