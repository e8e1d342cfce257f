"""Write docs/reference/commands.md from the parsers: the same on every Python."""

from __future__ import annotations

import argparse
import re
from argparse import Action
from collections.abc import Iterable, Iterator
from typing import Final

from conda_pip_interop.commands.command_line.parser import build_parser
from conda_pip_interop.commands.command_line.registry import ALIASES, COMMANDS, GROUPS, Command

_HEAD: Final = """\
# Commands

Every command and option, as `conda pip COMMAND --help` shows it. This page is generated from the
command line's parsers. The [reference](../reference.md#commands) says what the commands do in
detail, and when they end with exit code 1.
"""
_COMMON_HEAD: Final = """\
## Common options

Every command has these. pip's own commands (`download`, `wheel`, …) have only those that select the
environment, before the command or right behind it.
"""
_CHANGE_HEAD: Final = """\
Commands that change packages also have:
"""
_CHANNEL_HEAD: Final = """\
Commands that search channels also have:
"""
_REPEATS: Final = {"*": "[{} …]", "+": "{} …", "?": "[{}]"}


def collect_commands_page() -> str:
    """Return the page."""
    common = _list_actions(COMMANDS["why"], named=False)
    change = [one for one in _list_actions(COMMANDS["reconcile"]) if _is_new(one, common)]
    channels = [one for one in _list_actions(COMMANDS["names"]) if one.dest.endswith("channels")]
    known = [*common, *change, *channels]
    blocks = [
        *(_HEAD, _COMMON_HEAD, *_render_options(common)),
        *(_CHANGE_HEAD, *_render_options(change), _CHANNEL_HEAD, *_render_options(channels)),
    ]
    for heading, group in GROUPS.items():
        blocks.append(f"## {heading[0].upper()}{heading[1:]}\n")
        for command in group:
            blocks += _render_command(command, known)
    return "\n".join(blocks).rstrip("\n") + "\n"


def _list_actions(command: Command, *, named: bool = True) -> list[Action]:
    """Return what its help shows; its options alone unless `named`."""
    actions = build_parser(command)._actions
    shown = (one for one in actions if one.help != argparse.SUPPRESS)
    return [one for one in shown if named or one.option_strings]


def _is_new(action: Action, known: Iterable[Action]) -> bool:
    return all(action.option_strings != one.option_strings for one in known)


def _render_command(command: Command, known: list[Action]) -> Iterator[str]:
    actions = _list_actions(command)
    arguments = [one for one in actions if not one.option_strings]
    own = [one for one in actions if one.option_strings and _is_new(one, known)]
    yield f"### conda pip {command.name}\n"
    yield f"{command.help}.\n"
    usage = " ".join(map(_render_argument, arguments)) or "ARGUMENT …" * command.passed_on
    first = "[-n ENV | -p PATH] " if command.passed_on else ""
    options = "" if command.passed_on else " [OPTION …]"
    yield f"```text\nconda pip {first}{command.name}{options} {usage}".rstrip()
    yield "```\n"
    aliases = [alias for alias, real in ALIASES.items() if real == command.name]
    if aliases:
        yield f"Other names: {', '.join(f'`{one}`' for one in aliases)}.\n"
    if command.standalone:
        yield f"Without conda: `python -m conda_pip_interop {command.name} -p PATH`.\n"
    if arguments or own:
        yield from _render_options([*arguments, *own])
    yield from _render_passed(str(build_parser(command).epilog))
    yield f"```console\n{command.examples}\n```\n"


def _render_passed(epilog: str) -> Iterator[str]:
    """Render the options that help lists by name alone, before the examples."""
    _, mark, rest = epilog.partition("also passed to pip:")
    if mark:
        options = re.findall(r"--[a-z0-9-]+", rest.partition("\n\n")[0])
        yield f"Also passed to pip: {', '.join(f'`{one}`' for one in options)}.\n"


def _render_argument(action: Action) -> str:
    name = str(action.metavar or action.dest.upper())
    return _REPEATS.get(str(action.nargs), "{}").format(name)


def _render_options(actions: Iterable[Action]) -> Iterator[str]:
    """Render a table: each spelling, its value, and its help."""
    yield "| option | meaning |\n|---|---|"
    for one in actions:
        value = ""
        if one.option_strings and one.nargs != 0:
            value = str(one.metavar or "|".join(map(str, one.choices or (one.dest.upper(),))))
        spellings = one.option_strings or [_render_argument(one)]
        shown = ", ".join(f"`{f'{text} {value}'.strip()}`" for text in spellings)
        yield "| {} | {} |".format(*(text.replace("|", "\\|") for text in (shown, str(one.help))))
    yield ""
