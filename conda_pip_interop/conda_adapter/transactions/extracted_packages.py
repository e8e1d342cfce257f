"""What is in the packages that conda has downloaded and extracted.

The guard of each transaction imports this module: what reads a package is imported late.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda.core.package_cache_data import PackageCacheData
from conda.exceptions import CondaError

if TYPE_CHECKING:
    from packaging.utils import NormalizedName


def find_extracted(record: Any) -> Path | None:
    """Find the folder of a package in the caches; None if it is not extracted."""
    try:
        entry = PackageCacheData.get_entry_to_link(record)
    except CondaError:
        return None
    return Path(entry.extracted_package_dir) if entry.is_extracted else None


def read_archive_paths(record: Any) -> tuple[str, ...] | None:
    """Read the paths of a package; None if it is not extracted, or cannot be read."""
    folder = find_extracted(record)
    if folder is None:
        return None
    from conda_pip_interop.names.package_contents import read_package_paths

    return read_package_paths(folder)


def read_contained(record: Any) -> tuple[tuple[NormalizedName, str], ...] | None:
    """Return the distributions of a package with the versions that count; None as above."""
    paths = read_archive_paths(record)
    if paths is None:
        return None
    from conda_pip_interop.environment.versions import choose_version
    from conda_pip_interop.names.package_contents import find_distributions

    package = {"package": record.name, "package_version": record.version}
    found = find_distributions(paths)
    return tuple((one.name, choose_version(one.name, one.version, **package)) for one in found)
