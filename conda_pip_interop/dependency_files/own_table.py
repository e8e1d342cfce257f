"""The table `[tool.conda-pip-interop]` in a pyproject.toml or in the metadata of a script."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.dependency_files.requirements_txt import OwnTable, Supplier, unreadable
from conda_pip_interop.dependency_files.sources import find_table
from conda_pip_interop.grammar import is_conda_name, is_name
from conda_pip_interop.text import quoted

_TABLE: Final = "tool.conda-pip-interop"
_SUPPLIERS: Final[Mapping[str, Supplier]] = {"conda": "conda", "pypi": "pypi"}
_KEYS: Final = ("channels", "names", "prefer")


def read_own_table(document: Mapping[str, Any], origin: str) -> OwnTable:
    """Read the table; raises UsageError `unreadable-file` for what is not valid or not known."""
    table = find_table(document, "tool", "conda-pip-interop")
    for key in table:
        if key not in _KEYS:
            raise unreadable(origin, f"{_TABLE} has {', '.join(_KEYS)}, not {quoted(key)}")
    channels, names = table.get("channels", []), table.get("names", {})
    if not isinstance(channels, list) or not all(map(_is_channel, channels)):
        raise unreadable(origin, f"{_TABLE}.channels is not a list of channels")
    if not isinstance(names, dict) or not all(map(_is_mapped, names.items())):
        reason = f"{_TABLE}.names does not map names of PyPI to those of conda, or to false"
        raise unreadable(origin, reason)
    prefer = table.get("prefer")
    if prefer is not None and not (isinstance(prefer, str) and prefer in _SUPPLIERS):
        raise unreadable(origin, f"{_TABLE}.prefer is neither conda nor pypi")
    return OwnTable(
        channels=tuple(channels),
        names={canonicalize_name(name): package or None for name, package in names.items()},
        prefer=None if prefer is None else _SUPPLIERS[prefer],
    )


def merge_tables(tables: Iterable[OwnTable | None]) -> OwnTable:
    """Merge the tables of several files; the first `prefer` counts, and the last name."""
    found = [one for one in tables if one is not None]
    return OwnTable(
        channels=tuple(dict.fromkeys(channel for one in found for channel in one.channels)),
        names={name: package for one in found for name, package in one.names.items()},
        prefer=next((one.prefer for one in found if one.prefer is not None), None),
    )


def _is_channel(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip()) and not value.startswith("-")


def _is_mapped(item: tuple[str, object]) -> bool:
    name, package = item
    return is_name(name) and (
        package is False or (isinstance(package, str) and is_conda_name(package))
    )
