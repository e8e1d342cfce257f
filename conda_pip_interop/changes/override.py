"""Override: a record rewritten to list the files with which pip replaced its payload.

The record keeps its name, version, build and URL, so that conda's solver, clones and explicit lists
stay correct. It lists the files that exist, so that conda unlinks exactly those.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.files import hash_file, identify_file
from conda_pip_interop.changes.exclusive_files import exclusive_files
from conda_pip_interop.changes.originals import keep_original
from conda_pip_interop.changes.plan import FileAction, RemoveFile, WriteFile
from conda_pip_interop.environment.claims import Claim
from conda_pip_interop.environment.conda_meta.records import (
    OWN_KEY,
    CondaRecord,
    claimed_metadata,
    read_path_entries,
    render_record_json,
)
from conda_pip_interop.environment.paths import HASH_LIMIT, PrefixPath, to_disk
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.ownership import Ownership
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """A record and the distributions of pip that replaced it; ``payload`` is their files on disk.

    ``payload`` holds no file that another record or another distribution lists too.
    """

    record: CondaRecord
    by: tuple[Distribution, ...]
    payload: frozenset[PrefixPath]


def read_override(
    record: CondaRecord,
    by: tuple[Distribution, ...],
    snapshot: Snapshot,
    *,
    taken: Collection[PrefixPath] = (),
) -> Override:
    """Read the files with which pip's distributions replaced the payload of ``record``.

    Those that other records have ``taken`` are left out.
    """
    names = {one.name for one in by}
    payload = {
        path
        for one in by
        for path in exclusive_files(one, snapshot, records=(record,), names=names)
        if path not in taken
    }
    return Override(record=record, by=by, payload=frozenset(payload))


def settle_override(override: Override, snapshot: Snapshot) -> Iterator[FileAction]:
    """Build the actions that make a record list what is on disk, and remove its orphaned files.

    Orphaned files are files of conda's package in site-packages that pip did not replace: they are
    unchanged, and nothing else lists them. Files elsewhere (libraries, headers, data) may be used
    by other conda packages: they stay, and stay listed.
    """
    record, root, ownership = override.record, snapshot.prefix.root, snapshot.ownership
    names = {one.name for one in override.by}
    folders = tuple(_find_own_folders(record, names))
    kept: list[PrefixPath] = []
    orphans: list[PrefixPath] = []
    for file in record.files:
        if file.path in override.payload or not os.path.lexists(to_disk(root, file.path)):
            continue
        is_orphan = (
            file.path.startswith(folders)
            and not ownership.is_shared(file.path, records=(record,), names=names)
            and is_unchanged(Claim(record=record, file=file), root)
        )
        (orphans if is_orphan else kept).append(file.path)
    yield from keep_original(record, root)
    reason = ", ".join(f"replaced by pip's {one.name} {one.version}" for one in override.by)
    content = render_record_json(_build_document(override, kept, root)).encode()
    yield WriteFile(path=record.path, content=content, reason=reason)
    for path in (*orphans, *_find_remains(orphans, ownership, root)):
        yield RemoveFile(path=path, reason=f"conda's {record.name}: {reason}")


def _find_remains(
    orphans: list[PrefixPath], ownership: Ownership, root: Path
) -> Iterator[PrefixPath]:
    """Find unlisted files beside metadata that is removed: an earlier pip wrote them."""
    for metadata in orphans:
        folder, _, name = metadata.rpartition("/")
        if name != "METADATA":
            continue
        for file in sorted(to_disk(root, PrefixPath(folder)).rglob("*")):
            path = PrefixPath(file.relative_to(root).as_posix())
            if (file.is_symlink() or not file.is_dir()) and not ownership.claimants(path):
                yield path


def _build_document(override: Override, kept: list[PrefixPath], root: Path) -> dict[str, object]:
    raw = override.record.raw
    known = read_path_entries(raw)
    payload = sorted(override.payload)
    return {
        **raw,
        "files": [*kept, *payload],
        "paths_data": {
            "paths": [
                *({"path_type": "hardlink", **known.get(path, {}), "_path": path} for path in kept),
                *(_build_entry(path, root) for path in payload),
            ],
            "paths_version": 1,
        },
        OWN_KEY: {
            "overridden_by": {
                **override.record.overridden_by,
                **{one.name: one.version for one in override.by},
            }
        },
    }


def _build_entry(path: PrefixPath, root: Path) -> dict[str, object]:
    """Build the ``PathDataV1`` entry of one file; conda states no hash for compiled files."""
    if path.endswith(".pyc"):
        return {"_path": path, "path_type": "pyc_file"}
    on_disk = to_disk(root, path)
    if on_disk.is_symlink() or not on_disk.is_file():
        return {"_path": path, "path_type": "softlink"}
    size = on_disk.stat().st_size
    entry = {"_path": path, "path_type": "hardlink", "size_in_bytes": size}
    sha256 = None if size > HASH_LIMIT else hash_file(on_disk)
    return entry if sha256 is None else {**entry, "sha256": sha256, "sha256_in_prefix": sha256}


def _find_own_folders(record: CondaRecord, names: set[NormalizedName]) -> Iterable[str]:
    """Find the folders in which the files of a record belong to the distributions ``names``.

    If the record carries other distributions too (py-opencv), these are the metadata folders only:
    the record does not say to which distribution its other files belong.
    """
    carried = claimed_metadata(record)
    alone = all(one.name in names for one in carried)
    for one in carried:
        head, _, rest = one.path.rpartition("/site-packages/")
        if alone:
            yield f"{head}/site-packages/"
        elif one.name in names and "/" in rest:
            yield f"{one.path.rpartition('/')[0]}/"


def is_unchanged(claim: Claim, root: Path) -> bool:
    """Return whether a file is as conda linked it; compiled files count as unchanged."""
    if claim.file.path.endswith(".pyc"):
        return True
    on_disk = to_disk(root, claim.file.path)
    if not claim.states_hash or not on_disk.is_file():
        return False
    return claim.allows(identify_file(on_disk))
