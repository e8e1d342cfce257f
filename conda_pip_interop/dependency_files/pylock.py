"""The packages of a lock file, pylock.toml (PEP 751)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from conda_pip_interop.dependency_files.dynamic import ALWAYS, NEVER, simplify
from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.dependency_files.pyproject import (
    ProjectParts,
    find_part,
    read_requires_python,
)
from conda_pip_interop.dependency_files.requirements_txt import (
    Dependencies,
    Entry,
    check_argument,
    unreadable,
)
from conda_pip_interop.dependency_files.sources import find_table, is_private
from conda_pip_interop.environment.versions import parse_file_version
from conda_pip_interop.grammar import is_hash
from conda_pip_interop.text import quoted
from conda_pip_interop.values import regex

#: The algorithms that pip accepts, strongest first.
_HASHES: Final = ("sha512", "sha384", "sha256")
_MEMBERSHIP: Final = regex(
    r"""(['"])(?P<name>[^'"]*)\1\s+(?P<no>not\s+)?in\s+(?P<of>extras|dependency_groups)\b"""
)


def parse_pylock(
    text: str,
    *,
    origin: str,
    folder: Path | None = None,
    parts: ProjectParts | None = None,
) -> Dependencies:
    """Parse a lock file, with the hashes in the entries' tails; paths are relative to `folder`.

    Packages for an extra or a group are needed if it is one of `parts` or of the file's default
    groups, and left out otherwise. Raises UsageError: `unreadable-file`, `no-such-part`.
    """
    document = load_toml(text, origin)
    notes = check_version(document, origin)
    packages = document.get("packages", [])
    if not isinstance(packages, list):
        raise unreadable(origin, "its packages are not a list")
    chosen = _choose_parts(document, parts or ProjectParts(), origin)
    entries: list[Entry] = []
    links: list[str] = []
    for one in packages:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise unreadable(origin, "it contains a package without a name")
        try:
            marker = _evaluate_choices(one.get("marker", ""), chosen)
            if marker == NEVER:
                continue
            entries.append(_read_package({**one, "marker": marker}, origin, folder or Path()))
            links += _read_links(one, folder or Path())
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise unreadable(origin, f"its package {one['name']} is not valid") from error
    return Dependencies(
        entries=tuple(entries),
        requires_python=read_requires_python(document),
        links=tuple(links),
        locked=True,
        owned_by_pip=_is_owned_by_pip(document),
        notes=notes,
        environments=_read_environments(document, origin),
    )


def _read_environments(document: Mapping[str, Any], origin: str) -> tuple[str, ...]:
    found = document.get("environments", [])
    try:
        return tuple(str(Marker(one)) for one in found)
    except (InvalidMarker, TypeError, RecursionError) as error:
        raise unreadable(origin, f"its environments are not markers: {quoted(found)}") from error


def check_version(document: Mapping[str, Any], origin: str) -> tuple[str, ...]:
    """Check `lock-version`; return a warning for a newer minor version, as PEP 751 has it.

    Raises UsageError `unreadable-file` for another major one.
    """
    version = document.get("lock-version", "1.0")
    if not (isinstance(version, str) and version.partition(".")[0] == "1"):
        raise unreadable(origin, f"its lock-version is {quoted(version)}; supported is 1.0")
    newer = f"{origin}: its lock-version is {quoted(version)}; what is new since 1.0 is not read."
    return () if version == "1.0" else (newer,)


def _is_owned_by_pip(document: Mapping[str, Any]) -> bool:
    """Whether `conda pip export` has written it: what it lists is pip's, in the channels or not."""
    return find_table(document, "tool", "conda-pip-interop").get("owner") == "pip"


def _read_package(
    package: Mapping[str, Any],
    origin: str,
    folder: Path,
) -> Entry:
    text = package["name"]
    files: list[Mapping[str, Any]] = []
    match package:
        case {"vcs": {"type": str(vcs), "commit-id": str(commit)} as source}:
            text += f" @ {vcs}+{_build_url(source, folder)}@{commit}{_build_fragment(source)}"
        case {"archive": dict(source)}:
            text += f" @ {_build_url(source, folder)}{_build_fragment(source)}"
            files = [source]
        case {"directory": {"path": str(path)} as source}:
            path = path if path[:1] in "./" else f"./{path}"
            path += f"/{source['subdirectory']}" if "subdirectory" in source else ""
            text = f"{'-e ' if source.get('editable') else ''}{check_argument(path, origin)}"
        case {"version": str(version)}:
            text += f"=={version}"
            files = _list_files(package)
        case _:  # the file names tell the version, or it is of a kind that PEP 751 does not have
            files = _list_files(package)
            if not files:
                raise ValueError(package)
            text += f"=={_parse_version(files[0])}"
    marker = package["marker"]
    return Entry(
        text=f"{text} ; {marker}" if marker else text,
        origin=origin,
        kind="location" if "directory" in package else "requirement",
        folder=folder,
        index=index if is_private(index := str(package.get("index", ""))) else "",
        tail=" ".join(f"--hash={found}" for one in files if (found := _find_hash(one))),
    )


def _read_links(package: Mapping[str, Any], folder: Path) -> Iterator[str]:
    for one in _list_files(package):
        if "url" in one or "path" in one:
            digest = (_find_hash(one) or "").replace(":", "=")
            yield f"{_build_url(one, folder)}#{digest}".rstrip("#")


def _list_files(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sdist = package.get("sdist")
    return [*([] if sdist is None else [sdist]), *package.get("wheels", ())]


def _parse_version(file: Mapping[str, Any]) -> str:
    """Raises KeyError or ValueError where the name of a file is missing or not valid."""
    name = str(file.get("name") or unquote(str(file.get("url") or file["path"])).rpartition("/")[2])
    version = parse_file_version(name)
    if not version:
        raise ValueError(name)
    return version


def _build_url(source: Mapping[str, Any], folder: Path) -> str:
    if "url" in source:
        return str(source["url"])
    return (folder / str(source["path"])).resolve().as_uri()


def _build_fragment(source: Mapping[str, Any]) -> str:
    return f"#subdirectory={quote(source['subdirectory'])}" if "subdirectory" in source else ""


def _find_hash(file: Mapping[str, Any]) -> str | None:
    hashes = file.get("hashes", {})
    found = next((f"{name}:{hashes[name]}" for name in _HASHES if name in hashes), None)
    if found is not None and not is_hash(found):
        raise ValueError(found)
    return found


def _evaluate_choices(marker: str, chosen: Mapping[str, Collection[str]]) -> str:
    """Evaluate the parts of a marker about extras and groups, which a requirement cannot have."""

    def evaluate(found: re.Match[str]) -> str:
        name = canonicalize_name(found["name"])
        holds = (name in chosen[found["of"]]) != bool(found["no"])
        return ALWAYS if holds else NEVER

    evaluated = _MEMBERSHIP.sub(evaluate, marker)
    return evaluated if evaluated == marker else simplify(evaluated)


def _choose_parts(
    document: Mapping[str, Any], parts: ProjectParts, origin: str
) -> Mapping[str, Collection[str]]:
    """Return the extras and groups that are wanted; raises UsageError `no-such-part`."""
    default = document.get("default-groups", ())
    chosen = {"extras": parts.extras, "dependency-groups": (*default, *parts.groups)}
    for key, names in chosen.items():
        kind = "extra" if key == "extras" else "group"
        known = (*document.get(key, ()), *(default if kind == "group" else ()))
        for name in names:
            find_part(dict.fromkeys(map(canonicalize_name, known), ()), name, kind, origin)
    return {key.replace("-", "_"): set(map(canonicalize_name, one)) for key, one in chosen.items()}
