"""Change files in a transaction: lock, journal, stash, then commit or roll back."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.changes.files import hash_file, replace_file
from conda_pip_interop.changes.journal import (
    CONDA_FILE,
    JOURNAL_FOLDER,
    STATE_FOLDER,
    CondaChange,
    Step,
    render_close,
    render_header,
    render_steps,
)
from conda_pip_interop.changes.lock import choose_mode, hold_prefix, mark_operating
from conda_pip_interop.changes.plan import Automatic, FileAction, PlaceFile, RemoveFile, WriteFile
from conda_pip_interop.changes.rollback import discard, read_journal, roll_back_steps
from conda_pip_interop.changes.undo import prune_journals
from conda_pip_interop.environment.paths import PrefixPath, resolve_for_write
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


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
        self.folder = prefix / JOURNAL_FOLDER / identifier
        self._steps: list[Step] = []
        (self.folder / "stash").mkdir(parents=True)
        for folder in (self.folder, self.folder / "stash"):
            folder.chmod(choose_mode(prefix / STATE_FOLDER, execute=True))
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._append(render_header(title, started, goal, automatic))

    def apply(self, actions: Iterable[FileAction]) -> None:
        """Perform `actions` in order, after checking all paths.

        If a path has several actions, only the last is performed.
        """
        steps: list[tuple[FileAction, Step]] = []
        for action in _last_of_each_path(actions):
            built = self._build_steps(action, [step for _, step in steps])
            steps += [(action, step) for step in built]
        self._steps += [step for _, step in steps]
        self._append(render_steps(step for _, step in steps))
        for action, step in steps:
            self._perform(step, action)
        self._prune(
            step.path
            for _, step in steps
            if step.kind == "rmdir" or (step.kind == "remove" and step.existed)
        )

    def note_conda(self, change: CondaChange) -> None:
        """Note what conda did, so that it can be undone with the rest."""
        (self.folder / CONDA_FILE).write_text(json.dumps(asdict(change)), encoding="utf-8")

    def commit(self, *, keep: bool = True) -> None:
        """Keep the changes, and the journal to undo them if `keep`."""
        self._append(render_close())
        if not keep:
            discard(self.folder)
        with contextlib.suppress(OSError):  # the changes are done; the next commit prunes again
            prune_journals(self.prefix)

    def roll_back(self) -> None:
        """Restore everything and discard the operation.

        If the closing line is already on disk (an interrupt at the end of `commit`), nothing is
        rolled back: the operation counts as committed.
        """
        journal = read_journal(self.folder)
        if journal is not None and journal.closed:
            return
        roll_back_steps(self.prefix, self.folder, self._steps)
        discard(self.folder)

    def _append(self, text: str) -> None:
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def _build_steps(self, action: FileAction, planned: list[Step]) -> list[Step]:
        """Build the steps of `action`, numbered after those `planned` before it."""
        target = resolve_for_write(self.prefix, action.path)
        number = len(self._steps) + len(planned)
        removes = isinstance(action, RemoveFile)
        if target.is_dir() and not target.is_symlink():
            if removes and not any(target.iterdir()):
                return [_build_rmdir(number, action.path, target)]
            raise InteropError(
                "is-a-folder", f"{action.path} in {self.prefix} is a folder, not a file."
            )
        made = {step.path for step in planned if step.kind == "mkdir"}
        folders = [] if removes else self._missing_folders(action.path, made)
        steps = [
            Step(number=number + offset, kind="mkdir", path=folder)
            for offset, folder in enumerate(folders)
        ]
        step = Step(
            number=number + len(steps),
            kind="remove" if removes else "write",
            path=action.path,
            existed=os.path.lexists(target),
            sha256=_hash_new(action),
        )
        return [*steps, step]

    def _missing_folders(self, path: PrefixPath, made: set[PrefixPath]) -> list[PrefixPath]:
        missing = []
        for parent in Path(path).parents:
            folder = PrefixPath(parent.as_posix())
            if folder == "." or folder in made or (self.prefix / folder).is_dir():
                break
            missing.append(folder)
        return missing[::-1]

    def _perform(self, step: Step, action: FileAction) -> None:
        target = self.prefix / step.path
        stashed = self.folder / "stash" / str(step.number)
        if step.kind == "mkdir":
            target.mkdir(exist_ok=True)
        elif step.kind == "rmdir":
            target.rmdir()
        elif isinstance(action, WriteFile):
            if step.existed:
                _stash_copy(target, stashed)
            replace_file(target, action.content, mode=_find_mode(action, target))
        elif isinstance(action, PlaceFile):
            if step.existed:
                _stash_copy(target, stashed)
            action.source.replace(target)
        elif step.existed:
            target.rename(stashed)

    def _prune(self, removed: Iterable[PrefixPath]) -> None:
        """Remove folders that are empty after the removals, deepest first."""
        folders = {
            PrefixPath(parent.as_posix()) for path in removed for parent in Path(path).parents
        }
        for folder in sorted(folders - {PrefixPath(".")}, key=len, reverse=True):
            target = self.prefix / folder
            if target.is_symlink() or not target.is_dir() or any(target.iterdir()):
                continue
            step = _build_rmdir(len(self._steps), folder, target)
            self._steps.append(step)
            self._append(render_steps([step]))
            target.rmdir()


def _find_mode(action: WriteFile, target: Path) -> int:
    if action.mode is not None:
        return action.mode
    is_file = target.is_file() and not target.is_symlink()
    return stat.S_IMODE(target.stat().st_mode) & 0o777 if is_file else 0o644


def _build_rmdir(number: int, path: PrefixPath, target: Path) -> Step:
    return Step(number=number, kind="rmdir", path=path, mode=stat.S_IMODE(target.stat().st_mode))


def _hash_new(action: FileAction) -> str | None:
    """Return the SHA-256 of the new file, None if it is removed."""
    match action:
        case WriteFile(content=content):
            return hashlib.sha256(content).hexdigest()
        case PlaceFile(source=source):
            return hash_file(source)
        case RemoveFile():
            return None


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
    last = max((int(rest.removeprefix("-") or 1) for rest in taken), default=0)
    return f"{stem}-{last + 1}" if last else stem


def _stash_copy(target: Path, stashed: Path) -> None:
    """Save `target` as `stashed`: as a hard link if possible, else as a copy.

    A copy gets the name `stashed` only when it is complete.
    """
    try:
        os.link(target, stashed, follow_symlinks=False)
    except (OSError, NotImplementedError):
        part = stashed.with_suffix(".part")
        shutil.copy2(target, part, follow_symlinks=False)
        if not part.is_symlink():
            with part.open("rb") as file:
                os.fsync(file.fileno())
        part.rename(stashed)
