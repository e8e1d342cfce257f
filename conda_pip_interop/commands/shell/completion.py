"""`conda pip completion`: a script for bash, zsh or fish, generated from the parsers."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.command_line.registry import ALIASES, COMMANDS, Command
from conda_pip_interop.commands.output import Output
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host

#: The shells, each with the templates of its script.
_TEMPLATES: Final = {
    "bash": ("complete.sh", "complete.bash"),
    "zsh": ("complete.sh", "complete.zsh"),
    "fish": ("complete.fish",),
}
#: Whose NAME is a package that pip has installed, and whose is no installed one.
_OF_PIPS: Final = ("uninstall", "adopt")
_OF_NONE: Final = ("names",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """An option that `--help` shows; `choices` are its values, if only these are valid."""

    spellings: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


def list_options(command: Command) -> Iterator[Option]:
    """List the options of a command that its help shows."""
    from conda_pip_interop.commands.command_line.parser import build_parser

    for action in build_parser(command)._actions:  # noqa: SLF001 - no public list
        if action.option_strings and action.help != argparse.SUPPRESS:
            yield Option(
                spellings=tuple(action.option_strings),
                help=str(action.help),
                takes_value=action.nargs != 0,
                choices=tuple(map(str, action.choices or ())),
            )


def find_named(command: Command) -> str:
    """Return which installed packages the arguments of a command are: `all`, `pip`, or none."""
    from conda_pip_interop.commands.command_line.parser import build_parser

    actions = build_parser(command)._actions  # noqa: SLF001 - no public list
    takes_names = any(not one.option_strings and one.metavar == "NAME" for one in actions)
    if not takes_names or command.name in _OF_NONE:
        return ""
    return "pip" if command.name in _OF_PIPS else "all"


def build_script(shell: str) -> str:
    """Build the script for a shell."""
    blocks = {"LINES": _list_fish_lines()} if shell == "fish" else _list_cases()
    return "".join(_fill(template, blocks) for template in _TEMPLATES[shell])


def _fill(template: str, blocks: Mapping[str, Iterable[str]]) -> str:
    """Read a template and put the lines of each block in the place of its `# @BLOCK`."""
    from importlib import resources

    file = resources.files("conda_pip_interop.commands.shell") / template
    lines = []
    for line in file.read_text(encoding="utf-8").splitlines():
        indent, mark, block = line.partition("# @")
        lines += [f"{indent}{one}" for one in blocks[block]] if mark else [line]
    return "\n".join(lines) + "\n"


def _list_cases() -> Mapping[str, Iterable[str]]:
    """Return the branches of the `case` statements for bash and zsh."""
    values, options = [], []
    for name, command in COMMANDS.items():
        found = tuple(list_options(command))
        spellings = (text for one in found for text in one.spellings)
        options.append(f"{_spell(name)}) printf '%s\\n' {' '.join(spellings)} ;;")
        values += [
            f"\"{name} {text}\") printf '%s\\n' {' '.join(one.choices)}; return ;;"
            for one in found
            for text in one.spellings
            if one.choices
        ]
    return {
        "VALUES": values,
        "OPTIONS": options,
        "WORDS": [
            f"'') printf '%s\\n' {' '.join(COMMANDS)} ;;",
            f"completion) printf '%s\\n' {' '.join(_TEMPLATES)} ;;",
            *(
                f'{_spell(name)}) _conda_pip_installed "$environment" {which} ;;'
                for name, command in COMMANDS.items()
                if (which := find_named(command))
            ),
        ],
    }


def _spell(command: str) -> str:
    """Return a command and its aliases as a pattern of the shell."""
    return "|".join([command, *(alias for alias, real in ALIASES.items() if real == command)])


def _list_fish_lines() -> Iterator[str]:
    """Return a `complete` for each command, and for each of its options."""
    for name, command in COMMANDS.items():
        yield _complete_fish("", f"-f -a {name}", command.help)
        for option in list_options(command):
            words = [
                f"-l {text[2:]}" if text.startswith("--") else f"-s {text[1:]}"
                for text in option.spellings
            ]
            if "--name" in option.spellings:
                words.append("-x -a '(__conda_pip_environments)'")
            elif option.choices:
                words.append(f"-x -a '{' '.join(option.choices)}'")
            elif option.takes_value:
                words.append("-r")
            yield _complete_fish(name, " ".join(words), option.help)
        if which := find_named(command):
            yield _complete_fish(name, f"-f -a '(__conda_pip_installed {which})'", "installed")
    yield _complete_fish("completion", f"-f -a '{' '.join(_TEMPLATES)}'", "shell")


def _complete_fish(command: str, words: str, text: str) -> str:
    description = text.replace("\\", "\\\\").replace("'", "\\'")
    condition = f"__conda_pip_at {command}".strip()
    return f"complete -c conda -n '{condition}' {words} -d '{description}'"


HELP = "Print a script that completes commands in a shell"
EXAMPLES = "conda pip completion bash\nconda pip completion fish"


def configure(parser: CommandParser) -> None:
    """Add the shell."""
    parser.add_argument("shell", choices=tuple(_TEMPLATES), metavar="SHELL", help="bash, zsh, fish")


def execute(args: Namespace, _host: Host) -> Output:
    """Return the script."""
    script = build_script(args.shell)
    return Output(
        text=script.rstrip("\n"), document={"shell": args.shell, "script": script}, requested=True
    )
