"""What pip says is missing for a build (`--no-build-isolation --check-build-dependencies`)."""

from __future__ import annotations

import ast
import re
from typing import Final

#: pip's words (`pip/_internal/operations/build/…`, 22.1 to 26): requirements in quotes, or pairs.
_MISSING: Final = re.compile(r"Some build dependencies for .+? are missing: (?P<list>.+)\.\s*$")
_CONFLICT: Final = re.compile(
    r"Some build dependencies for .+? conflict with .+?: (?P<list>.+ is incompatible with .+)\.\s*$"
)


def parse_missing(output: str) -> tuple[str, ...]:
    """The requirements (PEP 508) that a build lacks, or has in a version that does not serve.

    Nothing where pip failed for another reason.
    """
    found: list[str] = []
    for line in output.splitlines():
        missing = _MISSING.search(line)
        if missing is not None:
            found += _parse_quoted(missing["list"])
        conflict = _CONFLICT.search(line)
        if conflict is not None:
            pairs = conflict["list"].split(", ")
            found += (pair.partition(" is incompatible with ")[2] for pair in pairs)
    return tuple(dict.fromkeys(found))


def _parse_quoted(text: str) -> tuple[str, ...]:
    """Python's own spelling of strings, with commas in between."""
    try:
        value = ast.literal_eval(f"[{text}]")
    except (ValueError, SyntaxError):
        return ()
    return tuple(one for one in value if isinstance(one, str))
