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
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.durable import list_folders, sync_files, sync_folders
from conda_pip_interop.changes.atomic.files import hash_file, remove_file, write_file
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import (
    DISK_FAILURES,
    PENDING_FILE,
    CondaChange,
    is_trusted,
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
from conda_pip_interop.changes.plan import LinkConda, RemoveFile, UnlinkConda
from conda_pip_interop.changes.staging import plan_placing, read_staged, settle_overlaps
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE
from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path, path_below, to_disk
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError, RecoveryError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.atomic.transaction import Operation
    from conda_pip_interop.changes.plan import Automatic, Plan, Staged

_FORMAT: Final = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaBefore:
    """conda's records and history before its part: the texts of what it is to unlink."""

    records: tuple[str, ...]
    leaving: dict[str, str]
    history: str

    def find_change(self, prefix: Path) -> CondaChange:
        """Return what conda has changed since.

        A record of the same name that was replaced counts as both: a noarch package for another
        Python, or one that pip had overridden.
        """
        meta = prefix / "conda-meta"
        before, after = {*self.records}, {file.name for file in meta.glob("*.json")}
        again = {
            name
            for name, text in self.leaving.items()
            if name in after and _read_record(meta / name) != text
        }
        return CondaChange(
            linked=tuple(sorted((after - before) | again)),
            unlinked={
                name: text
                for name, text in self.leaving.items()
                if name not in after or name in again
            },
            history=self.history,
            history_sha256=hash_file(meta / "history"),
        )


def read_conda_before(prefix: Path, leaving: frozenset[str]) -> CondaBefore:
    """Read what conda's part will change; `leaving` are the packages that it unlinks."""
    meta = prefix / "conda-meta"
    names = tuple(sorted(file.name for file in meta.glob("*.json")))
    return CondaBefore(
        records=names,
        leaving={
            name: _read_record(meta / name) for name in names if name.rsplit("-", 2)[0] in leaving
        },
        history=(meta / "history").read_text(encoding="utf-8", errors="surrogateescape"),
    )


def _read_record(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="surrogateescape")


def note_pending(
    prefix: Path, plan: Plan, staging: Path, before: CondaBefore, created: Iterable[PrefixPath]
) -> None:
    """Note an installation before conda's part of it begins, which is to create `created`.

    What is staged is on the disk before the note is: the next run may place it.
    """
    folders = HeldFolders(root=prefix)
    files, made = _walk(prefix, staging)
    sync_files(folders.find(path) for path in files)
    sync_folders(folders, {*made, *list_folders(made)})
    links = [one for one in plan.packages if isinstance(one, LinkConda)]
    unlinks = [one for one in plan.packages if isinstance(one, UnlinkConda)]
    document = {
        "format": _FORMAT,
        "title": plan.title,
        "staging": staging.relative_to(prefix).as_posix(),
        "links": [f"{one.name}-{one.version}-" for one in links],
        "unlinks": [f"{one.name}-{one.version}-" for one in unlinks],
        "overwrite": sorted(plan.overwrite),
        "automatic": plan.automatic,
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


def _parse_before(entry: dict[str, Any]) -> CondaBefore:
    return CondaBefore(
        records=tuple(map(str, entry["records"])),
        leaving={str(name): str(text) for name, text in entry["leaving"].items()},
        history=str(entry["history"]),
    )


def _finish(prefix: Path, text: str) -> None:
    try:
        document = json.loads(text)
        before = _parse_before(document["before"])
        links, unlinks = (tuple(map(str, document[one])) for one in ("links", "unlinks"))
        staging = parse_prefix_path(document["staging"])
        overwrite = frozenset(map(canonicalize_name, document["overwrite"]))
        title = str(document["title"])
        automatic: Automatic = "ours" if document.get("automatic") == "ours" else ""
        created = {parse_prefix_path(one) for one in document["created"]} - {None}
        if document["format"] != _FORMAT or staging is None:
            return
        change = before.find_change(prefix)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    except OSError as error:
        if _may_pass(error):
            raise
        return
    if _is_committed(prefix, change):
        return
    folders = HeldFolders(root=prefix)
    is_done = all(any(one.startswith(link) for one in change.linked) for link in links) and not any(
        name.startswith(unlinks) for name in before.leaving if name not in change.unlinked
    )
    if not (is_done and folders.is_folder(staging)):
        _remove_created(prefix, created)
        if not change.is_empty:
            raise _not_finished(prefix, title, "conda was interrupted in its part of it")
        history = before.history.encode("utf-8", errors="surrogateescape")
        write_file(prefix, HISTORY_FILE, history)
        return
    try:
        with open_operation(prefix, title, automatic=automatic) as operation:
            operation.note_conda(change)
            _place(prefix, staging, overwrite, operation)
    except InteropError as error:
        if isinstance(error, RecoveryError) or _may_pass(error):
            raise
        raise _not_finished(prefix, title, error.message) from error


def _place(
    prefix: Path,
    staging: PrefixPath,
    overwrite: frozenset[NormalizedName],
    operation: Operation,
) -> None:
    snapshot = read_snapshot(prefix)
    staged = read_staged(prefix / staging, snapshot.prefix)
    _refuse_incomplete(staged)
    operation.apply(plan_placing(staged, snapshot, overwrite=overwrite))
    if overwrite:
        operation.apply(settle_overlaps(overwrite, read_snapshot(prefix)))


def _refuse_incomplete(staged: Staged) -> None:
    """Raise InteropError where files were removed by another program."""
    for one in staged.distributions:
        for file in one.files or ():
            if not os.path.lexists(staged.folder / file.path):
                raise InteropError("incomplete", f"{file.path} is not staged any more")


def _remove_created(prefix: Path, created: Iterable[PrefixPath | None]) -> None:
    """Remove what conda has created and no record lists: it was interrupted in that package."""
    snapshot, folders = read_snapshot(prefix), HeldFolders(root=prefix)
    actions = []
    for path in created:
        is_listed = path is None or snapshot.claims.of(path) or path.startswith("conda-meta/")
        status = None if path is None or is_listed else folders.read_status(path)
        if path is not None and status is not None and not stat.S_ISDIR(status.st_mode):
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
