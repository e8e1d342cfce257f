"""The plugin leaves base: its markers are removed from every environment that conda knows."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from conda.core.envs_manager import list_all_known_prefixes

from conda_pip_interop.conda_adapter.console import notify
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.markers import Ours, read_markers
from conda_pip_interop.protection.protect import PROJECT, explain_leaving, remove_our_markers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda.models.records import PackageRecord


def leaves(unlinked: Iterable[PackageRecord], linked: Iterable[PackageRecord]) -> bool:
    """Return whether a transaction in base removes the plugin and links no other build of it."""
    names = [{one.name for one in records} for records in (unlinked, linked)]
    return PROJECT in names[0] - names[1]


def is_gone(base: Path) -> bool:
    """Return whether no Python of base has the plugin: Python's minor version may have changed."""
    records = (base / "conda-meta").glob(f"{PROJECT}-*.json")
    name = f"{PROJECT.replace('-', '_')}-*.dist-info"
    folders = ("Lib/site-packages", "lib/python*/site-packages")  # Windows', and the others'
    return not any(records) and not any(any(base.glob(f"{one}/{name}")) for one in folders)


def announce() -> None:
    """Say what removing the plugin means for its markers, and for overridden records."""
    for note in explain_leaving(map(build_target, list_all_known_prefixes())):
        notify(f"conda-pip-interop: {note}")


def remove_all_markers() -> None:
    """Remove our markers; say which could not be removed, and how to remove them."""
    for prefix in map(Path, list_all_known_prefixes()):
        try:
            remove_our_markers(prefix)
        except (InteropError, OSError) as error:
            with contextlib.suppress(InteropError, OSError):
                marker = read_markers(read_prefix(prefix))[0]
                if isinstance(marker, Ours):
                    notify(
                        f"conda-pip-interop: the marker of {build_target(prefix).label} was not "
                        f"removed ({error}). To remove it, delete {prefix / marker.path}"
                    )
