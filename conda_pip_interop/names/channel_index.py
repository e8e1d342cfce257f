"""A channel's package names by their normal form, so that any spelling finds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.files import replace_file

_VERSION: Final = 1
_NEEDS_WORK: Final = re.compile(r"[A-Z_.]|--")


@dataclass(frozen=True, kw_only=True, slots=True)
class NameIndex:
    """Names as channels spell them, by PyPI's normal form (case, `-`, `_` and `.` folded)."""

    by_normal_form: Mapping[str, tuple[str, ...]]

    def find(self, name: str) -> tuple[str, ...]:
        """The spellings that the channels have of a name, the most usual one first."""
        return self.by_normal_form.get(canonicalize_name(name), ())

    def has(self, conda_name: str) -> bool:
        """Whether a channel has a package of exactly this name."""
        return conda_name in self.find(conda_name)

    @property
    def names(self) -> Iterable[str]:
        """Every name of the channels."""
        return (name for names in self.by_normal_form.values() for name in names)


def build_index(names: Iterable[str]) -> NameIndex:
    """Index the names of one channel or several.

    Of two spellings the normal form itself comes first: `foo-bar` before `foo_bar`.
    """
    found: dict[str, tuple[str, ...]] = {}
    spelled: list[tuple[NormalizedName, str]] = []
    for name in names:
        if _NEEDS_WORK.search(name) is None:
            found[name] = (name,)
        else:
            spelled.append((canonicalize_name(name), name))
    for normal, name in sorted(set(spelled)):
        found[normal] = (*found.get(normal, ()), name)
    return NameIndex(by_normal_form=found)


def read_index(file: Path, *, key: str) -> NameIndex | None:
    """The index that was kept for just this state (`key`) of the channels, if there is one."""
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        return None
    names = document.get("names")
    if document.get("key") != key or not isinstance(names, list):
        return None
    return build_index(name for name in names if isinstance(name, str))


def write_index(file: Path, index: NameIndex, *, key: str) -> None:
    """Keep an index; where nothing can be written, it is built again the next time."""
    document = {"version": _VERSION, "key": key, "names": sorted(index.names)}
    try:
        replace_file(file, json.dumps(document).encode())
    except OSError:
        return
