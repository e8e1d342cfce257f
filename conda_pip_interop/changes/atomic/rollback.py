"""Roll back an operation from its journal and stash, at once or after its process died."""

from __future__ import annotations

import contextlib
import os
import stat
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.durable import list_folders, sync_folders
from conda_pip_interop.changes.atomic.files import (
    append_lines,
    hash_entry,
    is_alike,
    name_beside,
)
from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.changes.atomic.journal import (
    CONDA_FILE,
    JOURNAL_FOLDER,
    ORIGINS_FILE,
    CondaChange,
    Journal,
    Step,
    hash_prefix,
    is_newer,
    list_journal_folders,
    parse_conda_change,
    parse_journal,
    read_own_text,
    render_close,
)
from conda_pip_interop.environment.paths import PrefixPath, path_below
from conda_pip_interop.errors import InteropError, RecoveryError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: How many committed operations are kept, and for how long.
KEPT_OPERATIONS: Final = 20
KEPT_DAYS: Final = 90


def read_journals(prefix: Path) -> tuple[Journal, ...]:
    """Return the readable journals of `prefix`, oldest first."""
    journals = map(read_journal, list_journal_folders(prefix))
    return tuple(journal for journal in journals if journal is not None)


def is_undoable(journal: Journal, prefix: Path) -> bool:
    """Return whether a journal was closed, and in this place.

    What one keeps of another place (conda-pack packs it) names files and programs there.
    """
    return journal.closed and journal.place in {"", hash_prefix(prefix)}


def read_journal(folder: Path) -> Journal | None:
    """Read the journal in `folder`; None if `parse_journal` cannot read it."""
    return parse_journal(folder.name, read_own_text(folder / "journal.jsonl"))


def read_conda_change(prefix: Path, journal: Journal) -> CondaChange | None:
    """Read what conda did in an operation; None if it had no part in it."""
    if journal.conda is not None:
        return journal.conda
    return parse_conda_change(read_own_text(prefix / journal.folder / CONDA_FILE))


def find_conda_change(prefix: Path, operation: Iterable[Journal]) -> CondaChange | None:
    """Return what conda did in the journals of one operation; None if it had no part in it."""
    changes = (read_conda_change(prefix, one) for one in operation)
    return next((one for one in changes if one is not None), None)


def recover(prefix: Path) -> None:
    """Roll back interrupted operations, and close those that reached their goal.

    Raises RecoveryError `newer-state` for an operation of a newer version, `unreadable-journal` for
    one that may be whole, and `recovery-incomplete` once where something could not be put back: it
    is set aside.
    """
    folders = HeldFolders(root=prefix)
    for folder in reversed(list_journal_folders(prefix)):
        path = PrefixPath(f"{JOURNAL_FOLDER}/{folder.name}")
        text = read_own_text(folder / "journal.jsonl")
        if is_newer(text):
            raise build_newer(prefix)
        journal = parse_journal(folder.name, text)
        if journal is None:
            if not text:
                _refuse_unreadable(folders, path)
            if "\n" not in text:  # the header is incomplete: no step was begun
                discard(folders, path)
        elif journal.goal is not None and _is_reached(journal.goal, folders):
            append_lines(folders.find(path_below(path, "journal.jsonl")), render_close())
        elif not journal.closed:
            refused = roll_back_steps(folders, path, journal.steps)
            if refused or journal.unknown:
                _set_aside(folders, path, refused)
            discard(folders, path)


def _is_reached(goal: PrefixPath, folders: HeldFolders) -> bool:
    """Return whether a goal exists; an empty file is what is left of one after a power loss."""
    status = folders.read_status(goal)
    return status is not None and (not stat.S_ISREG(status.st_mode) or status.st_size > 0)


