"""Dependency files in TOML: pyproject.toml and pylock.toml."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.entries import Dependencies, Entry, unreadable


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """Which parts of a pyproject.toml are wanted besides the project's own dependencies."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    build_system: bool = False


def parse_pyproject(text: str, *, origin: str, chosen: Chosen) -> Dependencies:
    """Read a pyproject.toml: PEP 621 (project), 735 (groups) and 518 (build-system).

    Raises InteropError `unreadable-file`, or `no-such-part` for an extra or a group it lacks.
    """
    document = load_toml(text, origin)
    project = _table(document.get("project"), origin)
    extras = {
        canonicalize_name(key): _texts(value, origin)
        for key, value in _table(project.get("optional-dependencies"), origin).items()
    }
    lines = _texts(_get(project, "dependencies"), origin)
    entries = [_entry(one, f"{origin}: project") for one in lines]
    for extra in chosen.extras:
        lines = _part(extras, canonicalize_name(extra), "extra", origin)
        entries += [_entry(one, f"{origin}: extra {extra}") for one in lines]
    groups = _table(document.get("dependency-groups"), origin)
    for group in chosen.groups:
        lines = tuple(_read_group(groups, group, origin, ()))
        entries += [_entry(one, f"{origin}: group {group}") for one in lines]
    if chosen.build_system:
        lines = _texts(_get(_table(document.get("build-system"), origin), "requires"), origin)
        entries += [_entry(one, f"{origin}: build-system") for one in lines]
    own = {}
    if isinstance(project.get("name"), str):
        lines = tuple(_with_extra(one, key) for key, found in extras.items() for one in found)
        own[canonicalize_name(project["name"])] = lines
    python = project.get("requires-python")
    return Dependencies(
        entries=tuple(entries),
        requires_python=python if isinstance(python, str) else None,
        own=own,
    )


def _with_extra(text: str, extra: str) -> str:
    """A dependency of an extra as `Requires-Dist` has it."""
    line, semicolon, marker = text.partition(";")
    rest = f"({marker.strip()}) and " if semicolon else ""
    return f'{line} ; {rest}extra == "{extra}"'


def _read_group(
    groups: Mapping[str, Any], name: str, origin: str, above: Sequence[str]
) -> Iterator[str]:
    if name in above:
        raise unreadable(origin, f"its group {name} includes itself")
    known = {canonicalize_name(key): value for key, value in groups.items()}
    found = _part(known, canonicalize_name(name), "group", origin)
    for one in found if isinstance(found, list) else ():
        match one:
            case str():
                yield one
            case {"include-group": str(other)}:
                yield from _read_group(groups, other, origin, (*above, name))
            case _:
                raise unreadable(origin, f"its group {name} holds {one!r}")


def _part(parts: Mapping[Any, Any], name: str, what: str, origin: str) -> Any:
    if name not in parts:
        raise InteropError(
            "no-such-part",
            f"{origin} has no {what} {name}.",
            hints=(f"It has: {', '.join(map(str, parts)) or 'none'}.",),
        )
    return parts[name]


def parse_pylock(text: str, *, origin: str) -> Dependencies:
    """Read a pylock.toml (PEP 751): each package at its version, or from its place."""
    document = load_toml(text, origin)
    packages = document.get("packages")
    entries = []
    for one in packages if isinstance(packages, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise unreadable(origin, "it holds a package without a name")
        entries.append(_read_locked(one, origin))
    python = document.get("requires-python")
    return Dependencies(
        entries=tuple(entries), requires_python=python if isinstance(python, str) else None
    )


def _read_locked(package: Mapping[str, Any], origin: str) -> Entry:
    text = package["name"]
    match package:
        case {"vcs": {"type": str(vcs), "url": str(url), "commit-id": str(commit)}}:
            text += f" @ {vcs}+{url}@{commit}"
        case {"archive": {"url": str(url)}}:
            text += f" @ {url}"
        case {"directory": {"path": str(path)}}:
            return Entry(text=path, origin=origin, kind="place")
        case {"version": str(version)}:
            text += f"=={version}"
    marker = package.get("marker")
    return Entry(text=f"{text} ; {marker}" if isinstance(marker, str) else text, origin=origin)


def _entry(text: str, origin: str) -> Entry:
    return Entry(text=text, origin=origin)


def _table(value: object, origin: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise unreadable(origin, f"{value!r} stands where a table belongs")
    return value


def _get(table: Mapping[str, Any], key: str) -> object:
    return table.get(key, [])


def _texts(value: object, origin: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise unreadable(origin, f"{value!r} is not a list of requirements")
    return tuple(value)


def load_toml(text: str, origin: str) -> Mapping[str, Any]:
    """Parse TOML; Python has its own parser from 3.11 on, conda brings tomli before."""
    toml: Any = importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
    try:
        document: Mapping[str, Any] = toml.loads(text)
    except (toml.TOMLDecodeError, RecursionError) as error:
        raise unreadable(origin, str(error)) from error
    return document
