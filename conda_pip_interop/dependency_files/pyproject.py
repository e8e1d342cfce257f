"""Dependencies in TOML: those of pyproject.toml, its groups, and those of a script."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.dependency_files.requirements_txt import Dependencies, Entry, unreadable
from conda_pip_interop.errors import UsageError

#: PEP 723, "Reference Implementation".
_BLOCK: Final = re.compile(
    r"^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.MULTILINE
)
_ITEM: Final = re.compile(r"""(["'])(?P<text>.+)\1\s*,?\s*(?P<comment>#.*)?""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """Which parts of a pyproject.toml are wanted besides the project's own dependencies."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    build_system: bool = False


def parse_pyproject(text: str, *, origin: str, chosen: Chosen) -> Dependencies:
    """Read a pyproject.toml: PEP 621 (project), 735 (groups) and 518 (build-system).

    Raises UsageError `unreadable-file`, or `no-such-part` for an extra or a group it lacks.
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
        entries=_add_comments(entries, text),
        requires_python=python if isinstance(python, str) else None,
        own=own,
    )


def _add_comments(entries: Iterable[Entry], text: str) -> tuple[Entry, ...]:
    """Entries with their comments, which no parser gives: where each has a line of its own."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    before: tuple[str, ...] = ()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            before = (*before, line)
            continue
        item = _ITEM.fullmatch(line)
        if item is not None:
            found.setdefault(item["text"], (item["comment"] or "", before))
        before = ()
    known = ((one, *found.get(one.text, ("", ()))) for one in entries)
    return tuple(replace(one, comment=comment, before=above) for one, comment, above in known)


def parse_group(text: str, *, origin: str, group: str) -> tuple[Entry, ...]:
    """Read a dependency group of a pyproject.toml (PEP 735); errors as of `parse_pyproject`."""
    groups = _table(load_toml(text, origin).get("dependency-groups"), origin)
    lines = _read_group(groups, group, origin, ())
    return tuple(_entry(one, f"{origin}: group {group}") for one in lines)


def parse_script(text: str, *, origin: str) -> Dependencies:
    """Read the metadata in a script's comments (PEP 723); errors as of `parse_pyproject`."""
    blocks = [found["content"] for found in _BLOCK.finditer(text) if found["type"] == "script"]
    if len(blocks) != 1:
        raise unreadable(origin, f"it has {len(blocks) or 'no'} blocks `# /// script`")
    lines = (line[2:] if line.startswith("# ") else line[1:] for line in blocks[0].splitlines())
    document = load_toml("\n".join(lines), origin)
    entries = (_entry(one, origin) for one in _texts(_get(document, "dependencies"), origin))
    python = document.get("requires-python")
    return Dependencies(
        entries=tuple(entries), requires_python=python if isinstance(python, str) else None
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
        raise UsageError(
            "no-such-part",
            f"{origin} has no {what} {name}.",
            hints=(f"It has: {', '.join(map(str, parts)) or 'none'}.",),
        )
    return parts[name]


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
    """Parse TOML (https://toml.io/en/v1.0.0)."""
    toml = _find_parser(origin)
    try:
        document: Mapping[str, Any] = toml.loads(text)
    except (toml.TOMLDecodeError, RecursionError) as error:
        raise unreadable(origin, str(error)) from error
    return document


def _find_parser(origin: str) -> Any:
    """Python's own from 3.11 on; before, newer condas bring tomli, and pip has one of its own."""
    for name in ("tomllib", "tomli", "pip._vendor.tomli"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise unreadable(origin, "this Python (< 3.11) has no parser for TOML: it lacks tomli")
