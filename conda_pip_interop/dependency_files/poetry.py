"""The dependencies in Poetry's tables of a pyproject.toml, as requirements (PEP 508)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Any, Final

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.dependency_files.sources import Source, build_source, find_table
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass, regex

_TERM: Final = regex(r"(\^|~=|~|===|==|=|!=|<=|>=|<|>)?\s*([^\s,<>=!~^|]+)")
_PLATFORM: Final = regex(r"(==|!=)?([\w.-]+)")
_HINT: Final = "To convert it: `poetry export -o requirements.txt`."
_KNOWN: Final = {
    *("version", "extras", "markers", "python", "platform", "optional", "source"),
    *("git", "branch", "tag", "rev", "subdirectory", "path", "file", "url", "develop"),
    "allow-prereleases",
}


def build_specifiers(constraint: str) -> SpecifierSet | None:
    """Translate a version constraint of Poetry; None if PEP 440 has no equivalent.

    Besides PEP 440's operators: `^1.2` (up to the next change of the first nonzero segment), `~1.2`
    (up to the next minor version) and a version alone.
    """
    text = constraint.strip()
    if text in ("", "*"):
        return SpecifierSet()
    if "|" in text or _TERM.sub("", text).strip(" ,"):
        return None
    try:
        clauses = [one for found in _TERM.findall(text) for one in _build_clauses(*found)]
        return SpecifierSet(",".join(clauses))
    except (InvalidSpecifier, InvalidVersion):
        return None


def _build_clauses(operator: str, text: str) -> tuple[str, ...]:
    if text == "*":
        return ()
    if operator in ("", "=") or text.endswith("*"):
        return (f"{operator if operator in ('!=', '==') else '=='}{text}",)
    if operator not in ("^", "~"):
        return (f"{operator}{text}",)
    release = Version(text).release
    if operator == "~":
        changed = min(len(release), 2) - 1
    else:
        nonzero = (number for number, one in enumerate(release) if one)
        changed = next(nonzero, len(release) - 1)
    upper = [*release[:changed], release[changed] + 1]
    return (f">={text}", f"<{'.'.join(map(str, upper))}")


@dataclass(frozen=True, kw_only=True, slots=True)
class PoetryTables:
    """What `[tool.poetry]` says. `dependencies` is None if it has no such table."""

    name: str | None = None
    requires_python: str | None = None
    dependencies: tuple[str, ...] | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    extras: Mapping[NormalizedName, tuple[str, ...]] = field(default_factory=dict)
    sources: Mapping[NormalizedName, tuple[Source, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_poetry(document: Mapping[str, Any], origin: str) -> PoetryTables:
    """Read `[tool.poetry]`; raises UsageError `unreadable-file`.

    Where `[project]` has the dependencies, Poetry's own table only adds their sources.
    """
    poetry = find_table(document, "tool", "poetry")
    main = find_table(poetry, "dependencies")
    tables = {
        name: find_table(group, "dependencies")
        for name, group in find_table(poetry, "group").items()
    }
    if "dev-dependencies" in poetry:
        tables["dev"] = find_table(poetry, "dev-dependencies")
    reader = _Reader(origin=origin)
    needed, optional = reader.read(main)
    groups = {name: sum(reader.read(table), ()) for name, table in tables.items()}
    return PoetryTables(
        name=poetry.get("name"),
        requires_python=_read_python(main, origin),
        dependencies=needed if "dependencies" in poetry else None,
        groups={
            name: tuple(
                line
                for one in _find_included(name, find_table(poetry, "group"))
                for line in groups.get(one, ())
            )
            for name in groups
        },
        extras={
            canonicalize_name(extra): tuple(
                line for line in optional if _parse_name(line) in set(map(_parse_name, names))
            )
            for extra, names in find_table(poetry, "extras").items()
        },
        sources={name: tuple(found) for name, found in reader.sources.items()},
        notes=tuple(_note_prereleases((main, *tables.values()), origin)),
    )


def _note_prereleases(tables: Iterable[Mapping[str, Any]], origin: str) -> Iterator[str]:
    """Say for which projects pre-releases are allowed: pip allows them for all or for none."""
    dependencies = (item for table in tables for item in table.items())
    allowed = dict.fromkeys(name for name, value in dependencies if _allows_prereleases(value))
    if allowed:
        yield (
            f"{origin}: allow-prereleases of {', '.join(allowed)} is left out: pip allows them "
            "for all projects or for none. To allow them, name one in the version (`>=2.0rc1`)."
        )


def _allows_prereleases(value: Any) -> bool:
    listed = value if isinstance(value, list) else [value]
    return any(isinstance(one, dict) and one.get("allow-prereleases") for one in listed)


def _find_included(name: str, groups: Mapping[str, Any]) -> list[str]:
    """Find the groups that a group includes, itself first."""
    found = [name]
    for one in found:
        listed = find_table(groups, one).get("include-groups")
        names = listed if isinstance(listed, list) else ()
        found += [other for other in names if isinstance(other, str) and other not in found]
    return found


def _parse_name(line: str) -> NormalizedName:
    return canonicalize_name(re.split(r"[^\w.-]", line, maxsplit=1)[0])


def _read_python(table: Mapping[str, Any], origin: str) -> str | None:
    if "python" not in table:
        return None
    return str(_read_specifiers("python", table["python"], origin))


@dataclass(kw_only=True)
class _Reader:
    """Reads dependencies tables, and collects the sources in them."""

    origin: str
    sources: dict[NormalizedName, list[Source]] = field(default_factory=dict)

    def read(self, table: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Read the requirements of a table: the needed, and those that only extras need."""
        lines: dict[bool, list[str]] = {False: [], True: []}
        for name, value in table.items():
            for one in value if isinstance(value, list) else [value]:
                found = {"version": one} if isinstance(one, str) else one
                if not isinstance(found, dict) or not _KNOWN.issuperset(found):
                    raise unreadable(
                        self.origin,
                        f"its dependency {name} is not supported: {quoted(one)}",
                        hint=_HINT,
                    )
                if name == "python":
                    continue
                line = _build_requirement(name, found, self.origin)
                lines[bool(found.get("optional"))].append(line)
                marker = line.partition(" ; ")[2]
                source = build_source({**found, "marker": marker})
                if source is not None:
                    self.sources.setdefault(canonicalize_name(name), []).append(source)
        return tuple(lines[False]), tuple(lines[True])


