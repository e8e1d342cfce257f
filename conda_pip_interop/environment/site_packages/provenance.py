"""Provenance: the file that a distribution was installed from, and the request for it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

SHA256: Final = regex(r"[0-9a-f]{64}")
FILE_URL: Final = regex(r"(?:https?|file)://[!-~]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """How a distribution was installed.

    `record_sha256` (hex) is the hash of its RECORD. `url` and `sha256` (hex) are those of the wheel
    or the sdist; None for a direct reference, which direct_url.json describes (PEP 610), and where
    they are unknown. `requested` is the requirement (PEP 508) as it was requested, `""` for a
    dependency, `constraint` the specifiers that limited it. `options` are the options of pip that
    applied, as lines of a requirements file, without credentials.
    """

    name: NormalizedName
    version: str
    record_sha256: str = ""
    url: str | None = None
    sha256: str | None = None
    requested: str = ""
    constraint: str = ""
    options: tuple[str, ...] = ()


def parse_provenance_url(text: str) -> tuple[str, str] | None:
    """Parse a provenance_url.json (PEP 710): URL and SHA-256 (hex); None if it is not valid."""
    try:
        document = json.loads(text)
        url, sha256 = document["url"], document["archive_info"]["hashes"]["sha256"]
        valid = FILE_URL.fullmatch(url) and SHA256.fullmatch(sha256)
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return (url, sha256) if valid else None
