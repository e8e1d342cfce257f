"""pip's installation report, version "1" (pip >= 23.0; pip's reference "Installation report")."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.errors import InteropError
from conda_pip_interop.grammar import is_line, is_name, is_word
from conda_pip_interop.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportItem:
    """One distribution that pip would install.

    `requested` is true for what was named, false for a dependency; `requires_dist` are the
    `Requires-Dist` lines of its metadata (PEP 508); `url` is where it would come from, `origin`
    all that is known of it (PEP 610), without passwords.
    """

    name: NormalizedName
    version: str
    requires_dist: tuple[str, ...]
    provides_extra: tuple[str, ...]
    requested: bool
    requested_extras: tuple[str, ...]
    is_direct: bool
    url: str
    origin: Mapping[str, Any] = field(default_factory=dict, hash=False)


def parse_report(text: str) -> tuple[ReportItem, ...]:
    """Read a report; raises InteropError `pip-report` where it is not one that we know."""
    try:
        document = json.loads(text)
        if document["version"] != "1":
            raise InteropError(
                "pip-report",
                f"pip wrote an installation report of version {document['version']!r};"
                " this release knows version '1'.",
                hints=("Install an older pip or a newer conda-pip-interop.",),
            )
        return tuple(_parse_item(item) for item in document["install"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InteropError(
            "pip-report", f"pip's installation report cannot be read ({error!r})."
        ) from error


def _parse_item(item: Mapping[str, Any]) -> ReportItem:
    metadata = item["metadata"]
    if not (is_name(metadata["name"]) and is_word(metadata["version"])):
        raise ValueError(metadata["name"], metadata["version"])
    return ReportItem(
        name=canonicalize_name(metadata["name"]),
        version=metadata["version"],
        requires_dist=tuple(filter(is_line, metadata.get("requires_dist", ()))),
        provides_extra=tuple(filter(is_name, metadata.get("provides_extra", ()))),
        requested=item["requested"],
        requested_extras=tuple(item.get("requested_extras", ())),
        is_direct=item["is_direct"],
        url=item["download_info"]["url"],
        origin=item["download_info"],
    )
