"""Where the projects of a pyproject.toml come from, as uv's, Poetry's and PDM's tables say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.locations import (
    PYPI_FILES,
    PYPI_INDEX,
    Location,
    parse_location,
    path_exists,
)
from conda_pip_interop.dependency_files.requirements_txt import (
    CONSTRAINT,
    EDITABLE,
    REQUIREMENT,
    Dependencies,
    Entry,
    check_argument,
    split_option,
    split_tail,
    unreadable,
)
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass, regex

_PDM_ROOT: Final = regex(r"file:///\$\{PROJECT_ROOT\}/")
_HATCH_ROOT: Final = regex(r"\{root((?::parent)*):uri\}")
_REVISIONS: Final = ("rev", "tag", "branch")
_OF_UV: Final = (
    *("override-dependencies", "exclude-dependencies", "build-constraint-dependencies"),
    *("exclude-newer", "exclude-newer-package", "prerelease", "resolution", "index-strategy"),
    *("dependency-metadata", "extra-build-dependencies", "no-build-isolation"),
    *("no-build-isolation-package", "config-settings", "config-settings-package"),
)
#: The settings of tables that have no equivalent in a requirements file, and values that have one.
_UNREAD: Final[Mapping[tuple[str, ...], tuple[str, ...]]] = {
    ("uv",): _OF_UV,
    ("uv", "pip"): (
        *_OF_UV,
        *("extra", "all-extras", "no-extra", "group", "no-deps", "require-hashes"),
        *("python-version", "python-platform", "torch-backend"),
    ),
    ("pdm", "resolution"): ("overrides", "excludes", "allow-prereleases", "strategy"),
}
_READ: Final = (
    ("prerelease", "allow"),
    ("prerelease", "if-necessary-or-explicit"),
    ("resolution", "highest"),
    ("index-strategy", "first-index"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The source of one project: a URL, a path, or the name of an index.

    `workspace`: it is another member of uv's workspace. `marker` limits the source, and `part` to
    what an extra or a group requires: `extra cpu`, `group dev`.
    """

    url: str = ""
    path: str = ""
    editable: bool = False
    index: str = ""
    workspace: bool = False
    marker: str = ""
    part: str = ""


def build_source(found: Mapping[str, Any]) -> Source | None:
    """Build the source of a table of uv or Poetry; None if it names none."""
    parts = (f"{key} {found[key]}" for key in ("extra", "group") if key in found)
    part = canonicalize_name(next(parts, ""))
    source = _build_source(found)
    return source and replace(source, marker=str(found.get("marker", "")), part=part)


def _build_source(found: Mapping[str, Any]) -> Source | None:
    within = f"#subdirectory={found['subdirectory']}" if "subdirectory" in found else ""
    match found:
        case {"git": str(url)}:
            revision = next((f"@{found[key]}" for key in _REVISIONS if key in found), "")
            return Source(url=f"git+{_build_git_url(url)}{revision}{within}")
        case {"url": str(url)}:
            return Source(url=f"{url}{within}")
        case {"path": str(path)} | {"file": str(path)}:
            editable = bool(found.get("editable", found.get("develop")))
            return Source(path=path, editable=editable)
        case {"index": str(index)} | {"source": str(index)}:
            return Source(index=index)
        case {"workspace": True}:
            return Source(workspace=True)
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
            source = build_source(one) if isinstance(one, dict) else None
            if source is None:
                raise unreadable(origin, f"its source of {key} is not supported: {quoted(one)}")
            found.append(source)
        sources[canonicalize_name(key)] = tuple(found)
    return sources


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexes:
    """The indexes of a project: URLs by name, and as options of pip those for all projects.

    `patterns` are the names (with `*`) that may only come from one of them (PDM).
    """

    urls: Mapping[str, str]
    options: tuple[tuple[str, str], ...]
    patterns: tuple[tuple[str, str], ...] = ()


def read_indexes(document: Mapping[str, Any]) -> Indexes:
    """Read the indexes of uv, Poetry, PDM and Rye."""
    urls: dict[str, str] = {}
    options: list[tuple[str, str]] = []
    patterns: list[tuple[str, str]] = []
    for tool, key in (("uv", "index"), ("poetry", "source"), ("pdm", "source"), ("rye", "sources")):
        listed = find_table(document, "tool", tool).get(key, ())
        for one in listed if isinstance(listed, list) else ():
            match one:
                case {"name": str(name), "url": str(url)}:
                    urls[name] = url
                case {"url": str(url)}:
                    pass
                case _:
                    continue
            patterns += [(name, url) for name in _list_texts(one.get("include_packages"))]
            if not (one.get("explicit") or one.get("priority") == "explicit"):
                first = one.get("default") or one.get("priority") in ("default", "primary")
                is_links = one.get("type") == "find_links" or one.get("format") == "flat"
                option = "--find-links" if is_links else "--extra-index-url"
                options.append(("--index-url" if first else option, url))
    for keys in (("uv",), ("uv", "pip")):  # those of `uv pip` outweigh the others
        options += _read_uv_options(find_table(document, "tool", *keys))
    return Indexes(urls=urls, options=tuple(options), patterns=tuple(patterns))


