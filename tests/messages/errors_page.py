"""Write docs/reference/error-codes.md from the source: each code with its messages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import conda_pip_interop
from conda_pip_interop.errors import (
    InteropError,
    NotAllowedError,
    PipFailedError,
    RecoveryError,
    StalePlanError,
    UnsatisfiableError,
    UsageError,
)

_PACKAGE: Final = Path(conda_pip_interop.__file__).parent
_CLASSES: Final[Mapping[str, type[InteropError]]] = {
    one.__name__: one for one in (InteropError, NotAllowedError, RecoveryError, UsageError)
}
#: Classes that have a code of their own.
_FIXED: Final[Mapping[str, str]] = {
    one.__name__: one("").code for one in (PipFailedError, StalePlanError, UnsatisfiableError)
}
_CODE: Final = re.compile(r"[a-z]+(-[a-z]+)*")
_HEAD: Final = """\
# Exit codes and error codes

This page is generated from the source.

## Exit codes

| code | meaning |
|---|---|
| 0 | done; also where you answered no, and where there was nothing to do |
| 1 | findings, or refused: see the error |
| 2 | wrong usage, or a file that cannot be read |
| 130 | interrupted with Ctrl-C |
| 141 | nobody reads the question any more (`conda pip install … \\| head`) |
| others | pip's or uv's own, if that failed, but for 2: an index that cannot be reached is 1 |

## Error codes

With `--json`, an error is `{"success": false, "error": {"code": …, "message": …, "hints": […]}}`.
Match on the code: codes do not change, messages may. `…` stands for what the message names.

| code | exit code | messages |
|---|---|---|
"""


def collect_errors_page() -> str:
    """Return the page."""
    found: dict[str, tuple[set[str], list[str]]] = {}
    for file in sorted(_PACKAGE.rglob("*.py")):
        for code, status, message in _find_errors(ast.parse(file.read_text(encoding="utf-8"))):
            statuses, messages = found.setdefault(code, (set(), []))
            statuses.add(status)
            messages.append(message)
    rows = (
        f"| `{code}` | {', '.join(sorted(statuses))} | {_join(messages)} |"
        for code, (statuses, messages) in sorted(found.items())
    )
    return _HEAD + "\n".join(rows) + "\n"


def _join(messages: list[str]) -> str:
    """Return the messages as a cell, without those that are only known when they are made."""
    told = [one for one in dict.fromkeys(messages) if one != "…"]
    return "<br>".join(told) or "it says what happened"


def _find_errors(tree: ast.Module) -> Iterator[tuple[str, str, str]]:
    """Yield the code, the exit code and the message of each error that a module makes."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in _FIXED:
            yield _FIXED[name], _find_status(node, "1"), _read(node.args[:1])
        elif name in _CLASSES and node.args and _read_code(node.args[0]):
            status = str(_CLASSES[name]("x", "").exit_code)
            yield _read_code(node.args[0]), _find_status(node, status), _read(node.args[1:2])


def _find_status(node: ast.Call, default: str) -> str:
    """Return the exit code of a call."""
    named = {one.arg: ast.unparse(one.value) for one in node.keywords}
    given = named.get("exit_code", default)
    return {"INTERRUPTED": "130"}.get(given, given if given.isdigit() else "pip's own")


def _read_code(node: ast.expr) -> str:
    """Return a code; an empty text for what is none."""
    text = node.value if isinstance(node, ast.Constant) else None
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""


def _read(nodes: list[ast.expr]) -> str:
    """Return the first line of a message for a cell of a table, with … for what is inserted."""
    (node,) = nodes
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    texts = (one.value if isinstance(one, ast.Constant) else "…" for one in parts)
    line = "".join(map(str, texts)).partition("\n")[0].strip().rstrip(":")
    return line.replace("|", "\\|").replace("<", "\\<").replace("*", "\\*")
