"""The dependencies in a pyproject.toml, its groups included, and in the metadata of a script."""

from __future__ import annotations

import contextlib
import importlib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.poetry import PoetryTables, read_poetry
from conda_pip_interop.dependency_files.requirements_txt import Dependencies, Entry, unreadable
from conda_pip_interop.dependency_files.sources import (
    apply_sources,
    find_table,
    read_uv_sources,
)
from conda_pip_interop.errors import UsageError

#: PEP 723, "Reference Implementation".
_BLOCK: Final = re.compile(
    r"^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$", re.MULTILINE
)
_LIST_ITEM: Final = re.compile(r"""(["'])(?P<text>.+)\1\s*,?\s*(?P<comment>#.*)?""")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectParts:
    """The parts of a pyproject.toml that are read in addition to the project's dependencies."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    build_system: bool = False


def parse_pyproject(text: str, *, origin: str, parts: ProjectParts) -> Dependencies:
    """Parse a pyproject.toml: PEP 621 (project), 735 (groups) and 518 (build-system), and Poetry's.

    Raises UsageError `unreadable-file`, also where only the build backend knows the dependencies,
    and `no-such-part` for a missing extra or group.
    """
    document = load_toml(text, origin)
    project = _read_table(document, "project", origin)
    poetry = read_poetry(document, origin)
    extras = {**poetry.extras, **_read_extras(project, origin)}
    groups = {**poetry.groups, **_read_groups(document, origin)}
    found = [("project", _read_dependencies(document, poetry, origin, parts))]
    found += [(f"extra {one}", _find_part(extras, one, "extra", origin)) for one in parts.extras]
    found += [(f"group {one}", tuple(_read_group(groups, one, origin))) for one in parts.groups]
    if parts.build_system:
        build_system = _read_table(document, "build-system", origin)
        found.append(("build-system", _read_list(build_system, "requires", origin)))
    own = {}
    name = project.get("name", poetry.name)
    if isinstance(name, str):
        with_extra = (_add_extra(one, extra) for extra, lines in extras.items() for one in lines)
        own[canonicalize_name(name)] = tuple(with_extra)
    entries = [
        Entry(text=line, origin=f"{origin}: {part}") for part, lines in found for line in lines
    ]
    sources = {**poetry.sources, **read_uv_sources(document, origin)}
    return Dependencies(
        entries=(*apply_sources(_add_comments(entries, text), sources, document, origin),),
        requires_python=read_requires_python(project) or poetry.requires_python,
        own=own,
    )


def _read_dependencies(
    document: Mapping[str, Any], poetry: PoetryTables, origin: str, parts: ProjectParts
) -> tuple[str, ...]:
    """Read the project's own dependencies; what only its backend knows is an error."""
    project = _read_table(document, "project", origin)
    if "dependencies" not in project and poetry.dependencies is not None:
        return poetry.dependencies
    dynamic = _read_list(project, "dynamic", origin)
    unknown = "dependencies" in dynamic or (parts.extras and "optional-dependencies" in dynamic)
    if unknown or not (project or parts.groups or parts.build_system):
        reason = "only its build backend knows its dependencies"
        hint = f"To install the project and them: `conda pip install {_folder(origin)}`."
        raise unreadable(origin, reason, hint=hint)
    return _read_list(project, "dependencies", origin)


def _folder(origin: str) -> str:
    return shlex.quote(str(Path(origin).parent))


def _read_extras(
    project: Mapping[str, Any], origin: str
) -> Mapping[NormalizedName, tuple[str, ...]]:
    optional = _read_table(project, "optional-dependencies", origin)
    return {canonicalize_name(key): _read_list(optional, key, origin) for key in optional}