def _list_texts(value: object) -> list[str]:
    """List one text or several."""
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _read_uv_options(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Read the settings that uv had before `[[tool.uv.index]]`, and those of `uv pip`."""
    for key in ("index-url", "extra-index-url", "find-links"):
        for one in _list_texts(table.get(key)):
            yield f"--{key}", one
    if table.get("no-index") is True:
        yield "--no-index", ""
    if table.get("prerelease") == "allow":
        yield "--pre", ""
    for key, option in (("no-binary", "--no-binary"), ("no-build", "--only-binary")):
        if table.get(key) is True:
            yield option, ":all:"
        names = (*_list_texts(table.get(f"{key}-package")), *_list_texts(table.get(key)))
        yield from ((option, name) for name in names)
    yield from (("--only-binary", name) for name in _list_texts(table.get("only-binary")))


def is_private(url: str) -> bool:
    """Whether a URL is of another index than PyPI, where anybody may have taken the name."""
    if not url.lower().startswith(("http://", "https://")):
        return False
    try:
        return urlsplit(url).hostname not in (urlsplit(PYPI_INDEX).hostname, PYPI_FILES)
    except ValueError:  # no URL at all: nobody knows whose it is
        return True


def find_table(document: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Find a nested table; empty if it, or one around it, is missing."""
    found: Any = document
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def read_uv_constraints(document: Mapping[str, Any], origin: str) -> Iterator[Entry]:
    """Read the constraints in uv's table; raises UsageError `unreadable-file`."""
    found = find_table(document, "tool", "uv").get("constraint-dependencies", [])
    where = f"{origin}: constraint-dependencies"
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise unreadable(where, "it is not a list of requirements")
    for line in found:
        yield Entry(text=line, origin=where, kind="constraint")


def note_unread(document: Mapping[str, Any], origin: str) -> Iterator[str]:
    """Say which settings of uv's and PDM's tables that change what is installed are left out."""
    for tables, keys in _UNREAD.items():
        found = find_table(document, "tool", *tables)
        for key in keys:
            if found.get(key) not in (None, False, [], {}) and (key, found[key]) not in _READ:
                name = ".".join(("tool", *tables, key))
                yield f"{origin}: {name} is left out: a file for pip cannot say it."


def list_index_options(document: Mapping[str, Any], origin: str) -> Iterator[Entry]:
    """List the options of pip for the indexes that all projects may come from."""
    for option, value in read_indexes(document).options:
        text = f"{option} {check_argument(value, origin)}".rstrip()
        yield Entry(text=text, origin=origin, kind="option")


def place(dependencies: Dependencies, folder: Path) -> Dependencies:
    """Read the paths of dependencies from the folder of their file, wherever the command runs."""
    entries = (replace(one, folder=folder, run_in=folder) for one in dependencies.entries)
    return replace(dependencies, entries=tuple(entries))


def find_source(entry: Entry) -> Path:
    """Find the folder that a path in an entry is read from: the current one, as pip has it.

    People often mean the folder of the file, which counts where the current one has no such path.
    By `-r` and `-c`, pip means that folder alone, and by `--find-links` that one first.
    """
    current = entry.run_in or Path()
    option, value = split_option(entry.text)
    if option in (*REQUIREMENT, *CONSTRAINT):
        return entry.folder
    if option in ("-f", "--find-links"):
        is_elsewhere = path_exists(current / value) and not path_exists(entry.folder / value)
        return current if is_elsewhere else entry.folder
    text, _ = split_tail(entry.text if option is None else value)
    found = parse_location(text, folder=current, editable=option in EDITABLE)
    return current if isinstance(found, Location) else entry.folder


def apply_sources(
    entries: Iterable[Entry],
    sources: Mapping[NormalizedName, tuple[Source, ...]],
    document: Mapping[str, Any],
    origin: str,
    *,
    part: str = "",
) -> Iterator[Entry]:
    """Write the sources of requirements into them; `part` is where they stand (see `Source`)."""
    indexes = read_indexes(document)
    for entry in map(_find_root, entries):
        try:
            requirement = Requirement(entry.text)
        except (
            InvalidRequirement,
            RecursionError,
        ):  # reported, with its line, by what translates it
            yield entry
            continue
        name = canonicalize_name(requirement.name)
        found = [one for one in sources.get(name, ()) if one.part in ("", canonicalize_name(part))]
        written = [_apply(entry, requirement, one, indexes.urls, origin) for one in found]
        private = (url for pattern, url in indexes.patterns if fnmatchcase(name, pattern))
        yield from written or [replace(entry, index=next(private, entry.index))]


def _find_root(entry: Entry) -> Entry:
    """Write the folder of the project, which PDM and Hatch have names for, as a relative path."""
    text = _PDM_ROOT.sub("file:./", entry.text)
    text = _HATCH_ROOT.sub(lambda found: "file:." + "/.." * found[1].count(":parent"), text)
    if not text.startswith("-e "):
        return replace(entry, text=text)
    path = text.partition("#egg=")[0].removeprefix("-e ").strip().removeprefix("file:")
    return replace(entry, text=f"-e {path}", kind="location")


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
    if source.workspace:
        raise unreadable(
            origin,
            f"{requirement.name} is a member of a uv workspace",
            hint="To convert it: `uv export --format pylock.toml -o pylock.toml`.",
        )
    if source.url:
        return replace(entry, text=f"{requirement.name}{extras} @ {source.url}{tail}")
    path = source.path if source.path.startswith((".", "/")) else f"./{source.path}"
    check_argument(path, origin)
    option = "-e " if source.editable else ""
    return replace(entry, text=f"{option}{path}{extras}{tail}", kind="location")
