"""conda's history: what somebody has asked for, and what was linked, over all commands.

A record tells it too (`requested_spec`), but only until a later command links the package anew.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: `# update specs: ['python=3.11', 'pip']`, as conda's History and its kin write it.
_LINE: Final = re.compile(r"#\s*(\w+)\s+specs:\s*(.*)")
_NAME: Final = re.compile(r"(?:[^\s\[]+::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")
_ASKED: Final = frozenset(("update", "install", "create", "neutered"))
_REMOVED: Final = frozenset(("remove", "uninstall"))
_HEADING: Final = re.compile(r"==>\s*.+?\s*<==")
_PACKAGE: Final = re.compile(r"(?:(\S+)::)?([^\s:]+)-([^\s-]+)-([^\s-]+)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Linked:
    """A package that conda has linked: `text` is `conda-forge/noarch::click-8.1.7-pyhd_0`.

    `removed`: the history does not count it as installed any more, and nobody asked for that.
    """

    text: str
    source: str
    name: str
    version: str
    build: str
    removed: bool = False

    @property
    def stem(self) -> str:
        """The name of its record and of its archive, without their extensions."""
        return f"{self.name}-{self.version}-{self.build}"


def parse_linked(text: str) -> Mapping[str, Linked]:
    """The last package of each name that was linked and that nobody has asked to remove since.

    conda writes the difference between two looks at the records: a `-` may be what a command
    removed as well as what was gone before. A section without differences makes it forget all.
    """
    linked: dict[str, Linked] = {}
    for lines in _read_sections(text):
        content = [line for line in lines if not line.startswith("#")]
        gone = {found.name for found in _find_packages(content, "-")}
        if not any(line.startswith(("-", "+")) for line in content):
            gone = set(linked)
        for name in gone & linked.keys():
            linked[name] = replace(linked[name], removed=True)
        for line in lines:
            match = _LINE.match(line)
            if match is not None and match[1] in _REMOVED:
                for name in _find_names(_split(match[2])):
                    linked.pop(name, None)
        linked.update((found.name, found) for found in _find_packages(content, "+"))
    return linked


def _read_sections(text: str) -> Iterator[list[str]]:
    lines: list[str] | None = None
    for line in map(str.strip, text.splitlines()):
        if _HEADING.match(line):
            if lines is not None:
                yield lines
            lines = []
        elif line and lines is not None:
            lines.append(line)
    if lines is not None:
        yield lines


def _find_packages(lines: Iterable[str], sign: str) -> Iterator[Linked]:
    """Those with that sign; a line without one is of a section that lists all that is there."""
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
