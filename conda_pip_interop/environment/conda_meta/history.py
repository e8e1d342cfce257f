"""conda's history: which packages the user requested, and which were linked, over all commands.

A record has it too (`requested_spec`), but only until a later command links the package again.
"""

from __future__ import annotations

import ast
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.paths import PrefixPath, read_regular
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

HISTORY_FILE: Final = PrefixPath("conda-meta/history")
#: `# update specs: ['python=3.11', 'pip']`, as conda's History writes it.
_LINE: Final = regex(r"#\s*(\w+)\s+specs:\s*(.*)")
_NAME: Final = regex(r"(?:[^\s\[]+::)?\s*([A-Za-z0-9_][A-Za-z0-9_.-]*)")
_REQUESTED: Final = frozenset(("update", "install", "create", "neutered"))
_REMOVED: Final = frozenset(("remove", "uninstall"))
_HEADING: Final = regex(r"==>\s*(.+?)\s*<==")
_PACKAGE: Final = regex(r"(?:(\S+)::)?([^\0\s:/\\]+)-([^\0\s/\\-]+)-([^\0\s/\\-]+)")


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
    return parse_linked(read_history_text(root))


def read_history_text(root: Path) -> str:
    """Read the history of the prefix at `root`; empty if it has none."""
    try:
        content = read_regular(root / HISTORY_FILE)
    except OSError:
        return ""
    return content.decode("utf-8", errors="replace")


def find_history_fault(root: Path) -> str | None:
    """Return what conda would fail at in the history of the prefix at `root`; None if nothing."""
    try:
        text = read_regular(root / HISTORY_FILE).decode()
    except UnicodeDecodeError:
        return "not UTF-8"
    except FileNotFoundError:
        return "missing"
    except PermissionError:
        return None
    except OSError:
        return "not a regular file"
    return None if text == drop_broken_lines(text) else "some lines are not conda's"


def drop_broken_lines(text: str) -> str:
    """Return a history without the lines that conda cannot evaluate.

    A section in which no package is left goes with them: conda would take all for removed.
    """
    sections: dict[str, list[str]] = {}
    for section, line in _read_lines(text):
        sections.setdefault(section, []).append(line)
    kept: list[str] = []
    for section, lines in sections.items():
        sound = [one for one in lines if not section or not _is_broken(one.strip())]
        has_packages = any(one.strip() and not one.startswith(("#", "==>")) for one in sound)
        kept += sound if sound == lines or has_packages else []
    return "".join(kept)


def _is_broken(line: str) -> bool:
    """Return whether conda fails at a line of a section: a list of specs, or of no package."""
    if line.startswith("#"):
        match = _LINE.match(line)
        return match is not None and match[2].startswith("[") and not _is_list(match[2])
    return bool(line) and not _HEADING.match(line) and line[1:].count("-") < 2  # noqa: PLR2004


def _is_list(text: str) -> bool:
    value = _evaluate(text)
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


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


def parse_requested(text: str, needed: Mapping[str, str] | None = None) -> frozenset[str]:
    """Return the names of packages requested in a `conda-meta/history` and not removed since.

    Some may no longer be installed: the history does not list packages removed with others.
    `needed` are names that this section has only because other packages need them (`find_section`).
    """
    names: set[str] = set()
    for section, action, specs in _read_specs(text):
        if action in _REQUESTED:
            names |= {name for name in specs if (needed or {}).get(name) != section}
        elif action in _REMOVED:
            names -= specs
    return frozenset(names)


def parse_requested_specs(text: str) -> Mapping[str, str]:
    """Return the last spec that was requested of each name, like `parse_requested`."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        action, specs = match[1], _split(match[2])
        if action in _REQUESTED:
            found.update((name, spec.strip()) for spec in specs for name in _find_names([spec]))
        elif action in _REMOVED:
            for name in _find_names(specs):
                found.pop(name, None)
    return found


def read_requested_specs(root: Path) -> Mapping[str, str]:
    """Return `parse_requested_specs` of the history of the prefix at `root`."""
    return parse_requested_specs(read_history_text(root))


def find_section(text: str, name: str) -> str | None:
    """Return the last section that has a name among its specs: its heading, then `…-2`."""
    found = None
    for section, action, specs in _read_specs(text):
        if action in _REQUESTED and name in specs:
            found = section
    return found


def _read_specs(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield the section, the action and the names of each line of specs."""
    for section, line in _read_lines(text):
        if match := _LINE.match(line):
            yield section, match[1], set(_find_names(_split(match[2])))


