"""A lock file, pylock.toml (PEP 751): each package at its version, or from its place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from conda_pip_interop.dependency_files.pyproject import load_toml
from conda_pip_interop.dependency_files.requirements_txt import Dependencies, Entry, unreadable

#: From the strongest down, as far as pip takes them.
_HASHES: Final = ("sha512", "sha384", "sha256")
_CHOICE: Final = re.compile(
    r"""(['"])(?P<name>[^'"]*)\1\s+(?P<no>not\s+)?in\s+(?P<of>extras|dependency_groups)\b"""
)
#: Markers that hold for every Python, and for none.
_ALWAYS: Final = "python_version >= '0'"
_NEVER: Final = "python_version < '0'"


def is_pylock(file: Path) -> bool:
    """Whether a file's name says that it is a lock: `pylock.toml`, `pylock.NAME.toml`."""
    return re.fullmatch(r"pylock(\.[^.]+)?\.toml", file.name) is not None


def parse_pylock(
    text: str, *, origin: str, folder: Path | None = None, extras: Collection[str] = ()
) -> Dependencies:
    """Read a lock. Hashes stand in the entries' tails; `folder` is where its paths are meant from.

    What is locked for an extra or a group holds where `extras` or the lock's default groups name
    it. Raises UsageError `unreadable-file`.
    """
    document = load_toml(text, origin)
    version = document.get("lock-version", "1.0")
    if not (isinstance(version, str) and version.partition(".")[0] == "1"):
        raise unreadable(origin, f"its lock-version is {version!r}; this release knows 1.0")
    packages = document.get("packages", [])
    if not isinstance(packages, list):
        raise unreadable(origin, "its packages are no list")
    chosen = {"extras": set(extras), "dependency_groups": set(document.get("default-groups", ()))}
    entries: list[Entry] = []
    links: list[str] = []
    for one in packages:
        if not isinstance(one, dict) or not isinstance(one.get("name"), str):
            raise unreadable(origin, "it holds a package without a name")
        try:
            entries.append(_read_package(one, origin, folder or Path(), chosen))
            links += _read_links(one, folder or Path())
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise unreadable(origin, f"its package {one['name']} makes no sense") from error
    python = document.get("requires-python")
    return Dependencies(
        entries=tuple(entries),
        requires_python=python if isinstance(python, str) else None,
        links=tuple(links),
    )


def _read_package(
    package: Mapping[str, Any],
    origin: str,
    folder: Path,
    chosen: Mapping[str, Collection[str]],
) -> Entry:
    text = package["name"]
    files: list[Mapping[str, Any]] = []
    match package:
        case {"vcs": {"type": str(vcs), "commit-id": str(commit)} as place}:
            text += f" @ {vcs}+{_url_of(place, folder)}@{commit}{_fragment(place)}"
        case {"archive": dict(place)}:
            text += f" @ {_url_of(place, folder)}{_fragment(place)}"
            files = [place]
        case {"directory": {"path": str(path)} as place}:
            text = f"-e {path}" if place.get("editable") else path
            text += f"/{place['subdirectory']}" if "subdirectory" in place else ""
        case {"version": str(version)}:
            text += f"=={version}"
            files = _list_files(package)
    marker = _choose(package.get("marker", ""), chosen)
    return Entry(
        text=f"{text} ; {marker}" if marker else text,
        origin=origin,
        kind="place" if "directory" in package else "requirement",
        folder=folder,
        tail=" ".join(f"--hash={found}" for one in files if (found := _hash_of(one))),
    )


def _read_links(package: Mapping[str, Any], folder: Path) -> Iterator[str]:
    for one in _list_files(package):
        if "url" in one or "path" in one:
            yield f"{_url_of(one, folder)}#{(_hash_of(one) or '').replace(':', '=')}".rstrip("#")


def _list_files(package: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    sdist = package.get("sdist")
    return [*([] if sdist is None else [sdist]), *package.get("wheels", ())]


def _url_of(place: Mapping[str, Any], folder: Path) -> str:
    if "url" in place:
        return str(place["url"])
    return (folder / str(place["path"])).resolve().as_uri()


def _fragment(place: Mapping[str, Any]) -> str:
    return f"#subdirectory={quote(place['subdirectory'])}" if "subdirectory" in place else ""


def _hash_of(file: Mapping[str, Any]) -> str | None:
    hashes = file.get("hashes", {})
    return next((f"{name}:{hashes[name]}" for name in _HASHES if name in hashes), None)


def _choose(marker: str, chosen: Mapping[str, Collection[str]]) -> str:
    """A marker with its questions for extras and groups answered: a requirement cannot ask them."""

    def answer(found: re.Match[str]) -> str:
        holds = (found["name"] in chosen[found["of"]]) != bool(found["no"])
        return _ALWAYS if holds else _NEVER

    return _CHOICE.sub(answer, marker)
