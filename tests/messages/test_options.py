"""Each option that a message names is accepted by the command that it stands in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

import conda_pip_interop
from conda_pip_interop.commands.command_line.parser import build_parser
from conda_pip_interop.commands.command_line.registry import COMMANDS

_PACKAGE: Final = Path(conda_pip_interop.__file__).parent
_QUOTED: Final = re.compile(r"`([^`]+)`")
_OPTION: Final = re.compile(r"(?<![\w-])(--?[a-z][a-z-]*)")
_CHANGING: Final = tuple(name for name, one in COMMANDS.items() if one.changes)
#: Which commands a message is about that names an option alone. All other messages may be those of
#: several commands, and name the command with the option.
ALONE: Final[Mapping[str, tuple[str, ...]]] = {
    "commands/change/adopt": ("adopt", "update"),
    "commands/file_options": ("create", "sync"),
    "commands/inspect/download": ("download",),
    "commands/inspect/export_files": ("export",),
    "commands/command_line/install_options": ("install",),
    "commands/names/name_answers": ("names",),
    "commands/names/names": ("names",),
    "commands/names/translate_files": ("translate",),
    "commands/output_files": ("export", "translate"),
    "commands/command_line/parser": tuple(COMMANDS),
    "commands/command_line/run": _CHANGING,
    "dependency_files/read": ("translate",),
    "environment/target": _CHANGING,
    "exports/pip_lines": ("export",),
    "installers/failures": ("install",),
    "installers/pip/options": ("install",),
    "installers/uv/options": ("install",),
    "protection/policy": ("install",),
    "resolve/request/earlier_requests": ("install",),
    "resolve/install": ("install",),
    "resolve/parts": ("install",),
    "resolve/request/refusals": ("install",),
}


def list_options(command: str) -> frozenset[str]:
    parser = build_parser(COMMANDS[command])
    return frozenset(name for one in parser._actions for name in one.option_strings)


def read_text(node: ast.AST) -> str | None:
    """A text of the source, with … for what is inserted."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(read_text(one) or "…" for one in node.values)
    return None


def read_sources() -> Iterator[tuple[str, list[ast.AST]]]:
    """Yield each module and all that it consists of: read here once, which takes seconds."""
    for file in sorted(_PACKAGE.rglob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        yield file.relative_to(_PACKAGE).with_suffix("").as_posix(), list(ast.walk(tree))


def find_quoted(module: str, nodes: list[ast.AST]) -> Iterator[tuple[str, str]]:
    """Yield the module and each snippet that a text puts between backticks."""
    docstrings = {
        node.value
        for node in nodes
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in nodes:
        text = None if node in docstrings else read_text(node)
        for snippet in _QUOTED.findall(text or ""):
            yield module, snippet


def find_built(module: str, nodes: list[ast.AST]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the module and the words of each command line that code builds."""
    for node in nodes:
        parts = node.args if isinstance(node, ast.Call) else getattr(node, "elts", ())
        if [read_text(one) for one in parts[:2]] == ["conda", "pip"] and len(parts) > 2:
            yield module, tuple(read_text(one) or "…" for one in parts[2:])


def find_all() -> tuple[list[tuple[str, str]], list[tuple[str, tuple[str, ...]]]]:
    """Return all snippets, and all command lines that code builds."""
    quoted: list[tuple[str, str]] = []
    built: list[tuple[str, tuple[str, ...]]] = []
    for module, nodes in read_sources():
        quoted += find_quoted(module, nodes)
        built += find_built(module, nodes)
    return quoted, built


SNIPPETS, BUILT = find_all()
FULL: Final = tuple(
    (module, tuple(snippet.split()[2:]))
    for module, snippet in SNIPPETS
    if snippet.startswith("conda pip ")
)
BARE: Final = tuple(
    (module, option)
    for module, snippet in SNIPPETS
    if not snippet.startswith(("conda ", "python ", "pip "))
    for option in _OPTION.findall(snippet)
    if snippet.startswith(option)
)


def test_the_messages_are_found() -> None:
    assert ("environment/target", "--override-frozen") in BARE
    assert any(words[0] == "restore" for _, words in BUILT)
    assert any(words[0] == "unprotect" for _, words in FULL)


@pytest.mark.parametrize(("module", "words"), [*BUILT, *FULL])
def test_a_command_line_has_only_options_of_its_command(
    module: str, words: tuple[str, ...]
) -> None:
    first, *rest = words
    command = first.partition("{")[0] or first
    if command not in COMMANDS:
        assert command in {"…", "COMMAND"} or command.startswith("-"), module
        return
    found = {option for word in rest for option in _OPTION.findall(word) if word[0] == "-"}
    assert found <= list_options(command) | {"-n", "-p", "--help"}


@pytest.mark.parametrize(("module", "option"), sorted(set(BARE)))
def test_an_option_alone_is_one_of_every_command_that_says_so(module: str, option: str) -> None:
    assert module in ALONE
    for command in ALONE[module]:
        assert option in list_options(command) | {"-n", "-p", "--help"}, command
