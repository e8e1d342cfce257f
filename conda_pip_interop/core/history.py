"""conda's history: which packages somebody has asked for, over all commands.

A record tells it too (`requested_spec`), but only until a later command links the package anew.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

#: `# update specs: ['python=3.11', 'pip']`, as conda's History and its kin write it.
_LINE: Final = re.compile(r"#\s*(\w+)\s+specs:\s*(.*)")
_NAME: Final = re.compile(r"(?:[^\s\[]+::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")
_ASKED: Final = frozenset(("update", "install", "create", "neutered"))
_REMOVED: Final = frozenset(("remove", "uninstall"))


def parse_requested(text: str) -> frozenset[str]:
    """Names of the packages asked for in a `conda-meta/history` and not removed since.

    Some may not be installed any more: what goes because of another is not in the history.
    """
    names: set[str] = set()
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        action, specs = match[1], _find_names(_split(match[2]))
        if action in _ASKED:
            names.update(specs)
        elif action in _REMOVED:
            names.difference_update(specs)
    return frozenset(names)


def _split(text: str) -> list[str]:
    if not text.startswith("["):
        return text.split(",")
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    return [one for one in value if isinstance(one, str)]


def _find_names(specs: Iterable[str]) -> Iterable[str]:
    for spec in specs:
        match = _NAME.match(spec.strip())
        if match is not None and not spec.endswith("@"):  # `@`: a feature, in conda's old days
            yield match[1].lower()
