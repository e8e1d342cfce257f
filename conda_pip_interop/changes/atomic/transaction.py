"""Change files in a transaction: lock, journal, stash, then commit or roll back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.conda_changes import (
    build_watch,
    find_changes,
    find_missing_folders,
)
from conda_pip_interop.changes.atomic.durable import list_folders, sync_files, sync_folders
from conda_pip_interop.changes.atomic.file_lock import choose_mode
from conda_pip_interop.changes.atomic.files import (
    append_lines,
    copy_place,
    hash_entry,
    is_link,
    place_staged,
    replace_place,
    stash_copy,
)
from conda_pip_interop.changes.atomic.held_folders import HeldFolders, Place
from conda_pip_interop.changes.atomic.journal import (
    CONDA_FILE,
    JOURNAL_FOLDER,
    STATE_FOLDER,
    CondaChange,
    Step,
    hash_prefix,
    render_close,
    render_header,
    render_steps,
)
from conda_pip_interop.changes.atomic.lock import hold_prefix, mark_operating
from conda_pip_interop.changes.atomic.rollback import (
    discard,
    prune_journals,
    read_journal,
    roll_back_steps,
)
from conda_pip_interop.changes.plan import Automatic, FileAction, PlaceFile, RemoveFile, WriteFile
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE, count_revisions
from conda_pip_interop.environment.paths import PrefixPath, path_below, render_move, to_disk
from conda_pip_interop.errors import InteropError, StalePlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sized


class Operation:
    """Changes to one prefix, applied all or none; see `open_operation`.

    Every action is written to the journal before it is begun.
    """

    def __init__(
        self,
        prefix: Path,
        identifier: str,
        title: str,
        goal: PrefixPath | None = None,
        automatic: Automatic = "",
    ) -> None:
        self.prefix = prefix
        self._journal = PrefixPath(f"{JOURNAL_FOLDER}/{identifier}")
        self._folders = HeldFolders(root=prefix)
        self._steps: list[Step] = []
        self._stash = path_below(self._journal, "stash")
        self._folders.make_folders(self._stash)
        for folder in (self._journal, self._stash):
            mode = choose_mode(prefix / STATE_FOLDER, execute=True)
            self._folders.find(folder).set_folder_mode(mode)
        #: Folders with names that may not be on the disk yet.
        self._changed = list_folders((STATE_FOLDER, JOURNAL_FOLDER, self._journal, self._stash))
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        place = hash_prefix(prefix)
        self._header = render_header(title, started, goal, automatic, place=place)
        self._append(self._header)

    def apply(self, actions: Iterable[FileAction]) -> None:
        """Perform `actions` in order, after checking all paths.

        If a path has several actions, only the last is performed.
        """
        steps: list[tuple[FileAction, Step]] = []
        for action in _last_of_each_path(actions):
            built = self._build_steps(action, [step for _, step in steps])
            steps += [(action, step) for step in built]
        self._sync()  # what a step finds must be there after a power loss, too
        self._steps += [step for _, step in steps]
        self._append(render_steps(step for _, step in steps))
        self._keep_replaced(step for _, step in steps)
        sync_files(
            self._find_source(action)
            for action, step in steps
            if isinstance(action, PlaceFile) and step.kind == "write"
        )
        self._sync()
        for action, step in steps:
            self._perform(step, action)
        self._changed |= list_folders((step.path for _, step in steps), self._stash)
        self._prune(
            step.path
            for _, step in steps
            if step.kind == "rmdir" or (step.kind == "remove" and step.existed)
        )

    @contextlib.contextmanager
    def watch(self, paths: Iterable[PrefixPath]) -> Iterator[None]:
        """Let conda change files inside: what it made of them becomes steps, to be undone.

        What is there is kept before, and put back if the block raises or the process is killed:
        conda's own way back leaves some. Raises StalePlanError where another conda changes the
        files; then they are left to it.
        """
        kept = [*self._steps]
        watched = build_watch(paths, self._folders, first=self._next())
        self._sync()
        self._note(*watched)
        self._keep_replaced(watched)
        self._sync()
        try:
            yield
        except StalePlanError:
            self._rewrite(kept)
            raise
        self._folders.forget()  # conda may have replaced folders
        found = find_changes(watched, self._folders, self._stash)
        sync_files(self._folders.find(one.path) for one in found if one.kind == "write")
        self._rewrite([*kept, *found])
        self._changed |= list_folders(one.path for one in watched)
        kept_numbers = {one.number for one in found}
        for step in watched:
            if step.number not in kept_numbers:
                self._find_stashed(step).remove()

    def _rewrite(self, steps: list[Step]) -> None:
        """Replace the journal by one with other steps."""
        self._steps = steps
        place = self._folders.find(path_below(self._journal, "journal.jsonl"))
        status = place.read_status()
        mode = 0o600 if status is None else stat.S_IMODE(status.st_mode)
        replace_place(place, (self._header + render_steps(steps)).encode(), mode=mode)
        self._changed.add(self._journal)

    def _next(self, planned: Sized = ()) -> int:
        """Return the number of the step after those `planned`."""
        return max((one.number for one in self._steps), default=-1) + 1 + len(planned)

    def _note(self, *steps: Step) -> None:
        self._steps += steps
        self._append(render_steps(steps))

    def note_conda(self, change: CondaChange) -> None:
        """Note what conda did, so that it can be undone with the rest."""
        place = self._folders.find(path_below(self._journal, CONDA_FILE))
        replace_place(place, json.dumps(asdict(change)).encode(), mode=0o600)

    def commit(self, *, keep: bool = True) -> None:
        """Keep the changes, and the journal to undo them if `keep`."""
        self._sync()
        self._append(render_close(count_revisions(self.prefix)))
        if not keep:
            discard(self._folders, self._journal)
        with contextlib.suppress(OSError):  # the changes are done; the next commit prunes again
            prune_journals(self.prefix)

    @property
    def folder(self) -> Path:
        """The folder of its journal."""
        return self.prefix / self._journal

    @property
    def is_committed(self) -> bool:
        """Whether the closing line is on disk."""
        journal = read_journal(self.folder)
        return journal is not None and journal.closed

    def roll_back(self) -> None:
        """Restore everything and discard the operation.

        If the closing line is already on disk (an interrupt at the end of `commit`), nothing is
        rolled back: the operation counts as committed.
        """
        if self.is_committed:
            return
        roll_back_steps(self._folders, self._journal, self._steps)
        discard(self._folders, self._journal)

    def _sync(self) -> None:
        """Wait until the names that were changed are on the disk."""
        sync_folders(self._folders, self._changed)
        self._changed.clear()

    def _append(self, text: str) -> None:
        append_lines(self._folders.find(path_below(self._journal, "journal.jsonl")), text)

    def _build_steps(self, action: FileAction, planned: list[Step]) -> list[Step]:
        """Build the steps of `action`, numbered after those `planned` before it."""
        status = self._folders.read_status(action.path)
        number = self._next(planned)
        removes = isinstance(action, RemoveFile)
        if status is not None and stat.S_ISDIR(status.st_mode):
            if removes and not self._folders.list_names(action.path):
                return [_build_rmdir(number, action.path, status)]
            path = to_disk(self.prefix, action.path)
            raise InteropError(
                "is-a-folder",
                f"{action.path} in {self.prefix} is a folder, not a file.",
                hints=(f"To fix: `{render_move(path)}`, then run the command again.",),
            )
        made = {step.path for step in planned if step.kind == "mkdir"}
        gone = {step.path for step in planned if step.kind == "remove"}
        folders = [] if removes else find_missing_folders(action.path, made, self._folders, gone)
        steps = [
            Step(number=number + offset, kind="mkdir", path=folder)
            for offset, folder in enumerate(folders)
        ]
        step = Step(
            number=number + len(steps),
            kind="remove" if removes else "write",
            path=action.path,
            existed=status is not None,
            sha256=self._hash_new(action),
        )
        return [*steps, step]

    def _find_source(self, action: PlaceFile) -> Place:
        """Return where a staged file is: held, too, if that is in the environment."""
        if self.prefix not in action.source.parents:
            return Place(path=action.source)
        return self._folders.find(PrefixPath(action.source.relative_to(self.prefix).as_posix()))

    def _hash_new(self, action: FileAction) -> str | None:
        """Return the SHA-256 of the new file, None if it is removed."""
        match action:
            case WriteFile(content=content):
                return hashlib.sha256(content).hexdigest()
            case PlaceFile():
                return hash_entry(self._find_source(action))
            case RemoveFile():
                return None

    def _keep_replaced(self, steps: Iterable[Step]) -> None:
        """Keep what is overwritten; what is removed is moved there by itself."""
        for step in steps:
            if step.kind in ("write", "watch") and step.existed:
                # conda appends to its history, in place
                keep = copy_place if step.path == HISTORY_FILE else stash_copy
                keep(self._folders.find(step.path), self._find_stashed(step))
                self._changed.add(self._stash)

    def _find_stashed(self, step: Step) -> Place:
        return self._folders.find(path_below(self._stash, str(step.number)))

    def _perform(self, step: Step, action: FileAction) -> None:
        if step.kind == "rmdir":
            self._folders.remove_folder(step.path)
            return
        target = self._folders.find(step.path)
        stashed = self._find_stashed(step)
        if step.kind == "mkdir":
            target.make_folder()
        elif isinstance(action, WriteFile):
            replace_place(target, action.content, mode=_find_mode(action, target.read_status()))
        elif isinstance(action, PlaceFile):
            place_staged(self._find_source(action), target)
        elif step.existed:
            target.move(stashed)
        if step.existed and is_link(stashed):
            self._folders.forget()  # what lay behind it is elsewhere now

    def _prune(self, removed: Iterable[PrefixPath]) -> None:
        """Remove folders that are empty after the removals, deepest first."""
        paths = {PrefixPath(parent.as_posix()) for path in removed for parent in Path(path).parents}
        steps: dict[PrefixPath, Step] = {}
        for path in sorted(paths - {PrefixPath(".")}, key=len, reverse=True):
            status = self._folders.read_status(path)
            if status is None or not stat.S_ISDIR(status.st_mode):
                continue
            if all(path_below(path, name) in steps for name in self._folders.list_names(path)):
                steps[path] = _build_rmdir(self._next(steps), path, status)
        if steps:
            self._note(*steps.values())
        for path in steps:
            self._folders.remove_folder(path)
        self._changed |= list_folders(steps)


def _find_mode(action: WriteFile, status: os.stat_result | None) -> int:
    if action.mode is not None:
        return action.mode
    is_file = status is not None and stat.S_ISREG(status.st_mode)
    return status.st_mode & 0o777 if status is not None and is_file else 0o644


def _build_rmdir(number: int, path: PrefixPath, status: os.stat_result) -> Step:
    return Step(number=number, kind="rmdir", path=path, mode=stat.S_IMODE(status.st_mode))


def _last_of_each_path(actions: Iterable[FileAction]) -> tuple[FileAction, ...]:
    last: dict[PrefixPath, FileAction] = {}
    for action in actions:
        last.pop(action.path, None)
        last[action.path] = action
    return tuple(last.values())


@contextlib.contextmanager
def open_operation(
    prefix: Path,
    title: str,
    *,
    fingerprint: str | None = None,
    goal: PrefixPath | None = None,
    keep: bool = True,
    automatic: Automatic = "",
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Operation]:
    """Open an operation on `prefix`: committed when the block ends, rolled back when it raises.

    Without `keep` a committed operation is discarded and cannot be undone. For `goal` and
    `automatic` see `Journal`; for the other parameters and the errors raised, `hold_prefix`.
    """
    with hold_prefix(prefix, fingerprint=fingerprint, on_wait=on_wait):
        operation = Operation(prefix, _new_identifier(prefix), title, goal, automatic)
        with mark_operating(prefix):
            try:
                yield operation
                operation.commit(keep=keep)
            except BaseException:  # an interruption too is rolled back
                operation.roll_back()
                raise


def _new_identifier(prefix: Path) -> str:
    """Return an identifier, ordered by time and unique: `20261122T101500Z`, then `…Z-2`."""
    stem = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    taken = [one.name.removeprefix(stem) for one in (prefix / JOURNAL_FOLDER).glob(f"{stem}*")]
    numbers = [int(rest[1:] or 1) for rest in taken if rest[1:].isdecimal() or not rest]
    return f"{stem}-{max(numbers) + 1}" if numbers else stem
