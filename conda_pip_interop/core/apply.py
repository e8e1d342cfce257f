"""The only writer: lock, journal, stash, then commit or roll back."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.core.journal import (
    JOURNAL_FOLDER,
    STATE_FOLDER,
    Journal,
    Step,
    parse_journal,
    render_close,
    render_header,
    render_steps,
)
from conda_pip_interop.core.lock import hold_lock
from conda_pip_interop.core.paths import PrefixPath, resolve_for_write
from conda_pip_interop.core.plan import FileAction, RemoveFile, WriteFile
from conda_pip_interop.core.prefix import read_prefix
from conda_pip_interop.core.snapshot import read_fingerprint
from conda_pip_interop.core.state import State, render_state, state_file
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_operating: set[Path] = set()


def is_operating(prefix: Path) -> bool:
    """Whether this process has an operation open on `prefix`: hooks that it triggers stand back."""
    return prefix in _operating


class Operation:
    """Changes to one prefix that happen together or not at all.

    Made by `open_operation`. Every action is in the journal, on disk, before it is begun.
    """

    def __init__(self, prefix: Path, identifier: str, title: str) -> None:
        self.prefix = prefix
        self.folder = prefix / JOURNAL_FOLDER / identifier
        self._steps: list[Step] = []
        (self.folder / "stash").mkdir(parents=True)
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        self._append(render_header(title, started))

    def apply(self, actions: Iterable[FileAction]) -> None:
        """Carry out `actions` in their order; paths are checked before the first is touched."""
        begun = [(action, self._build_steps(action)) for action in actions]
        self._append(render_steps(step for _, steps in begun for step in steps))
        for action, steps in begun:
            for step in steps:
                self._perform(step, action)
        self._prune(action.path for action, _ in begun if isinstance(action, RemoveFile))

    def commit(self) -> None:
        """Keep the changes; the journal stays, so that they can be undone."""
        self._append(render_close())

    def roll_back(self) -> None:
        """Put everything back and forget the operation."""
        roll_back_steps(self.prefix, self.folder, self._steps)
        shutil.rmtree(self.folder)

    def _append(self, text: str) -> None:
        with (self.folder / "journal.jsonl").open("a", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())

    def _step(self, step: Step) -> Step:
        self._steps.append(step)
        return step

    def _build_steps(self, action: FileAction) -> list[Step]:
        target = resolve_for_write(self.prefix, action.path)
        if target.is_dir() and not target.is_symlink():
            raise InteropError(
                "is-a-folder", f"{action.path} in {self.prefix} is a folder, not a file."
            )
        folders = self._missing_folders(action.path) if isinstance(action, WriteFile) else ()
        steps = [
            self._step(Step(number=len(self._steps), kind="mkdir", path=folder))
            for folder in folders
        ]
        content = action.content if isinstance(action, WriteFile) else None
        step = Step(
            number=len(self._steps),
            kind="remove" if content is None else "write",
            path=action.path,
            existed=os.path.lexists(target),
            sha256=None if content is None else hashlib.sha256(content).hexdigest(),
        )
        steps.append(self._step(step))
        return steps

    def _missing_folders(self, path: PrefixPath) -> list[PrefixPath]:
        planned = {step.path for step in self._steps if step.kind == "mkdir"}
        missing = []
        for parent in Path(path).parents:
            folder = PrefixPath(parent.as_posix())
            if folder == "." or folder in planned or (self.prefix / folder).is_dir():
                break
            missing.append(folder)
        return missing[::-1]

    def _perform(self, step: Step, action: FileAction) -> None:
        target = self.prefix / step.path
        stashed = self.folder / "stash" / str(step.number)
        if step.kind == "mkdir":
            target.mkdir(exist_ok=True)
        elif isinstance(action, WriteFile):
            if step.existed:
                _stash_copy(target, stashed)
            replace_file(target, action.content, mode=action.mode)
        elif step.existed:
            target.rename(stashed)

    def _prune(self, removed: Iterable[PrefixPath]) -> None:
        """Remove the folders that the removals left empty, deepest first."""
        folders = {
            PrefixPath(parent.as_posix()) for path in removed for parent in Path(path).parents
        }
        for folder in sorted(folders - {PrefixPath(".")}, key=len, reverse=True):
            target = self.prefix / folder
            if target.is_symlink() or not target.is_dir() or any(target.iterdir()):
                continue
            mode = stat.S_IMODE(target.stat().st_mode)
            step = Step(number=len(self._steps), kind="rmdir", path=folder, mode=mode)
            self._append(render_steps([self._step(step)]))
            target.rmdir()


@contextmanager
def open_operation(
    prefix: Path,
    title: str,
    *,
    fingerprint: str | None = None,
    on_wait: Callable[[], None] | None = None,
) -> Iterator[Operation]:
    """Open an operation on `prefix`: committed when the block ends, rolled back when it raises.

    What an interrupted operation left is put back first. `fingerprint` is that of the snapshot the
    plan was made from; a prefix that has changed since raises InteropError `stale-plan`, one that
    cannot be written to `not-writable`.
    """
    try:
        (prefix / STATE_FOLDER).mkdir(exist_ok=True)
        lock = hold_lock(prefix / STATE_FOLDER / "lock", on_wait=on_wait)
        with lock:
            _recover(prefix)
            if fingerprint is not None and fingerprint != read_fingerprint(read_prefix(prefix)):
                raise InteropError(
                    "stale-plan",
                    f"The environment {prefix} has changed since the plan was made.",
                    hints=("Run the command again.",),
                )
            operation = Operation(prefix, _new_identifier(prefix), title)
            _operating.add(prefix)
            try:
                yield operation
                operation.commit()
            except BaseException:
                operation.roll_back()
                raise
            finally:
                _operating.discard(prefix)
    except PermissionError as error:
        raise InteropError(
            "not-writable",
            f"The environment {prefix} cannot be written to: {error}.",
            hints=("Run the command as the user who owns the environment.",),
        ) from error


def _new_identifier(prefix: Path) -> str:
    """Time-ordered and unique within the prefix: `20261122T101500Z`, then `…Z-2`."""
    stem = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    number = 1
    while (prefix / JOURNAL_FOLDER / (stem if number == 1 else f"{stem}-{number}")).exists():
        number += 1
    return stem if number == 1 else f"{stem}-{number}"


def read_journals(prefix: Path) -> tuple[Journal, ...]:
    """The journals of `prefix`, oldest first; one without a whole header changed nothing."""
    journals = []
    for folder in sorted((prefix / JOURNAL_FOLDER).glob("*/")):
        file = folder / "journal.jsonl"
        text = file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
        journal = parse_journal(folder.name, text)
        if journal is not None:
            journals.append(journal)
    return tuple(journals)


def _recover(prefix: Path) -> None:
    """Undo what a process that died left half-done."""
    for journal in reversed(read_journals(prefix)):
        if not journal.closed:
            folder = prefix / JOURNAL_FOLDER / journal.identifier
            roll_back_steps(prefix, folder, journal.steps)
            shutil.rmtree(folder)


def roll_back_steps(prefix: Path, folder: Path, steps: Iterable[Step]) -> None:
    """Reverse `steps`, last first; those that were never begun change nothing."""
    for step in reversed(list(steps)):
        target = resolve_for_write(prefix, step.path)
        stashed = folder / "stash" / str(step.number)
        match step.kind:
            case "write" | "remove":
                if os.path.lexists(stashed):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    stashed.replace(target)
                elif not step.existed and step.kind == "write":
                    _remove_if_ours(target, step.sha256)
            case "rmdir":
                target.mkdir(parents=True, exist_ok=True)
                if step.mode is not None:
                    target.chmod(step.mode)
            case "mkdir":
                if target.is_dir() and not any(target.iterdir()):
                    target.rmdir()


def _remove_if_ours(target: Path, sha256: str | None) -> None:
    if target.is_file() and hashlib.sha256(target.read_bytes()).hexdigest() == sha256:
        target.unlink()


def _stash_copy(target: Path, stashed: Path) -> None:
    """Keep `target` under a second name: a hard link where there are such, else a copy."""
    try:
        os.link(target, stashed, follow_symlinks=False)
    except (OSError, NotImplementedError):
        shutil.copy2(target, stashed, follow_symlinks=False)


def replace_file(target: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Put `content` at `target` in one step: whoever looks sees the old file or the new one.

    Never writes into the old file, which may be hard-linked to conda's package cache.
    """
    beside = target.with_name(f".{target.name}.{os.getpid()}.pip-interop")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def remove_file(target: Path) -> None:
    """Remove a file of ours; fine if it is gone already."""
    target.unlink(missing_ok=True)


def write_state(prefix: Path, state: State) -> None:
    """Write what we remember of `prefix`."""
    file = state_file(prefix)
    file.parent.mkdir(parents=True, exist_ok=True)
    replace_file(file, render_state(state).encode())
