"""CondaRecord: what conda says it installed, one ``conda-meta/*.json`` each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import NormalizedName

from conda_pip_interop.core.paths import PrefixPath


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
        raise NotImplementedError


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


def claimed_metadata(record: CondaRecord) -> tuple[ClaimedMetadata, ...]:
    """List the distributions that a record's file list holds, vendored ones left out."""
    raise NotImplementedError


def read_conda_meta(root: Path) -> tuple[tuple[CondaRecord, ...], tuple[Unreadable, ...]]:
    """Read all records of the prefix at ``root``, sorted by file name."""
    raise NotImplementedError


def parse_conda_record(text: str, *, path: PrefixPath) -> CondaRecord | Unreadable:
    """Make a record of one JSON document."""
    raise NotImplementedError


def render_record_json(raw: Mapping[str, object]) -> str:
    """Write a record as conda does: indent 2, sorted keys, ASCII."""
    raise NotImplementedError
