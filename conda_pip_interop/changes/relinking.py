"""Link packages of conda's again, beside a conda that removes them: it takes no lock of ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.changes.originals import read_original
from conda_pip_interop.changes.plan import RemoveFile
from conda_pip_interop.environment.conda_meta.packaged_record import build_compiled_path
from conda_pip_interop.environment.paths import render_move, to_disk
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.errors import InteropError, StalePlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.target import Target


def list_relinked(records: tuple[CondaRecord, ...], prefix: Path) -> Iterator[PrefixPath]:
    """List what conda changes when it links packages again, records included.

    A record that was lost and written anew lists only the compiled files that were there.
    """
    python = read_prefix(prefix).python if records else None
    for record in records:
        yield record.path
        for listed in (record, read_original(record, prefix)):
            for file in listed.files:
                yield file.path
                if python is not None and file.path.endswith(".py"):
                    yield build_compiled_path(file.path, python.minor)


def refuse_folders(
    records: Iterable[CondaRecord], target: Target, removed: Collection[PrefixPath] = ()
) -> None:
    """Raise InteropError `in-the-way` if folders are in the place of files of packages.

    conda would delete them, with all that is in them. What is `removed` before is none of it.
    """
    found = [
        (one, path)
        for one in records
        for file in read_original(one, target.prefix).files
        if file.path_type not in ("directory", "softlink")
        and os.path.isdir(path := to_disk(target.prefix, file.path))
        and not path.is_symlink()
        and not _is_emptied(path, target.prefix, removed)
    ]
    for one, path in found[:1]:
        raise InteropError(
            "in-the-way",
            f"Nothing was changed in {target.label}: {path} is a folder, in the place of a file of "
            f"conda's {one.name} {one.version}. Linking the package would delete it.",
            hints=(f"To fix: `{render_move(path)}`, then run the command again.",),
        )


def _is_emptied(folder: Path, prefix: Path, removed: Collection[PrefixPath]) -> bool:
    return bool(removed) and all(
        (Path(above) / name).relative_to(prefix).as_posix() in removed
        for above, _, names in os.walk(folder)
        for name in names
    )


def remove_links(records: Iterable[CondaRecord], prefix: Path) -> Iterator[RemoveFile]:
    """Remove the links to folders in the place of files: conda leaves them beside, as `x.c~`."""
    for record in records:
        for file in read_original(record, prefix).files:
            place = to_disk(prefix, file.path)
            is_file = file.path_type not in ("directory", "softlink", "")
            if is_file and place.is_symlink() and place.is_dir():
                yield RemoveFile(path=file.path, reason=f"{record.name} has a file there")


def relink(
    records: tuple[CondaRecord, ...],
    target: Target,
    link: Callable[[tuple[CondaRecord, ...]], None],
) -> None:
    """Link packages again; raises InteropError `stale-plan` where their records are removed."""
    try:
        link(records)
    except FileNotFoundError:
        _refuse_removed(records, target)
        raise
    _refuse_removed(records, target)


def _refuse_removed(records: Iterable[CondaRecord], target: Target) -> None:
    gone = [one.name for one in records if not os.path.lexists(target.prefix / one.path)]
    if gone:
        raise StalePlanError(
            f"Another conda command removes {', '.join(gone)} from {target.label}.",
            hints=("Run the command again.",),
        )
