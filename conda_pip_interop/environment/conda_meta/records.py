"""conda's records: the files ``conda-meta/*.json``."""

from __future__ import annotations

import hashlib
import json
import os
import re
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.metadata import parse_metadata_name
from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path, read_regular
from conda_pip_interop.environment.versions import choose_version
from conda_pip_interop.values import dataclass, regex

#: The key of this project's own data in a record.
OWN_KEY: Final = "pip_interop"


class CondaFile(NamedTuple):
    """A file that a record lists; ``path_type`` is conda's word (``hardlink``, ``pyc_file`` …).

    ``sha256`` is the hash in the package, ``sha256_in_prefix`` the one after linking. A NamedTuple,
    since there are tens of thousands: a frozen dataclass takes twice as long.
    """

    path: PrefixPath
    sha256: str | None
    sha256_in_prefix: str | None
    size: int | None
    path_type: str

    @property
    def expected_sha256(self) -> str | None:
        """The hash that the installed file should have."""
        return self.sha256_in_prefix or self.sha256


class _WeaklyReferenced:
    __slots__ = ("__weakref__",)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CondaRecord(_WeaklyReferenced):
    """One record; ``path`` is its ``conda-meta/….json``; ``raw`` has all keys."""

    name: str
    version: str
    build: str
    channel: str
    url: str
    subdir: str
    depends: tuple[str, ...]
    files: tuple[CondaFile, ...]
    path: PrefixPath
    extracted_package_dir: str | None
    requested_spec: str | None
    raw: Mapping[str, object]

    @property
    def overridden_by(self) -> Mapping[NormalizedName, str]:
        """Names and versions of pip's distributions that replaced this record's, as recorded by us.

        From ``raw["pip_interop"]["overridden_by"]``, which only this project writes.
        """
        ours = self.raw.get(OWN_KEY)
        entries = ours.get("overridden_by") if isinstance(ours, dict) else None
        if not isinstance(entries, dict):
            return {}
        return {canonicalize_name(str(name)): str(value) for name, value in entries.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A ``conda-meta/*.json`` that could not be read, and why; ``corrupt`` if by its content."""

    path: PrefixPath
    reason: str
    corrupt: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedMetadata:
    """A distribution in a record; ``path`` is its METADATA, PKG-INFO or flat egg-info."""

    name: NormalizedName
    version: str
    path: PrefixPath


_CLAIMED = regex(
    r"(?:[^/]+/){1,2}site-packages/([^/]+?)(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)",
    re.IGNORECASE,
)
"""Metadata directly in a site-packages folder; deeper ones are vendored copies."""

_PACKAGED = regex(
    rb'"(?:[^/"]+/){0,2}site-packages/([^/"]+?)(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)"'
)


def claimed_metadata(record: CondaRecord) -> tuple[ClaimedMetadata, ...]:
    """List the distributions in a record's file list, without vendored ones."""
    claimed = []
    for file in record.files:
        if "-info" not in file.path:
            continue
        match = _CLAIMED.fullmatch(file.path)
        if match:
            name, version = parse_metadata_name(match[1])
            claimed.append(ClaimedMetadata(name=name, version=version, path=file.path))
    return tuple(claimed)


def find_carried(record: CondaRecord) -> tuple[ClaimedMetadata, ...]:
    """List the distributions of `claimed_metadata` with the versions that count."""
    return tuple(
        replace(
            one,
            version=choose_version(
                one.name, one.version, package=record.name, package_version=record.version
            ),
        )
        for one in claimed_metadata(record)
    )


def find_packaged_names(paths: bytes) -> frozenset[NormalizedName]:
    """Find the distributions of a package in the text of its ``info/paths.json``."""
    return frozenset(
        parse_metadata_name(match.decode(errors="replace"))[0] for match in _PACKAGED.findall(paths)
    )


#: What is still in use, by path and content: one command reads an environment several times.
_KNOWN: Final[weakref.WeakValueDictionary[tuple[PrefixPath, bytes], CondaRecord]] = (
    weakref.WeakValueDictionary()
)


def read_conda_records(
    root: Path, *, concerns: Callable[[str, bytes], bool] = lambda _name, _content: True
) -> tuple[tuple[CondaRecord, ...], tuple[Unreadable, ...]]:
    """Read all records of the prefix at ``root``, sorted by file name.

    Those that do not concern the caller, by the file's name and content, are not parsed.
    """
    records: list[CondaRecord] = []
    unreadable: list[Unreadable] = []
    folder = root / "conda-meta"
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except FileNotFoundError:
        names = []
    except OSError as error:
        names = []
        unreadable.append(
            Unreadable(path=PrefixPath("conda-meta"), reason=_reason(error), corrupt=False)
        )
    for name in names:
        path = PrefixPath(f"conda-meta/{name}")
        try:
            content = read_regular(folder / name)
            if not concerns(name, content):
                continue
            key = (path, hashlib.sha256(content).digest())
            known = _KNOWN.get(key)
            if known is not None:
                records.append(known)
                continue
            text = content.decode()
        except (OSError, UnicodeDecodeError) as error:
            corrupt = isinstance(error, UnicodeDecodeError) or _is_no_file(folder / name)
            unreadable.append(Unreadable(path=path, reason=_reason(error), corrupt=corrupt))
            continue
        record = parse_conda_record(text, path=path)
        if isinstance(record, Unreadable):
            unreadable.append(record)
        else:
            records.append(record)
            _KNOWN[key] = record
    return tuple(records), tuple(unreadable)


def _is_no_file(path: Path) -> bool:
    """Return whether a folder, or a link to nothing, is there: conda fails at either."""
    return os.path.lexists(path) and not path.is_file()


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def parse_conda_record(text: str, *, path: PrefixPath) -> CondaRecord | Unreadable:
    """Parse the JSON document of one record."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(path=path, reason=f"not JSON: {error}")
    if not isinstance(raw, dict):
        return Unreadable(path=path, reason="not a JSON object")
    fault = _find_fault(raw)
    if fault is not None:
        return Unreadable(path=path, reason=fault)
    return CondaRecord(
        name=raw["name"],
        version=raw["version"],
        build=_get_text(raw, "build") or "",
        channel=_get_text(raw, "channel") or "",
        url=_get_text(raw, "url") or "",
        subdir=_get_text(raw, "subdir") or "",
        depends=tuple(map(separate_name, _get_texts(raw, "depends"))),
        files=tuple(_build_files(raw)),
        path=path,
        extracted_package_dir=_get_text(raw, "extracted_package_dir"),
        requested_spec=_get_text(raw, "requested_spec"),
        raw=raw,
    )


def _find_fault(raw: Mapping[str, object]) -> str | None:
    """Return what conda would stop at; it checks the types of a record's keys."""
    if not isinstance(raw.get("name"), str) or not isinstance(raw.get("version"), str):
        return "no name and version"
    for key in ("depends", "constrains", "files"):
        value = [] if key == "files" and raw.get(key) is None else raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            return f"{key} is not a list of texts"
    if not isinstance(raw.get("paths_data"), dict | None):
        return "paths_data is not a JSON object"
    return None


def _get_text(raw: Mapping[str, object], key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) else None


def _get_texts(raw: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = raw.get(key)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _build_files(raw: Mapping[str, object]) -> Iterator[CondaFile]:
    """Join ``files``, which conda unlinks, with the facts in ``paths_data``."""
    known = read_path_entries(raw)
    for text in _get_texts(raw, "files"):
        path = parse_prefix_path(text)
        if path is not None:
            entry = known.get(text, _NOTHING)
            size = entry.get("size_in_bytes")
            yield CondaFile(
                path=path,
                sha256=_get_text(entry, "sha256"),
                sha256_in_prefix=_get_text(entry, "sha256_in_prefix"),
                size=size if isinstance(size, int) else None,
                path_type=_get_text(entry, "path_type") or "",
            )


_NAME_WITHOUT_SPACE = regex(r"^[A-Za-z0-9_.-]+(?=[<>=!~\[])")
_NOTHING: dict[str, object] = {}


def read_path_entries(raw: Mapping[str, object]) -> Mapping[str, dict[str, object]]:
    """Return the entry in ``paths_data`` for each path in ``files``.

    For a ``noarch: python`` package it has the paths of the archive, ``site-packages/x`` and
    ``python-scripts/x``, while ``files`` has ``lib/python3.12/site-packages/x`` and ``bin/x``.
    """
    data = raw.get("paths_data")
    entries = data.get("paths") if isinstance(data, dict) else None
    known = {
        entry["_path"]: entry
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict) and isinstance(entry.get("_path"), str)
    }
    if raw.get("noarch") == "python":
        for text in _get_texts(raw, "files"):
            packaged = known.get(as_packaged(text))
            if packaged is not None:
                known.setdefault(text, packaged)
    return known


def as_packaged(path: str) -> str:
    """Return the path of an installed file in a ``noarch: python`` archive."""
    _, found, rest = path.partition("/site-packages/")
    if found:
        return f"site-packages/{rest}"
    folder, _, name = path.partition("/")
    return f"python-scripts/{name}" if folder in {"bin", "Scripts"} else path


def render_record_json(raw: Mapping[str, object]) -> str:
    """Render a record as conda does: indent 2, ASCII, no final newline, keys in the given order.

    Older versions of conda sort the keys, newer ones do not; keeping the order reproduces both.
    """
    return json.dumps(raw, indent=2)


def separate_name(spec: str) -> str:
    """Separate the name of a dependency by a space: repodata version 3 has `six>=1`, `foo[…]`."""
    return _NAME_WITHOUT_SPACE.sub(r"\g<0> ", spec)
