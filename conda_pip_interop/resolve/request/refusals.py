"""Refuse what would be looked up on an index by mistake."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.dependency_files.requirements_txt import Entry
    from conda_pip_interop.resolve.request.request import NamedRequirement


_VERSION: Final = regex(r"[0-9]+(?:\.[0-9]+)+")
#: Those of dependency files; pip reads such a word as a name.
_ENDINGS: Final = (".txt", ".in", ".toml", ".yml", ".yaml", ".json", ".lock", ".cfg", ".py")


def refuse_word(word: str, folder: Path) -> None:
    """Refuse a file or a version that stands where a requirement belongs."""
    if _VERSION.fullmatch(word):
        raise UsageError(
            "usage",
            f"{word} is a version, not a requirement.",
            hints=(f"To require it: `NAME=={word}`.",),
        )
    if not (word.endswith(_ENDINGS) and (folder / word).is_file()):
        return
    option = "--requirements-from-script" if word.endswith(".py") else "-r"
    raise UsageError(
        "usage",
        f"{word} is a file, not a requirement.",
        hints=(f"To install from it: `{option} {shlex.quote(word)}`.",),
    )


def refuse_contradictions(requirements: Iterable[NamedRequirement]) -> None:
    """Raise InteropError `contradiction` where two requirements want two versions of a project."""
    pins: dict[NormalizedName, tuple[Version, NamedRequirement]] = {}
    for one in requirements:
        for version in _list_pins(one.requirement.specifier):
            known, other = pins.setdefault(one.name, (version, one))
            if not _may_be_one(known, version):
                told = " and ".join(f"{two.remembered} ({two.origin})" for two in (other, one))
                raise InteropError(
                    "contradiction",
                    f"{told} contradict each other. Nothing was changed.",
                    hints=(f"Require one version of {one.name}.",),
                )


def _may_be_one(first: Version, second: Version) -> bool:
    """Whether a version can be both: `==1.0` accepts `1.0+cpu`, too (PEP 440)."""
    is_same_build = first.local == second.local or not (first.local and second.local)
    return Version(first.public) == Version(second.public) and is_same_build


def _list_pins(specifiers: SpecifierSet) -> Iterator[Version]:
    for one in specifiers:
        if one.operator == "==" and not one.version.endswith(".*"):
            yield Version(one.version)


def refuse_private(entries: Iterable[Entry]) -> None:
    """Refuse what one index alone may be asked for: pip asks all indexes for all names."""
    for entry in entries:
        raise UsageError(
            "private-index",
            f"{entry.origin}: {entry.text} must come from {hide_password(entry.index)}, "
            "but pip would also look it up on PyPI.",
            hints=(f"To use only that index, add `--index-url {hide_password(entry.index)}`.",),
        )


def warn_private(entry: Entry) -> str:
    """Say that pip looks up a project in more places than the project that needs it wants."""
    place = hide_password(entry.index)
    return f"{entry.origin}: {entry.text} must come from {place}, but pip asks all its indexes."
