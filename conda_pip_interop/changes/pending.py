"""Pending installations: what is left of one that was killed between conda's part and pip's.

Before conda's part begins, what is staged and what conda is to do are noted in `pending.json`. The
next run places what is staged if conda's part is done, and removes it if that never began. Where
conda itself was killed in the middle, nothing is placed, and a person is told.
"""

from __future__ import annotations

import contextlib
import json
import os
import stat
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.conda_changes import CondaBefore, parse_conda_before
from conda_pip_interop.changes.atomic.durable import list_folders, sync_files, sync_folders
from conda_pip_interop.changes.atomic.files import remove_file, write_file
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import (
    DISK_FAILURES,
    PENDING_FILE,
    is_trusted,
    parse_texts,
    read_own_text,
)
from conda_pip_interop.changes.atomic.lock import hold_prefix, recover_interrupted
from conda_pip_interop.changes.atomic.rollback import (
    build_newer,
    needs_recovery,
    read_conda_change,
    read_journals,
)
from conda_pip_interop.changes.atomic.staging_folders import find_abandoned, remove_abandoned
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.origins import parse_origins, render_origins
from conda_pip_interop.changes.plan import LinkConda, Plan, RemoveFile, UnlinkConda
from conda_pip_interop.changes.requests import remember_requests
from conda_pip_interop.changes.staging import choose_files, place_distributions, read_staged
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE
from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path, path_below, to_disk
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError, RecoveryError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conda_pip_interop.changes.atomic.journal import CondaChange
    from conda_pip_interop.changes.plan import Staged
    from conda_pip_interop.environment.site_packages.provenance import Provenance