def _read_lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield the section of each line and the line as it is.

    A section is named by its heading, the second one of the same second `…-2`.
    """
    section = ""
    seen: Counter[str] = Counter()
    for line in text.splitlines(keepends=True):
        if heading := _HEADING.match(line.strip()):
            section = heading[1]
            seen[section] += 1
            if seen[section] > 1:
                section += f"-{seen[section]}"
        yield section, line


def drop_specs(text: str, needed: Mapping[str, str]) -> str:
    """Return a history without the specs of some names, each in its section (`find_section`)."""
    lines = []
    for section, line in _read_lines(text):
        kept = line
        gone = {name for name, its_section in needed.items() if its_section == section}
        match = _LINE.match(line)
        if gone and match is not None and match[1] in _REQUESTED:
            specs = _split(match[2])
            left = [one for one in specs if not gone & set(_find_names([one]))]
            if not left:
                continue
            if left != specs:
                kept = f"# {match[1]} specs: {left}\n"
        lines.append(kept)
    return "".join(lines)


def _split(text: str) -> list[str]:
    if not text.startswith("["):
        return text.split(",")
    value = _evaluate(text)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _evaluate(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None  # TypeError: `{[]: 1}`


def _find_names(specs: Iterable[str]) -> Iterable[str]:
    for spec in specs:
        match = _NAME.match(spec.strip())
        if match is not None and not spec.endswith("@"):  # `@`: a feature of old conda versions
            yield match[1].lower()


@dataclass(frozen=True, kw_only=True, slots=True)
class Revision:
    """A section of the history: conda's revision `number`, as `conda list --revisions` counts.

    `when` is a local time (`2026-11-24 05:54:21`), `command` the command line without the program's
    folder, `added` and `removed` are packages as conda names them; `""` and none if unknown.
    """

    number: int
    when: str
    command: str
    added: tuple[str, ...]
    removed: tuple[str, ...]


def parse_revisions(text: str) -> tuple[Revision, ...]:
    """Parse all revisions, oldest first."""
    return tuple(
        Revision(
            number=number,
            when=when,
            command=_find_command(lines),
            added=tuple(line.lstrip("+") for line in lines if line[0] not in "#-"),
            removed=tuple(line.lstrip("-") for line in lines if line[0] == "-"),
        )
        for number, (when, lines) in enumerate(_read_sections(text))
    )


def list_changes(revisions: Iterable[Revision]) -> Iterator[Revision]:
    """List the revisions that changed packages, with those alone.

    After a section without packages, conda adds all that is there once more.
    """
    there: set[str] = set()
    for one in revisions:
        added = tuple(text for text in one.added if text not in there)
        removed = tuple(text for text in one.removed if text in there)
        there = (there - {*removed}) | {*added}
        if added or removed:
            yield replace(one, added=added, removed=removed)


def cut_history(text: str, number: int) -> str:
    """Return the history before revision `number`; all of it where there is none."""
    seen = -1
    lines = []
    for line in text.splitlines(keepends=True):
        seen += _HEADING.match(line.strip()) is not None
        if seen == number:
            break
        lines.append(line)
    return "".join(lines)


def parse_package(text: str) -> Linked | None:
    """Parse conda's name of a package; None for what is not one."""
    return next(_find_packages([text], "+"), None)


def count_revisions(root: Path) -> int:
    """Count the revisions of the prefix at `root`."""
    return len(parse_revisions(read_history_text(root)))


def _find_command(lines: Iterable[str]) -> str:
    for line in lines:
        start, _, command = line.partition("# cmd:")
        if not start and command:
            program, _, arguments = command.strip().partition(" ")
            name = program.replace("\\", "/").rpartition("/")[2]
            return f"{name} {arguments}".strip()
    return ""
