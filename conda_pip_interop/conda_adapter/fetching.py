"""One package, as conda has linked it once, fetched and extracted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.base.context import context
from conda.core.package_cache_data import PackageCacheData, ProgressiveFetchExtract
from conda.core.subdir_data import SubdirData
from conda.exceptions import UnavailableInvalidChannel
from conda.models.match_spec import MatchSpec

if TYPE_CHECKING:
    from conda_pip_interop.core.history import Linked


def fetch_package(linked: Linked) -> Path | None:
    """Its folder in a package cache; None where neither a cache nor its channel has it any more."""
    spec = MatchSpec(name=linked.name, version=linked.version, build=linked.build)
    found = tuple(PackageCacheData.query_all(spec)) or _query_channel(linked, spec)
    chosen = [one for one in found if one.dist_str() == linked.text]
    if not chosen:
        return None
    ProgressiveFetchExtract(chosen[:1]).execute()
    return Path(PackageCacheData.get_entry_to_link(chosen[0]).extracted_package_dir)


def _query_channel(linked: Linked, spec: MatchSpec) -> tuple[Any, ...]:
    channel, _, subdir = linked.source.rpartition("/")
    try:
        return tuple(
            SubdirData.query_all(
                spec, channels=[channel] if channel else context.channels, subdirs=[subdir]
            )
        )
    except UnavailableInvalidChannel:
        return ()