def _build_requirement(name: str, found: Mapping[str, Any], origin: str) -> str:
    extras = ",".join(found.get("extras", ()))
    text = name + (f"[{extras}]" if extras else "")
    text += str(_read_specifiers(name, found.get("version", "*"), origin))
    marker = _build_marker(name, found, origin)
    return f"{text} ; {marker}" if marker else text


def _build_marker(name: str, found: Mapping[str, Any], origin: str) -> str:
    parts = [f"({found['markers']})"] if "markers" in found else []
    if "platform" in found:
        parts.append(_build_platform_marker(name, found["platform"], origin))
    if "python" in found:
        specifiers = _read_specifiers(name, found["python"], origin)
        parts += [_build_python_marker(one) for one in sorted(specifiers, key=str)]
    return " and ".join(parts)


def _build_platform_marker(name: str, constraint: Any, origin: str) -> str:
    """Translate a constraint on the platform: `linux`, `!=win32` or `linux || darwin`."""
    alternatives = []
    for one in re.split(r"\|\|?", str(constraint)):
        terms = [_PLATFORM.fullmatch(term) for term in re.split(r"[\s,]+", one.strip())]
        if not all(terms):
            reason = f"the platform {quoted(constraint)} of {name} is not valid"
            raise unreadable(origin, reason, hint=_HINT)
        known = (f"sys_platform {term[1] or '=='} '{term[2]}'" for term in terms if term)
        alternatives.append(" and ".join(known))
    return f"({' or '.join(alternatives)})" if alternatives[1:] else alternatives[0]


def _build_python_marker(specifier: Specifier) -> str:
    long = specifier.version.count(".") > 1 and not specifier.version.endswith("*")
    return f"python_{'full_' if long else ''}version {specifier.operator} '{specifier.version}'"


def _read_specifiers(name: str, constraint: Any, origin: str) -> SpecifierSet:
    specifiers = build_specifiers(constraint) if isinstance(constraint, str) else None
    if specifiers is None:
        reason = f"{name} {quoted(constraint)} has no equivalent in PEP 440"
        raise unreadable(origin, reason, hint=_HINT)
    return specifiers
