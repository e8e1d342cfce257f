"""The dependencies in a pyproject.toml, its groups included, and in the metadata of a script."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.dynamic import (
    AskBackend,
    ProjectMetadata,
    choose_dependencies,
)
from conda_pip_interop.dependency_files.own_table import read_own_table
from conda_pip_interop.dependency_files.poetry import PoetryTables, read_poetry
from conda_pip_interop.dependency_files.projects.document import add_marker, load_toml
from conda_pip_interop.dependency_files.projects.workspace import read_workspace
from conda_pip_interop.dependency_files.requirements_txt import Dependencies, Entry, unreadable
from conda_pip_interop.dependency_files.sources import (
    apply_sources,
    find_table,
    list_index_options,
    note_unread,
    read_uv_constraints,
    read_uv_sources,
)
from conda_pip_interop.errors import UsageError
from conda_pip_interop.names.requirement import Invalid, parse_requirement
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass, regex

_BLOCK_BEGIN: Final = regex(r"# /// ([a-zA-Z0-9-]+)")
_BLOCK_END: Final = "# ///"
_BLOCK_HINT: Final = (
    "To fix: state the dependencies in one such block, as "
    "https://packaging.python.org/en/latest/specifications/inline-script-metadata/ has it."
)
_HATCH_KEYS: Final = ("dependencies", "extra-dependencies")
_LIST_ITEM: Final = regex(r"""(["'])(?P<text>.+)\1\s*,?\s*(?P<comment>#.*)?""")


@dataclass(frozen=True, kw_only=True, slots=True)
class ProjectParts:
    """The parts of a pyproject.toml that are read in addition to the project's dependencies."""

    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    build_system: bool = False


def parse_pyproject(
    text: str, *, origin: str, parts: ProjectParts, ask: AskBackend | None = None
) -> Dependencies:
    """Parse a pyproject.toml: PEP 621 (project), 735 (groups) and 518 (build-system), and Poetry's.

    `ask` gives what only the build backend knows. Raises UsageError `unreadable-file`, also where
    that is needed and `ask` is None, and `no-such-part` for a missing extra or group.
    """
    workspace = read_workspace(load_toml(text, origin), origin)
    document = workspace.document
    project = _read_table(document, "project", origin)
    poetry = read_poetry(document, origin)
    extras = {**poetry.extras, **_read_extras(project, origin)}
    groups = {**poetry.groups, **_read_groups(document, origin)}
    name = project.get("name", poetry.name)
    name = canonicalize_name(name) if isinstance(name, str) else None
    if _is_dynamic(document, poetry, origin, parts):
        metadata = _ask(ask, origin)
        known = {canonicalize_name(one) for one in metadata.provides_extra}
        for extra in parts.extras:
            find_part(dict.fromkeys(known, ()), extra, "extra", origin)
        found = [("build backend", choose_dependencies(metadata, parts.extras))]
        own = {metadata.name: metadata.requires_dist}
        listed = {one: _read_group(groups, one, origin) for one in parts.groups}
    else:
        stated = {"project": _read_dependencies(project, poetry, origin)}
        stated |= {f"extra {one}": find_part(extras, one, "extra", origin) for one in parts.extras}
        found = [
            (part, tuple(_expand_own(some, extras, name, origin))) for part, some in stated.items()
        ]
        with_extra = (_add_extra(one, extra) for extra, some in extras.items() for one in some)
        own = {} if name is None else {name: tuple(with_extra)}
        listed = {
            one: _expand_own(_read_group(groups, one, origin), extras, name, origin)
            for one in parts.groups
        }
    found += [(f"group {one}", tuple(lines)) for one, lines in listed.items()]
    if parts.build_system:
        build_system = _read_table(document, "build-system", origin)
        found.append(("build-system", _read_list(build_system, "requires", origin)))
    sources = {**poetry.sources, **read_uv_sources(document, origin)}
    entries = [*list_index_options(document, origin), *read_uv_constraints(document, origin)]
    for part, lines in found:
        needed = workspace.follow(lines)
        of_part = [Entry(text=line, origin=f"{origin}: {part}") for line in needed]
        entries += apply_sources(_add_comments(of_part, text), sources, document, origin, part=part)
    return Dependencies(
        entries=tuple(entries),
        requires_python=read_requires_python(project) or poetry.requires_python,
        own=own,
        notes=(*poetry.notes, *note_unread(document, origin)),
        table=read_own_table(document, origin),
    )


def _read_dependencies(
    project: Mapping[str, Any], poetry: PoetryTables, origin: str
) -> tuple[str, ...]:
    if "dependencies" not in project and poetry.dependencies is not None:
        return poetry.dependencies
    return _read_list(project, "dependencies", origin)


def _is_dynamic(
    document: Mapping[str, Any], poetry: PoetryTables, origin: str, parts: ProjectParts
) -> bool:
    """Find whether only the build backend knows the dependencies, or the extras that are read."""
    project = _read_table(document, "project", origin)
    if "dependencies" not in project and poetry.dependencies is not None:
        return False
    dynamic = _read_list(project, "dynamic", origin)
    unknown = "dependencies" in dynamic or (parts.extras and "optional-dependencies" in dynamic)
    return bool(unknown) or not (project or parts.groups or parts.build_system)


def _ask(ask: AskBackend | None, origin: str) -> ProjectMetadata:
    folder = Path(origin).parent
    if ask is None:
        reason = "only its build backend knows its dependencies"
        install = f"conda pip install {shlex.quote(str(folder))}"
        raise unreadable(origin, reason, hint=f"To install the project and them: `{install}`.")
    return ask(folder)


def _read_extras(
    project: Mapping[str, Any], origin: str
) -> Mapping[NormalizedName, tuple[str, ...]]:
    optional = _read_table(project, "optional-dependencies", origin)
    return {canonicalize_name(key): _read_list(optional, key, origin) for key in optional}


def _expand_own(
    lines: Iterable[str],
    extras: Mapping[NormalizedName, tuple[str, ...]],
    project: NormalizedName | None,
    origin: str,
) -> Iterator[str]:
    """Yield the lines; of those that name the project itself, what its extras require."""
    waiting = [(line, "") for line in lines]
    seen: set[tuple[str, str]] = set()
    for line, marker in waiting:
        found = parse_requirement(line)
        if isinstance(found, Invalid) or canonicalize_name(found.name) != project:
            yield add_marker(line, marker) if marker else line
            continue
        inner = " and ".join(f"({part})" for part in (marker, found.marker) if part)
        for extra in sorted(found.extras):
            if (extra, inner) not in seen:
                seen.add((extra, inner))
                waiting += [(one, inner) for one in find_part(extras, extra, "extra", origin)]


def _read_groups(document: Mapping[str, Any], origin: str) -> Mapping[str, Any]:
    """Read the groups: PEP 735's, those that uv and PDM had before, and Hatch's environments."""
    groups: dict[str, Any] = {}
    for name, table in find_table(document, "tool", "hatch", "envs").items():
        listed = [find_table({name: table}, name).get(key) for key in _HATCH_KEYS]
        groups[name] = [line for one in listed if isinstance(one, list) for line in one]
    groups.update(find_table(document, "tool", "pdm", "dev-dependencies"))
    uv = find_table(document, "tool", "uv")
    for tool in (find_table(document, "tool", "rye"), uv):
        if "dev-dependencies" in tool:
            groups["dev"] = tool["dev-dependencies"]
    return {**groups, **_read_table(document, "dependency-groups", origin)}


def parse_group(text: str, *, origin: str, group: str) -> Dependencies:
    """Parse a dependency group of a pyproject.toml (PEP 735); raises as `parse_pyproject` does."""
    workspace = read_workspace(load_toml(text, origin), origin)
    document = workspace.document
    poetry = read_poetry(document, origin)
    groups = {**poetry.groups, **_read_groups(document, origin)}
    lines: Iterable[str] = _read_group(groups, group, origin)
    project = _read_table(document, "project", origin)
    if "optional-dependencies" not in _read_list(project, "dynamic", origin):
        name = canonicalize_name(str(project.get("name", poetry.name)))
        extras = {**poetry.extras, **_read_extras(project, origin)}
        lines = _expand_own(lines, extras, name, origin)
    part = f"group {group}"
    needed = workspace.follow(lines)
    entries = [Entry(text=line, origin=f"{origin}: {part}") for line in needed]
    sources = {**poetry.sources, **read_uv_sources(document, origin)}
    limits = (*list_index_options(document, origin), *read_uv_constraints(document, origin))
    return Dependencies(
        entries=(*limits, *apply_sources(entries, sources, document, origin, part=part)),
        notes=tuple(note_unread(document, origin)),
        table=read_own_table(document, origin),
    )


def parse_script(text: str, *, origin: str) -> Dependencies:
    """Parse the metadata in a script's comments (PEP 723); raises as `parse_pyproject` does."""
    blocks = [*_find_script_blocks(text)]
    if len(blocks) != 1:
        reason = f"it has {len(blocks) or 'no'} `# /// script` blocks; it must have one"
        raise unreadable(origin, reason, hint=_BLOCK_HINT)
    lines = (line[2:] if line.startswith("# ") else line[1:] for line in blocks[0])
    document = load_toml("\n".join(lines), origin)
    dependencies = _read_list(document, "dependencies", origin)
    entries = [Entry(text=line, origin=origin) for line in dependencies]
    sources = read_uv_sources(document, origin)
    return Dependencies(
        entries=(
            *list_index_options(document, origin),
            *read_uv_constraints(document, origin),
            *apply_sources(entries, sources, document, origin),
        ),
        notes=tuple(note_unread(document, origin)),
        requires_python=read_requires_python(document),
        table=read_own_table(document, origin),
    )


def _find_script_blocks(text: str) -> Iterator[list[str]]:
    """Find what PEP 723's regular expression finds, without its square time on many beginnings.

    A block ends with the last `# ///` of the comment lines that follow each other.
    """
    runs = itertools.groupby(text.split("\n"), lambda line: line == "#" or line.startswith("# "))
    for lines in ([*run] for is_comment, run in runs if is_comment):
        end = max((at for at, line in enumerate(lines) if line == _BLOCK_END), default=0)
        found = ((at, _BLOCK_BEGIN.fullmatch(line)) for at, line in enumerate(lines[: end - 1]))
        begin, kind = next(((at, match[1]) for at, match in found if match), (0, ""))
        if end > 1 and kind == "script":
            yield lines[begin + 1 : end]


def read_requires_python(table: Mapping[str, Any]) -> str | None:
    """Read `requires-python`; None if it is missing or not a string."""
    value = table.get("requires-python")
    return value if isinstance(value, str) else None


def _add_comments(entries: Iterable[Entry], text: str) -> tuple[Entry, ...]:
    """Add the comments, which TOML parsers drop, of entries that have a line of their own."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    before: list[str] = []
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            before.append(line)
            continue
        item = _LIST_ITEM.fullmatch(line)
        if item is not None:
            found.setdefault(item["text"], (item["comment"] or "", tuple(before)))
        before = []
    known = ((one, *found.get(one.text, ("", ()))) for one in entries)
    return tuple(replace(one, comment=comment, before=above) for one, comment, above in known)


def _add_extra(text: str, extra: str) -> str:
    """Write a dependency of an extra as a `Requires-Dist` line."""
    return add_marker(text, f'extra == "{extra}"')


def _read_group(
    groups: Mapping[str, Any],
    name: str,
    origin: str,
    above: Sequence[str] = (),
    seen: set[str] | None = None,
) -> Iterator[str]:
    """Yield the requirements of a group; a group that is included again says nothing new."""
    seen = set() if seen is None else seen
    if name in above:
        raise unreadable(origin, f"its group {name} includes itself")
    normalized = {canonicalize_name(key): value for key, value in groups.items()}
    items = find_part(normalized, name, "group", origin)
    if not isinstance(items, list | tuple):
        raise unreadable(origin, f"its group {name} is not a list but {quoted(items)}")
    for one in items:
        match one:
            case str():
                yield one
            case {"include-group": str(other)}:
                if other in (*above, name) or other not in seen:
                    seen.add(other)
                    yield from _read_group(groups, other, origin, (*above, name), seen)
            case _:
                raise unreadable(origin, f"its group {name} contains {quoted(one)}")


def find_part(parts: Mapping[NormalizedName, Any], name: str, kind: str, origin: str) -> Any:
    """Find an extra or a group by its normalized name; raises UsageError `no-such-part`."""
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
        raise unreadable(origin, f"{key} is not a table but {quoted(value)}")
    return value


def _read_list(table: Mapping[str, Any], key: str, origin: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise unreadable(origin, f"{key} is not a list of requirements but {quoted(value)}")
    return tuple(value)
