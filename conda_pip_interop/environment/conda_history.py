"""conda's history: which packages the user requested, and which were linked, over all commands.

A record has it too (`requested_spec`), but only until a later command links the package again.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import read_regular

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: `# update specs: ['python=3.11', 'pip']`, as conda's History writes it.
_LINE: Final = re.compile(r"#\s*(\w+)\s+specs:\s*(.*)")
_NAME: Final = re.compile(r"(?:[^\s\[]+::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")
_REQUESTED: Final = frozenset(("update", "install", "create", "neutered"))
_REMOVED: Final = frozenset(("remove", "uninstall"))
_HEADING: Final = re.compile(r"==>\s*(.+?)\s*<==")
_PACKAGE: Final = re.compile(r"(?:(\S+)::)?([^\s:]+)-([^\s-]+)-([^\s-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """A package that conda has linked: `text` is `conda-forge/noarch::click-8.1.7-pyhd_0`.

    `removed`: it is no longer installed by the history, but no command requested its removal.
    `linked_at` and `removed_at` are local times (`2026-11-24 05:54:21`), `""` if they did not come.
    """

    text: str
    source: str
    name: str
    version: str
    build: str
    removed: bool = False
    linked_at: str = ""
    removed_at: str = ""

    @property
    def stem(self) -> str:
        """The name of its record and of its archive, without their extensions."""
        return f"{self.name}-{self.version}-{self.build}"


def parse_linked(text: str) -> Mapping[str, Linked]:
    """Return the last linked package of each name whose removal was not requested since.

    conda writes the difference to the records it last saw: a `-` line may be a package that a
    command removed, or one that was missing before. After a section without differences, conda
    considers nothing installed.
    """
    linked: dict[str, Linked] = {}
    for when, lines in _read_sections(text):
        content = [line for line in lines if not line.startswith("#")]
        gone = {found.name for found in _find_packages(content, "-")}
        if not any(line.startswith(("-", "+")) for line in content):
            gone = set(linked)
        for name in gone & linked.keys():
            if not linked[name].removed:
                linked[name] = replace(linked[name], removed=True, removed_at=when)
        for line in lines:
            match = _LINE.match(line)
            if match is not None and match[1] in _REMOVED:
                for name in _find_names(_split(match[2])):
                    linked.pop(name, None)
        linked.update(
            (found.name, replace(found, linked_at=when)) for found in _find_packages(content, "+")
        )
    return linked


def read_history(root: Path) -> Mapping[str, Linked]:
    """Return `parse_linked` of the history of the prefix at `root`; empty if it has none."""
    try:
        content = read_regular(root / "conda-meta" / "history")
    except OSError:
        return {}
    return parse_linked(content.decode("utf-8", errors="replace"))


def _read_sections(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the time of each section and its lines."""
    when = ""
    lines: list[str] | None = None
    for line in map(str.strip, text.splitlines()):
        if heading := _HEADING.match(line):
            if lines is not None:
                yield when, lines
            when, lines = heading[1], []
        elif line and lines is not None:
            lines.append(line)
    if lines is not None:
        yield when, lines


def _find_packages(lines: Iterable[str], sign: str) -> Iterator[Linked]:
    """Find the packages with that sign; lines without a sign list everything installed."""
    for line in lines:
        if line[0] == sign or (line[0] not in "-+" and sign == "+"):
            text = line.lstrip("-+")
            match = _PACKAGE.fullmatch(text)
            if match is not None and not match[4].startswith("pypi_"):
                source, name, version, build = match.groups()
                yield Linked(
                    text=text, source=source or "", name=name, version=version, build=build
                )


def parse_requested(text: str) -> frozenset[str]:
    """Return the names of packages requested in a `conda-meta/history` and not removed since.

    Some may no longer be installed: the history does not list packages removed with others.
    """
    names: set[str] = set()
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        action, specs = match[1], _find_names(_split(match[2]))
        if action in _REQUESTED:
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
        if match is not None and not spec.endswith("@"):  # `@`: a feature of old conda versions
            yield match[1].lower()
