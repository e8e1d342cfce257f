"""Refuse what would be looked up on an index by mistake."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import UsageError
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.dependency_files.requirements_txt import Entry


#: Those of dependency files; pip reads such a word as a name.
_ENDINGS: Final = (".txt", ".in", ".toml", ".yml", ".yaml", ".json", ".lock", ".cfg", ".py")


def refuse_file(word: str, folder: Path) -> None:
    """Refuse a file that stands where a requirement belongs: its option is missing."""
    if not (word.endswith(_ENDINGS) and (folder / word).is_file()):
        return
    option = "--requirements-from-script" if word.endswith(".py") else "-r"
    raise UsageError(
        "usage",
        f"{word} is a file, not a requirement.",
        hints=(f"To install from it: `{option} {shlex.quote(word)}`.",),
    )


def refuse_private(entries: Iterable[Entry]) -> None:
    """Refuse what one index alone may be asked for: pip asks all indexes for all names."""
    for entry in entries:
        raise UsageError(
            "private-index",
            f"{entry.origin}: {entry.text} must come from {hide_password(entry.index)}, "
            "but pip would also look it up on PyPI.",
            hints=(f"To use only that index, add `--index-url {hide_password(entry.index)}`.",),
        )
