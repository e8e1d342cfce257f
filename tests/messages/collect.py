"""Collect what the commands say: help as it is shown at 80 columns, messages from the source."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from unittest.mock import patch

import conda_pip_interop
from conda_pip_interop.commands.command_line.parser import parse_arguments
from conda_pip_interop.commands.command_line.registry import COMMANDS, STANDALONE_COMMANDS
from tests.messages.commands_page import collect_commands_page
from tests.messages.errors_page import collect_errors_page
from tests.messages.json_page import collect_json_page

_PACKAGE: Final = Path(conda_pip_interop.__file__).parent
_REFERENCE: Final = _PACKAGE.parent / "docs" / "reference"
_RAISED: Final = re.compile(r"(\w*Error|_?not_\w+)$")
_SAID: Final = ("notify", "print_stderr", "verbose")


def collect_help() -> str:
    """Return the overview and the help of each command, also without conda."""
    blocks = []
    with patch.dict(os.environ, {"COLUMNS": "80"}):
        for standalone, commands in ((False, COMMANDS), (True, STANDALONE_COMMANDS)):
            for words in ([], *([command] for command in commands)):
                text = parse_arguments([*words, "--help"], standalone=standalone)
                blocks.append(f"$ {' '.join([*words, '--help'])}\n{text}")
    return "\n\n".join(blocks) + "\n"


def collect_messages() -> str:
    """Return every error and every line for stderr, with its module, as the source states it."""
    blocks = []
    for file in sorted(_PACKAGE.rglob("*.py")):
        found = list(_find_messages(ast.parse(file.read_text(encoding="utf-8"))))
        if found:
            module = file.relative_to(_PACKAGE).with_suffix("").as_posix()
            blocks.append("\n".join([f"## {module}", *found]))
    return "\n\n".join(blocks) + "\n"


def _find_messages(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if _RAISED.search(name) or name in _SAID:
                inside = {
                    part
                    for one in ast.walk(node)
                    if isinstance(one, ast.JoinedStr)
                    for part in one.values
                }
                nodes = (one for one in ast.walk(node) if one not in inside)
                texts = [text for one in nodes if (text := _read_text(one)) is not None]
                if texts:
                    yield "\n    ".join([f"{name}:", *dict.fromkeys(texts)])


def _read_text(node: ast.AST) -> str | None:
    """Return a text with its `{…}` as they stand; None for what is no sentence."""
    if isinstance(node, ast.JoinedStr):
        parts = (
            one.value if isinstance(one, ast.Constant) else f"{{{ast.unparse(one.value)}}}"
            for one in node.values
            if isinstance(one, ast.Constant | ast.FormattedValue)
        )
        return "".join(map(str, parts)).replace("\n", "\\n")
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        return node.value.replace("\n", "\\n")
    return None


FILES: Final[Mapping[Path, Callable[[], str]]] = {
    Path(__file__).with_name("help.txt"): collect_help,
    Path(__file__).with_name("messages.txt"): collect_messages,
    _REFERENCE / "commands.md": collect_commands_page,
    _REFERENCE / "error-codes.md": collect_errors_page,
    _REFERENCE / "json.md": collect_json_page,
}
