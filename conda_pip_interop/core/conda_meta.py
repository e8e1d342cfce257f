"""CondaRecord: what conda says it installed, one ``conda-meta/*.json`` each."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from conda_pip_interop.core.metadata import parse_metadata_name
from conda_pip_interop.core.paths import PrefixPath, parse_prefix_path


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaFile:
    """A file that a record lists; ``path_type`` is conda's word (``hardlink``, ``pyc_file`` …).

    ``sha256`` is of the file in the package, ``sha256_in_prefix`` of the file as installed, where
    linking changed it.
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


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaRecord:
    """One record; ``path`` is its ``conda-meta/….json``; ``raw`` holds every key, known or not."""

    name: str
    version: str
    build: str
    channel: str
    url: str
    subdir: str
    noarch: str | None
    depends: tuple[str, ...]
    constrains: tuple[str, ...]
    files: tuple[CondaFile, ...]
    path: PrefixPath
    extracted_package_dir: str | None
    requested_spec: str | None
    raw: Mapping[str, object]

    @property
    def overridden_by(self) -> tuple[str, str] | None:
        """(name, version) of pip's distribution in this record's place, if we recorded one.

        From ``raw["pip_interop"]["overridden_by"]``, which only this project writes.
        """
        ours = self.raw.get("pip_interop")
        entry = ours.get("overridden_by") if isinstance(ours, dict) else None
        if not isinstance(entry, dict) or "name" not in entry:
            return None
        return str(entry["name"]), str(entry.get("version", ""))


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """A ``conda-meta/*.json`` that is no record, and why."""

    path: PrefixPath
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ClaimedMetadata:
    """A distribution that a record carries: ``path`` is its METADATA, PKG-INFO or flat egg-info."""

    name: NormalizedName
    version: str
    path: PrefixPath


_CLAIMED = re.compile(
    r"(?:[^/]+/){1,2}site-packages/([^/]+?)(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)",
    re.IGNORECASE,
)
"""Metadata directly in a site-packages folder: deeper ones are vendored copies of no account."""


def claimed_metadata(record: CondaRecord) -> tuple[ClaimedMetadata, ...]:
    """List the distributions that a record's file list holds, vendored ones left out."""
    claimed = []
    for file in record.files:
        if "-info" not in file.path:
            continue
        match = _CLAIMED.fullmatch(file.path)
        if match:
            name, version = parse_metadata_name(match[1])
            claimed.append(ClaimedMetadata(name=name, version=version, path=file.path))
    return tuple(claimed)


def read_conda_meta(root: Path) -> tuple[tuple[CondaRecord, ...], tuple[Unreadable, ...]]:
    """Read all records of the prefix at ``root``, sorted by file name."""
    records: list[CondaRecord] = []
    unreadable: list[Unreadable] = []
    folder = root / "conda-meta"
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except FileNotFoundError:
        names = []
    except OSError as error:
        names = []
        unreadable.append(Unreadable(path=PrefixPath("conda-meta"), reason=_reason(error)))
    for name in names:
        path = PrefixPath(f"conda-meta/{name}")
        try:
            text = (folder / name).read_bytes().decode()
        except (OSError, UnicodeDecodeError) as error:
            unreadable.append(Unreadable(path=path, reason=_reason(error)))
            continue
        record = parse_conda_record(text, path=path)
        if isinstance(record, Unreadable):
            unreadable.append(record)
        else:
            records.append(record)
    return tuple(records), tuple(unreadable)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return "not UTF-8" if isinstance(error, UnicodeDecodeError) else error.strerror or str(error)


def parse_conda_record(text: str, *, path: PrefixPath) -> CondaRecord | Unreadable:
    """Make a record of one JSON document."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Unreadable(path=path, reason=f"not JSON: {error}")
    if not isinstance(raw, dict):
        return Unreadable(path=path, reason="not a JSON object")
    if not isinstance(raw.get("name"), str) or not isinstance(raw.get("version"), str):
        return Unreadable(path=path, reason="no name and version")
    return CondaRecord(
        name=raw["name"],
        version=raw["version"],
        build=_get_text(raw, "build") or "",
        channel=_get_text(raw, "channel") or "",
        url=_get_text(raw, "url") or "",
        subdir=_get_text(raw, "subdir") or "",
        noarch=_get_text(raw, "noarch"),
        depends=_get_texts(raw, "depends"),
        constrains=_get_texts(raw, "constrains"),
        files=tuple(_build_files(raw)),
        path=path,
        extracted_package_dir=_get_text(raw, "extracted_package_dir"),
        requested_spec=_get_text(raw, "requested_spec"),
        raw=raw,
    )


def _get_text(raw: Mapping[str, object], key: str) -> str | None:
    value = raw.get(key)
    return value if isinstance(value, str) else None


def _get_texts(raw: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = raw.get(key)
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _build_files(raw: Mapping[str, object]) -> Iterator[CondaFile]:
    """Join ``files``, which conda unlinks by, with what ``paths_data`` tells of each."""
    data = raw.get("paths_data")
    entries = data.get("paths") if isinstance(data, dict) else None
    known: dict[object, dict[str, object]] = {}
    if isinstance(entries, list):
        known = {
            entry["_path"]: entry
            for entry in entries
            if isinstance(entry, dict) and isinstance(entry.get("_path"), str)
        }
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


_NOTHING: dict[str, object] = {}


def render_record_json(raw: Mapping[str, object]) -> str:
    """Write a record as conda does: indent 2, ASCII, no final newline, keys in the order given.

    Older condas sort the keys and newer ones do not; keeping the order of what was read gives back
    either byte for byte.
    """
    return json.dumps(raw, indent=2)