_FORMAT: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What was noted; `plan` has what is left to do of it, but pip's part: that is in `staging`.

    `links` and `unlinks` are the beginnings of the names of conda's records.
    """

    plan: Plan
    staging: PrefixPath | None
    origins: tuple[Provenance, ...]
    links: tuple[str, ...]
    unlinks: tuple[str, ...]
    before: CondaBefore
    created: frozenset[PrefixPath]


def note_pending(
    prefix: Path,
    plan: Plan,
    staged: Staged | None,
    before: CondaBefore,
    created: Iterable[PrefixPath],
) -> None:
    """Note an installation before conda's part of it begins, which is to create `created`.

    What is staged is on the disk before the note is: the next run may place it. `staged` is None
    where pip has no part in it.
    """
    folders = HeldFolders(root=prefix)
    if staged is not None:
        files, made = _walk(prefix, staged.folder)
        sync_files(folders.find(path) for path in files)
        sync_folders(folders, {*made, *list_folders(made)})
    links = [one for one in plan.packages if isinstance(one, LinkConda)]
    unlinks = [one for one in plan.packages if isinstance(one, UnlinkConda)]
    document = {
        "format": _FORMAT,
        "title": plan.title,
        "staging": None if staged is None else staged.folder.relative_to(prefix).as_posix(),
        "origins": "" if staged is None else render_origins(staged.origins),
        "links": [f"{one.name}-{one.version}-" for one in links],
        "unlinks": [f"{one.name}-{one.version}-" for one in unlinks],
        "overwrite": sorted(plan.overwrite),
        "automatic": plan.automatic,
        "removals": [one.path for one in plan.files if isinstance(one, RemoveFile)],
        "requests": dict(plan.requests),
        "requested_packages": sorted(plan.requested_packages),
        "needed": sorted(plan.needed),
        "before": asdict(before),
        "created": [one for one in created if not os.path.lexists(to_disk(prefix, one))],
    }
    write_file(prefix, PENDING_FILE, json.dumps(document).encode(), mode=0o600)
    sync_folders(folders, list_folders([PENDING_FILE]))


def _walk(prefix: Path, folder: Path) -> tuple[list[PrefixPath], list[PrefixPath]]:
    """Return the files below a folder, and the folders, itself included."""
    files: list[PrefixPath] = []
    made: list[PrefixPath] = []
    for above, _, names in os.walk(folder):
        path = PrefixPath(Path(above).relative_to(prefix).as_posix())
        made.append(path)
        files += (path_below(path, name) for name in names)
    return files, made


def forget_pending(prefix: Path) -> None:
    """Forget the note: what it is about is done, or taken back."""
    with contextlib.suppress(FileNotFoundError):
        remove_file(prefix, PENDING_FILE)


def has_pending(prefix: Path) -> bool:
    """Return whether an installation was interrupted, or is under way in another process."""
    return (prefix / PENDING_FILE).exists()


def settle_interrupted(prefix: Path, *, on_wait: Callable[[], None] | None = None) -> None:
    """Finish or take back what an interrupted command left, and remove what it has staged.

    Raises what `finish_pending` and `hold_prefix` raise.
    """
    if has_pending(prefix) or needs_recovery(prefix) or find_abandoned(prefix):
        finish_pending(prefix, on_wait=on_wait)
        recover_interrupted(prefix, on_wait=on_wait)


def finish_pending(prefix: Path, *, on_wait: Callable[[], None] | None = None) -> None:
    """Finish an installation that was killed after conda's part; forget one whose part never began.

    Raises RecoveryError: `recovery-incomplete`, once, where neither can be done, and `newer-state`
    for an installation of a newer version, which is left alone. Where the disk is full or fails,
    the note stays for the next run.
    """
    if not has_pending(prefix) or not is_trusted(prefix):
        return
    with hold_prefix(prefix, on_wait=on_wait):
        text = read_own_text(prefix / PENDING_FILE)
        if _is_newer(text):
            raise build_newer(prefix)
        try:
            _finish(prefix, text)
        except BaseException as error:  # an interruption too decides whether the note stays
            if not _may_pass(error):
                _forget(prefix)
            raise
        _forget(prefix)


def _may_pass(error: BaseException) -> bool:
    """Return whether the next run may finish it: interrupted, or a disk that is full or fails."""
    if isinstance(error, OSError):
        return error.errno in DISK_FAILURES
    return isinstance(error, KeyboardInterrupt) or isinstance(error.__cause__, OSError)


def _forget(prefix: Path) -> None:
    forget_pending(prefix)
    remove_abandoned(prefix)


def _is_newer(text: str) -> bool:
    try:
        return int(json.loads(text)["format"]) > _FORMAT
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def parse_note(text: str) -> Note | None:
    """Parse a note; None if it is not one. Earlier ones have neither origins nor requests."""
    try:
        document = json.loads(text)
        staging = document["staging"]
        is_outside = staging is not None and parse_prefix_path(staging) != staging
        if document["format"] != _FORMAT or is_outside:
            return None
        removals = (parse_prefix_path(one) for one in document.get("removals", ()))
        return Note(
            plan=Plan(
                title=str(document["title"]),
                steps=tuple(RemoveFile(path=one, reason="") for one in removals if one is not None),
                overwrite=frozenset(map(canonicalize_name, document["overwrite"])),
                automatic="ours" if document.get("automatic") == "ours" else "",
                requests=parse_texts(document.get("requests", {})),
                requested_packages=frozenset(map(str, document.get("requested_packages", ()))),
                needed=frozenset(map(str, document.get("needed", ()))),
            ),
            staging=None if staging is None else PrefixPath(staging),
            origins=parse_origins(str(document.get("origins", "")))[0],
            links=tuple(map(str, document["links"])),
            unlinks=tuple(map(str, document["unlinks"])),
            before=parse_conda_before(document["before"]),
            created=frozenset(
                path for one in document["created"] if (path := parse_prefix_path(one)) is not None
            ),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _finish(prefix: Path, text: str) -> None:
    note = parse_note(text)
    if note is None:
        return
    try:
        change = note.before.find_change(prefix)
    except OSError as error:
        if _may_pass(error):
            raise
        return
    if not _is_committed(prefix, change):
        if not _is_condas_part_done(note, change, prefix):
            _take_back(note, change, prefix)
            return
        try:
            _place(note, change, prefix)
        except InteropError as error:
            if isinstance(error, RecoveryError) or _may_pass(error):
                raise
            raise _not_finished(prefix, note.plan.title, error.message) from error
    remember_requests(note.plan, prefix)


def _is_condas_part_done(note: Note, change: CondaChange, prefix: Path) -> bool:
    """Return whether the records say so, and what is to be placed is there."""
    kept = (name for name in note.before.leaving if name not in change.unlinked)
    return (
        all(any(one.startswith(link) for one in change.linked) for link in note.links)
        and not any(name.startswith(note.unlinks) for name in kept)
        and (note.staging is None or HeldFolders(root=prefix).is_folder(note.staging))
    )


def _take_back(note: Note, change: CondaChange, prefix: Path) -> None:
    """Take back what conda has begun; raises RecoveryError where it has changed a record."""
    _remove_created(prefix, note.created)
    if not change.is_empty:
        raise _not_finished(prefix, note.plan.title, "conda was interrupted in its part of it")
    history = note.before.history.encode("utf-8", errors="surrogateescape")
    write_file(prefix, HISTORY_FILE, history)


def _place(note: Note, change: CondaChange, prefix: Path) -> None:
    plan = note.plan
    with open_operation(prefix, plan.title, automatic=plan.automatic) as operation:
        operation.note_conda(change)
        operation.apply(choose_files(plan, prefix))
        if note.staging is not None:
            staged = read_staged(prefix / note.staging, read_snapshot(prefix).prefix)
            _refuse_incomplete(staged)
            staged = replace(staged, origins=note.origins)
            place_distributions(staged, operation, overwrite=plan.overwrite)


def _refuse_incomplete(staged: Staged) -> None:
    """Raise InteropError where files were removed by another program."""
    for one in staged.distributions:
        for file in one.files or ():
            if not os.path.lexists(staged.folder / file.path):
                raise InteropError("incomplete", f"{file.path} is not staged any more")


def _remove_created(prefix: Path, created: Iterable[PrefixPath]) -> None:
    """Remove what conda has created and no record lists: it was interrupted in that package."""
    snapshot, folders = read_snapshot(prefix), HeldFolders(root=prefix)
    actions = []
    for path in created:
        is_listed = snapshot.claims.of(path) or path.startswith("conda-meta/")
        status = None if is_listed else folders.read_status(path)
        if status is not None and not stat.S_ISDIR(status.st_mode):
            actions.append(RemoveFile(path=path, reason="conda was interrupted"))
    with open_operation(prefix, "interrupted", keep=False) as operation:
        operation.apply(actions)


def _is_committed(prefix: Path, change: CondaChange) -> bool:
    """Return whether an operation is closed in which conda changed just this."""
    closed = (one for one in read_journals(prefix) if one.closed)
    return any(read_conda_change(prefix, one) == change for one in closed)


def _not_finished(prefix: Path, title: str, reason: str) -> RecoveryError:
    return RecoveryError(
        "recovery-incomplete",
        f"An interrupted installation ({title}) in {prefix} was not finished: {reason}.",
        hints=("Run the command again to go on.",),
    )
