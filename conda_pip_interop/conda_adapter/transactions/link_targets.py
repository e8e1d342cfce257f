"""The files that a transaction of conda's changes, and the links by which they are outside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda.common.path import get_python_noarch_target_path, get_python_site_packages_short_path
from conda.core.prefix_data import PrefixData
from conda.models.enums import NoarchType

from conda_pip_interop.conda_adapter.transactions.extracted_packages import read_archive_paths
from conda_pip_interop.environment.paths import PrefixPath, refuse_links_outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from conda.models.records import PackageRecord

#: The groups of actions in a conda transaction that create files, and the one that removes them.
_CREATING: Final = (
    "link_action_groups",
    "compile_action_groups",
    "entry_point_action_groups",
    "prefix_record_groups",
)
_REMOVING: Final = "unlink_action_groups"


def list_targets(transaction: Any, prefix: Path) -> tuple[PrefixPath, ...]:
    """List the paths that a prepared transaction creates, records included.

    Raises InteropError `path-outside-prefix` if it changes files outside. conda unlinks and links
    through a symbolic link: its files would be removed from, or become hard links into its package
    cache in, a folder that is none of the environment's.
    """
    created = tuple(_list_targets(transaction, prefix, _CREATING))
    refuse_links_outside(prefix, {*created, *_list_targets(transaction, prefix, (_REMOVING,))})
    return created


def _list_targets(transaction: Any, prefix: Path, names: Iterable[str]) -> Iterator[PrefixPath]:
    root = f"{prefix}{os.sep}"
    groups = transaction.prefix_action_groups[str(prefix)]
    for name in names:
        for group in getattr(groups, name, ()):
            for action in group.actions:
                for path in map(str, _find_targets(action)):
                    # a Path takes ten times as long, and there are thousands
                    is_plain = path.startswith(root) and os.sep == "/" and "//" not in path
                    inside = path[len(root) :] if is_plain else _relate(path, prefix)
                    yield PrefixPath(inside)


def _relate(path: str, prefix: Path) -> str:
    return Path(path).relative_to(prefix).as_posix()


def _find_targets(action: Any) -> Iterable[str]:
    """Return the paths of an action: a compile action has several, some have none."""
    several = getattr(action, "target_full_paths", None)
    if several is not None:
        return tuple(several)
    one = getattr(action, "target_full_path", None)
    return () if one is None else (one,)


def list_removed(prefix: Path, records: Iterable[PackageRecord]) -> Iterator[str]:
    """List the paths that conda removes with the installed packages of some names."""
    installed = PrefixData(str(prefix))
    for record in records:
        here = installed.get(record.name, None)
        if here is not None:
            yield from here.files


def list_linked(
    prefix: Path, records: Iterable[PackageRecord]
) -> tuple[Mapping[PackageRecord, tuple[str, ...]], tuple[PackageRecord, ...]]:
    """List the paths that conda creates for packages; also those that are not extracted yet."""
    records = tuple(records)
    site_packages = _find_site_packages(prefix, records)
    known: dict[PackageRecord, tuple[str, ...]] = {}
    for record in records:
        paths = read_archive_paths(record)
        if paths is not None:
            known[record] = tuple(_place(paths, record, site_packages))
    return known, tuple(one for one in records if one not in known)


def _find_site_packages(prefix: Path, linked: Iterable[PackageRecord]) -> str | None:
    """Return where conda will link `noarch: python` packages (CEP 17); None without Python."""
    found = [one for one in linked if one.name == "python"]
    python = found[0] if found else PrefixData(str(prefix)).get("python", None)
    if python is None:
        return None
    stated = python.get("python_site_packages_path")
    return str(stated or get_python_site_packages_short_path(python.version))


def _place(paths: Iterable[str], record: PackageRecord, site_packages: str | None) -> Iterator[str]:
    """Return where the files of an archive are linked, and where conda compiles them to."""
    if site_packages is None or record.noarch != NoarchType.python:
        yield from paths
        return
    for path in paths:
        placed = str(get_python_noarch_target_path(path, site_packages))
        yield placed
        if placed.endswith(".py"):
            yield f"{placed.rpartition('/')[0]}/__pycache__/"