def _refuse_unreadable(folders: HeldFolders, path: PrefixPath) -> None:
    """Raise RecoveryError for a journal that has a text, which we may not read or is too long."""
    journal = path_below(path, "journal.jsonl")
    status = folders.read_status(journal)
    if status is not None and stat.S_ISREG(status.st_mode) and status.st_size:
        raise RecoveryError(
            "unreadable-journal",
            f"The journal of an interrupted operation cannot be read: {folders.root / journal}. "
            "Nothing was changed.",
            hints=("Run the command as the user who owns the environment.",),
        )


def build_newer(prefix: Path) -> RecoveryError:
    """Return the error where a newer version was interrupted."""
    return RecoveryError(
        "newer-state",
        f"A newer conda-pip-interop was interrupted in {prefix}; this one cannot read what it "
        "left, and changes nothing.",
        hints=("To fix: update conda-pip-interop, then run the command again.",),
    )


def _set_aside(folders: HeldFolders, path: PrefixPath, refused: Iterable[PrefixPath]) -> None:
    """Keep what could not be put back where it blocks nothing, and say so."""
    prefix, place = folders.root, folders.find(path)
    aside = place.beside(f"{place.path.name}.set-aside").path
    place.move(place.beside(aside.name))
    what = ", ".join(refused) or "steps that this version does not know"
    raise RecoveryError(
        "recovery-incomplete",
        f"An interrupted operation in {prefix} was rolled back, except: {what}.",
        hints=(f"The original files are in {aside}/stash. Run the command again to go on.",),
    )


def needs_recovery(prefix: Path) -> bool:
    """Return whether an operation was interrupted or is running in another process."""
    return any(not journal.closed for journal in read_journals(prefix))


def discard(folders: HeldFolders, path: PrefixPath) -> None:
    """Remove a journal, its steps first: with an incomplete stash they must not be rolled back.

    If the rest cannot be removed, the next `recover` removes it.
    """
    journal = path_below(path, "journal.jsonl")
    folders.remove_tree(journal)  # where somebody put a folder in its place
    with contextlib.suppress(FileNotFoundError):
        folders.find(journal).remove()
    sync_folders(folders, [path])
    folders.remove_tree(path)


def roll_back_steps(
    folders: HeldFolders, journal: PrefixPath, steps: Iterable[Step]
) -> tuple[PrefixPath, ...]:
    """Reverse `steps`, last first; steps that were never begun change nothing.

    If a step cannot be reversed, the others still are. The first OSError is raised at the end, and
    the call can be repeated. Returns the paths that lead out of the environment: not reversed.
    """
    failed: dict[PrefixPath, OSError] = {}
    refused: list[PrefixPath] = []
    stash = path_below(journal, "stash")
    folders.make_folders(stash)  # it is lost with the power where no step was begun
    changed: set[PrefixPath] = set()  # not on the disk yet
    makes_folders = False
    for step in reversed(list(steps)):
        if step.path in failed:  # what it was before comes later
            continue
        # what a folder or a path was given back must not be lost where the next change is not
        if step.path in changed or (makes_folders and step.kind != "rmdir"):
            sync_folders(folders, list_folders(changed, stash))
            changed.clear()
        makes_folders = step.kind == "rmdir"
        try:
            if step.path == ORIGINS_FILE and not is_as_left(step, folders):
                _remove_unfinished(step.path, folders)
            else:
                _roll_back_step(step, folders, stash)
            changed.add(step.path)
        except InteropError:
            refused.append(step.path)
        except OSError as error:
            failed[step.path] = error
    if failed:
        raise next(iter(failed.values()))
    sync_folders(folders, list_folders(changed, stash))
    return tuple(refused)


def _roll_back_step(step: Step, folders: HeldFolders, stash: PrefixPath) -> None:
    stashed = folders.find(path_below(stash, str(step.number)))
    match step.kind:
        case "write" | "remove" | "watch":
            _roll_back_file(step, stashed, folders)
        case "rmdir":
            status = folders.read_status(step.path)
            if status is None:
                folders.make_folders(step.path)
                status = folders.read_status(step.path)
            if step.mode is not None and status is not None and stat.S_ISDIR(status.st_mode):
                folders.find(step.path).set_folder_mode(step.mode)
        case "mkdir":
            status = folders.read_status(step.path)
            is_folder = status is not None and stat.S_ISDIR(status.st_mode)
            if is_folder and not folders.list_names(step.path):
                folders.remove_folder(step.path)


