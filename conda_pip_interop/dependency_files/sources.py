"""Where the projects of a pyproject.toml come from, as uv's, Poetry's and PDM's tables say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.requirements_txt import Entry, unreadable

_REVISIONS: Final = ("rev", "tag", "branch")


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The source of one project: a URL, a path, or the name of an index. `marker` limits it."""

    url: str = ""
    path: str = ""
    editable: bool = False
    index: str = ""
    marker: str = ""


def build_source(name: str, found: Mapping[str, Any], origin: str) -> Source | None:
    """Build the source of a table of uv or Poetry; None if it names none.

    Raises UsageError `unreadable-file` for a source that only the tool itself can follow.
    """
    marker = str(found.get("marker", ""))
    match found:
        case {"git": str(url)}:
            revision = next((f"@{found[key]}" for key in _REVISIONS if key in found), "")
            within = f"#subdirectory={found['subdirectory']}" if "subdirectory" in found else ""
            return Source(url=f"git+{_build_git_url(url)}{revision}{within}", marker=marker)
        case {"url": str(url)}:
            return Source(url=url, marker=marker)
        case {"path": str(path)} | {"file": str(path)}:
            editable = bool(found.get("editable", found.get("develop")))
            return Source(path=path, editable=editable, marker=marker)
        case {"index": str(index)} | {"source": str(index)}:
            return Source(index=index, marker=marker)
        case {"workspace": True}:
            raise unreadable(
                origin,
                f"{name} is a member of a uv workspace",
                hint="To convert it: `uv export --format pylock.toml -o pylock.toml`.",
            )
    return None


def _build_git_url(url: str) -> str:
    """Write git's `git@host:path` as a URL."""
    host, colon, path = url.partition(":")
    return url if "://" in url or not colon else f"ssh://{host}/{path}"


def read_uv_sources(
    document: Mapping[str, Any], origin: str
) -> Mapping[NormalizedName, tuple[Source, ...]]:
    """Read `[tool.uv.sources]`; raises UsageError `unreadable-file`."""
    sources: dict[NormalizedName, tuple[Source, ...]] = {}
    for key, value in find_table(document, "tool", "uv", "sources").items():
        found = []
        for one in value if isinstance(value, list) else [value]:
            source = build_source(key, one, origin) if isinstance(one, dict) else None
            if source is None:
                raise unreadable(origin, f"its source of {key} is not supported: {one!r}")
            found.append(source)
        sources[canonicalize_name(key)] = tuple(found)
    return sources


def read_indexes(document: Mapping[str, Any]) -> tuple[Mapping[str, str], tuple[str, ...]]:
    """Read the indexes by name, and as options of pip those that all projects may come from."""
    by_name: dict[str, str] = {}
    options: list[str] = []
    for tool, key in (("uv", "index"), ("poetry", "source"), ("pdm", "source")):
        listed = find_table(document, "tool", tool).get(key, ())
        for one in listed if isinstance(listed, list) else ():
            match one:
                case {"name": str(name), "url": str(url)}:
                    by_name[name] = url
            if "url" in one and not (one.get("explicit") or one.get("priority") == "explicit"):
                first = one.get("default") or one.get("priority") in ("default", "primary")
                is_links = one.get("type") == "find_links" or one.get("format") == "flat"
                option = "--find-links" if is_links else "--extra-index-url"
                options.append(f"{'--index-url' if first else option} {one['url']}")
    return by_name, tuple(options)


def find_table(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Find a nested table; empty if it, or one around it, is missing."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def apply_sources(
    entries: Iterable[Entry],
    sources: Mapping[NormalizedName, tuple[Source, ...]],
    document: Mapping[str, Any],
    origin: str,
) -> Iterator[Entry]:
    """Write the sources of requirements into them, after the options for the indexes."""
    indexes, options = read_indexes(document)
    yield from (Entry(text=option, origin=origin, kind="option") for option in options)
    for entry in entries:
        try:
            requirement = Requirement(entry.text)
        except InvalidRequirement:  # reported, with its line, by what translates it
            yield entry
            continue
        found = sources.get(canonicalize_name(requirement.name), ())
        written = [_apply(entry, requirement, one, indexes, origin) for one in found]
        yield from written or [entry]


def _apply(
    entry: Entry,
    requirement: Requirement,
    source: Source,
    indexes: Mapping[str, str],
    origin: str,
) -> Entry:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    own = "" if requirement.marker is None else str(requirement.marker)
    found = [one for one in dict.fromkeys((own, source.marker)) if one]
    marker = " and ".join(f"({one})" for one in found) if found[1:] else "".join(found)
    tail = f" ; {marker}" if marker else ""
    if source.index.lower() == "pypi":
        return entry
    if source.index:
        if source.index not in indexes:
            raise unreadable(origin, f"its index {source.index} of {requirement.name} is missing")
        text = f"{requirement.name}{extras}{requirement.specifier}{tail}"
        return replace(entry, text=text, index=indexes[source.index])
    if source.url:
        return replace(entry, text=f"{requirement.name}{extras} @ {source.url}{tail}")
    path = source.path if source.path.startswith((".", "/")) else f"./{source.path}"
    option = "-e " if source.editable else ""
    return replace(entry, text=f"{option}{path}{extras}{tail}", kind="location")