def _read_groups(document: Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    """Read the groups: PEP 735's, and those that uv and PDM had before."""
    groups: dict[str, Any] = dict(find_table(document, "tool", "pdm", "dev-dependencies"))
    uv = find_table(document, "tool", "uv")
    if "dev-dependencies" in uv:
        groups["dev"] = uv["dev-dependencies"]
    return {**groups, **_read_table(document, "dependency-groups", origin)}


def parse_group(text: str, *, origin: str, group: str) -> tuple[Entry, ...]:
    """Parse a dependency group of a pyproject.toml (PEP 735); raises as `parse_pyproject` does."""
    document = load_toml(text, origin)
    poetry = read_poetry(document, origin)
    groups = {**poetry.groups, **_read_groups(document, origin)}
    lines = _read_group(groups, group, origin)
    entries = [Entry(text=line, origin=f"{origin}: group {group}") for line in lines]
    sources = {**poetry.sources, **read_uv_sources(document, origin)}
    return tuple(apply_sources(entries, sources, document, origin))


def parse_script(text: str, *, origin: str) -> Dependencies:
    """Parse the metadata in a script's comments (PEP 723); raises as `parse_pyproject` does."""
    blocks = [found["content"] for found in _BLOCK.finditer(text) if found["type"] == "script"]
    if len(blocks) != 1:
        reason = f"it has {len(blocks) or 'no'} `# /// script` blocks; it must have one"
        raise unreadable(origin, reason)
    lines = (line[2:] if line.startswith("# ") else line[1:] for line in blocks[0].splitlines())
    document = load_toml("\n".join(lines), origin)
    dependencies = _read_list(document, "dependencies", origin)
    entries = [Entry(text=line, origin=origin) for line in dependencies]
    sources = read_uv_sources(document, origin)
    return Dependencies(
        entries=tuple(apply_sources(entries, sources, document, origin)),
        requires_python=read_requires_python(document),
    )


def read_requires_python(table: Mapping[str, Any]) -> str | None:
    """Read `requires-python`; None if it is missing or not a string."""
    value = table.get("requires-python")
    return value if isinstance(value, str) else None


def load_toml(text: str, origin: str) -> Mapping[str, Any]:
    """Parse TOML; raises UsageError `unreadable-file`."""
    toml = _import_toml_parser(origin)
    try:
        document: Mapping[str, Any] = toml.loads(text)
    except (toml.TOMLDecodeError, RecursionError) as error:
        raise unreadable(origin, str(error)) from error
    return document


def _import_toml_parser(origin: str) -> Any:
    """Python 3.10 has no parser; newer condas depend on tomli, and pip contains it."""
    for name in ("tomllib", "tomli", "pip._vendor.tomli"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise unreadable(origin, "Python 3.10 needs the package tomli to read TOML")


def _add_comments(entries: Iterable[Entry], text: str) -> tuple[Entry, ...]:
    """Add the comments, which TOML parsers drop, of entries that have a line of their own."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    before: tuple[str, ...] = ()
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            before = (*before, line)
            continue
        item = _LIST_ITEM.fullmatch(line)
        if item is not None:
            found.setdefault(item["text"], (item["comment"] or "", before))
        before = ()
    known = ((one, *found.get(one.text, ("", ()))) for one in entries)
    return tuple(replace(one, comment=comment, before=above) for one, comment, above in known)


def _add_extra(text: str, extra: str) -> str:
    """Write a dependency of an extra as a `Requires-Dist` line."""
    line, semicolon, marker = text.partition(";")
    rest = f"({marker.strip()}) and " if semicolon else ""
    return f'{line} ; {rest}extra == "{extra}"'


def _read_group(
    groups: Mapping[str, Any], name: str, origin: str, above: Sequence[str] = ()
) -> Iterator[str]:
    if name in above:
        raise unreadable(origin, f"its group {name} includes itself")
    normalized = {canonicalize_name(key): value for key, value in groups.items()}
    items = _find_part(normalized, name, "group", origin)
    if not isinstance(items, list | tuple):
        raise unreadable(origin, f"its group {name} is not a list but {items!r}")
    for one in items:
        match one:
            case str():
                yield one
            case {"include-group": str(other)}:
                yield from _read_group(groups, other, origin, (*above, name))
            case _:
                raise unreadable(origin, f"its group {name} contains {one!r}")


def _find_part(parts: Mapping[NormalizedName, Any], name: str, kind: str, origin: str) -> Any:
    found = parts.get(canonicalize_name(name))
    if found is None:
        raise UsageError(
            "no-such-part",
            f"{origin} has no {kind} {name}.",
            hints=(f"Available: {', '.join(parts) or 'none'}.",),
        )
    return found


def _read_table(table: Mapping[str, Any], key: str, origin: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise unreadable(origin, f"{key} is not a table but {value!r}")
    return value


def _read_list(table: Mapping[str, Any], key: str, origin: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise unreadable(origin, f"{key} is not a list of requirements but {value!r}")
    return tuple(value)
