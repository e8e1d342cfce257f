"""The package names of the channels, indexed so that any spelling of a name finds them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.atomic.files import replace_file
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.values import dataclass, regex

_VERSION: Final = 1
_NOT_NORMALIZED: Final = regex(r"[A-Z_.]|--")


@dataclass(frozen=True, kw_only=True, slots=True)
class NameIndex:
    """The names as the channels spell them, by their normalized form (PyPI's)."""

    by_normalized_name: Mapping[str, tuple[str, ...]]

    def find(self, name: str) -> tuple[str, ...]:
        """Find the channels' spellings of a name, the normalized one first."""
        return self.by_normalized_name.get(canonicalize_name(name), ())

    def has(self, conda_name: str) -> bool:
        """Whether a channel has a package of exactly this name."""
        return conda_name in self.find(conda_name)

    @property
    def names(self) -> Iterable[str]:
        """All names of the channels."""
        return (name for names in self.by_normalized_name.values() for name in names)


def build_index(names: Iterable[str]) -> NameIndex:
    """Index the names of one or more channels, each name once."""
    found: dict[str, tuple[str, ...]] = {}
    others: list[tuple[NormalizedName, str]] = []
    for name in names:
        if _NOT_NORMALIZED.search(name) is None:  # most names: canonicalize_name is slower
            found[name] = (name,)
        else:
            others.append((canonicalize_name(name), name))
    for normalized, name in sorted(set(others)):
        found[normalized] = (*found.get(normalized, ()), name)
    return NameIndex(by_normalized_name=found)


def read_index(file: Path, *, key: str) -> NameIndex | None:
    """Read a cached index; None if there is none for this state (`key`) of the channels."""
    try:
        document = json.loads(read_regular(file))
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        return None
    names = document.get("names")
    if document.get("key") != key or not isinstance(names, list):
        return None
    return build_index(name for name in names if isinstance(name, str))


def write_index(file: Path, index: NameIndex, *, key: str) -> None:
    """Cache an index; if the file cannot be written, the index is built again next time."""
    document = {"version": _VERSION, "key": key, "names": sorted(index.names)}
    try:
        replace_file(file, json.dumps(document).encode())
    except OSError:
        return