def _roll_back_file(step: Step, stashed: Place, folders: HeldFolders) -> None:
    if stashed.read_status() is not None:
        _restore(stashed, step.path, folders)
    elif not step.existed and step.kind != "remove":
        _remove_written(step, stashed.beside(f"{step.number}.undone"), folders)
    if step.kind != "remove":
        _remove_unfinished(step.path, folders)
    if step.kind == "watch":
        _remove_held_by_conda(step.path, folders)


def is_as_left(step: Step, folders: HeldFolders) -> bool:
    """Return whether the step's path is what the step made of it."""
    status = folders.read_status(step.path)
    if step.kind == "remove" or status is None:
        return step.kind == "remove" and status is None
    try:
        found = hash_entry(folders.find(step.path))
    except OSError:
        return False
    return found is not None and found == step.sha256


def _restore(stashed: Place, path: PrefixPath, folders: HeldFolders) -> None:
    """Restore the original file; if it is still in place, its folder is not written to."""
    old, now = stashed.read_status(), folders.read_status(path)
    if old is not None and now is not None:
        if os.path.samestat(old, now):
            return
        alike = (old.st_mode, old.st_size, old.st_mtime_ns)
        if (
            alike == (now.st_mode, now.st_size, now.st_mtime_ns)
            and stat.S_ISREG(now.st_mode)
            and is_alike(stashed, folders.find(path))
        ):
            return
    above = path.rpartition("/")[0]
    if above:
        folders.make_folders(above)
    stashed.move(folders.find(path))
    if old is not None and stat.S_ISLNK(old.st_mode):
        folders.forget()  # it leads to other folders again


def _remove_written(step: Step, undone: Place, folders: HeldFolders) -> None:
    """Move the file or the link that a step wrote to `undone`, which marks it as rolled back.

    Without the mark, a repeated rollback could remove a restored file: if one path was removed and
    later written with the same content, the restored file looks like the written one.
    """
    if undone.read_status() is not None:
        return
    status = folders.read_status(step.path)
    if status is not None and not stat.S_ISDIR(status.st_mode):
        written = folders.find(step.path)
        is_own = step.sha256 is not None and hash_entry(written) == step.sha256
        if step.kind == "watch" or is_own:
            written.move(undone)
            folders.forget()  # a link led to other folders
            return
    os.close(undone.open(os.O_WRONLY | os.O_CREAT))


def _remove_held_by_conda(path: PrefixPath, folders: HeldFolders) -> None:
    """Remove what conda renames a file to until its transaction is done."""
    above, _, name = path.rpartition("/")
    if folders.is_folder(above):
        folders.find(path).beside(f"{name}.c~").remove()


def _remove_unfinished(path: PrefixPath, folders: HeldFolders) -> None:
    """Remove temporary files of a path that killed processes left."""
    above, _, own = path.rpartition("/")
    if not folders.is_folder(above):
        return
    for name in folders.list_names(above):
        process = name.removesuffix(".pip-interop").rpartition(".")[2]
        if process.isdecimal() and name == name_beside(own, process):
            folders.find(path).beside(name).remove()


def prune_journals(prefix: Path, *, now: datetime | None = None) -> None:
    """Discard operations beyond the last `KEPT_OPERATIONS` or older than `KEPT_DAYS` days."""
    oldest = (now or datetime.now(timezone.utc)) - timedelta(days=KEPT_DAYS)
    closed = [one for one in read_journals(prefix) if one.closed]
    for number, journal in enumerate(reversed(closed)):
        if number >= KEPT_OPERATIONS or _started(journal) < oldest:
            discard(HeldFolders(root=prefix), journal.folder)


def _started(journal: Journal) -> datetime:
    try:
        return datetime.fromisoformat(journal.started)
    except ValueError:
        return datetime.now(timezone.utc)
