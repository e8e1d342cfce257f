"""Roll back an operation from its journal and stash, at once or after its process died."""

from __future__ import annotations

import filecmp
import os
import shutil
from typing import TYPE_CHECKING

from conda_pip_interop.changes.files import hash_file, name_beside
from conda_pip_interop.changes.journal import (
    CONDA_FILE,
    JOURNAL_FOLDER,
    CondaChange,
    Journal,
    Step,
    parse_conda_change,
    parse_journal,
    render_close,
)
from conda_pip_interop.environment.paths import resolve_for_write

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def read_journals(prefix: Path) -> tuple[Journal, ...]:
    """Return the readable journals of `prefix`, oldest first."""
    journals = map(read_journal, _journal_folders(prefix))
    return tuple(journal for journal in journals if journal is not None)


def _journal_folders(prefix: Path) -> list[Path]:
    """Return the folders, oldest first: `…Z-10` comes after `…Z-9`."""
    folders = [folder for folder in (prefix / JOURNAL_FOLDER).glob("*") if folder.is_dir()]
    return sorted(folders, key=lambda one: (one.name.partition("-")[0], len(one.name), one.name))


def _read_text(folder: Path) -> str:
    file = folder / "journal.jsonl"
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def read_journal(folder: Path) -> Journal | None:
    """Read the journal in `folder`; None if `parse_journal` cannot read it."""
    return parse_journal(folder.name, _read_text(folder))


def read_conda_change(prefix: Path, journal: Journal) -> CondaChange | None:
    """Read what conda did in an operation; None if it had no part in it."""
    file = prefix / JOURNAL_FOLDER / journal.identifier / CONDA_FILE
    if not file.is_file():
        return None
    return parse_conda_change(file.read_text(encoding="utf-8", errors="replace"))


def recover(prefix: Path) -> None:
    """Roll back interrupted operations, and close those that reached their goal."""
    for folder in reversed(_journal_folders(prefix)):
        text = _read_text(folder)
        journal = parse_journal(folder.name, text)
        if journal is None:
            if "\n" not in text:  # the header is incomplete: no step was begun
                discard(folder)
        elif journal.goal is not None and os.path.lexists(prefix / journal.goal):
            if not journal.closed:
                with (folder / "journal.jsonl").open("a", encoding="utf-8") as file:
                    file.write("\n" + render_close())
        elif not journal.closed:
            roll_back_steps(prefix, folder, journal.steps)
            discard(folder)


def needs_recovery(prefix: Path) -> bool:
    """Return whether an operation was interrupted or is running in another process."""
    return any(not journal.closed for journal in read_journals(prefix))


def discard(folder: Path) -> None:
    """Remove a journal, its steps first: with an incomplete stash they must not be rolled back.

    If the rest cannot be removed, the next `recover` removes it.
    """
    (folder / "journal.jsonl").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def roll_back_steps(prefix: Path, folder: Path, steps: Iterable[Step]) -> None:
    """Reverse `steps`, last first; steps that were never begun change nothing.

    If a step cannot be reversed, the others still are. The first OSError is raised at the end, and
    the call can be repeated.
    """
    failed: OSError | None = None
    for step in reversed(list(steps)):
        try:
            _roll_back_step(step, resolve_for_write(prefix, step.path), folder / "stash")
        except OSError as error:
            failed = failed or error
    if failed is not None:
        raise failed


def _roll_back_step(step: Step, target: Path, stash: Path) -> None:
    stashed = stash / str(step.number)
    match step.kind:
        case "write" | "remove":
            if os.path.lexists(stashed):
                _restore(stashed, target)
            elif not step.existed and step.kind == "write":
                _remove_written(target, stashed.with_suffix(".undone"), step.sha256)
            if step.kind == "write":
                _remove_unfinished(target)
        case "rmdir":
            target.mkdir(parents=True, exist_ok=True)
            if step.mode is not None:
                target.chmod(step.mode)
        case "mkdir":
            if target.is_dir() and not any(target.iterdir()):
                target.rmdir()


def _restore(stashed: Path, target: Path) -> None:
    """Restore the original file; if it is still in place, its folder is not written to."""
    if os.path.lexists(target):
        old, now = stashed.lstat(), target.lstat()
        if os.path.samestat(old, now):
            return
        alike = (old.st_mode, old.st_size, old.st_mtime_ns)
        if (
            alike == (now.st_mode, now.st_size, now.st_mtime_ns)
            and not target.is_symlink()
            and filecmp.cmp(stashed, target, shallow=False)
        ):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    stashed.replace(target)


def _remove_written(target: Path, undone: Path, sha256: str | None) -> None:
    """Move the file that a step wrote to `undone`, which marks the step as rolled back.

    Without the mark, a repeated rollback could remove a restored file: if one path was removed and
    later written with the same content, the restored file looks like the written one.
    """
    if os.path.lexists(undone):
        return
    if target.is_file() and not target.is_symlink() and hash_file(target) == sha256:
        target.rename(undone)
    else:
        undone.touch()


def _remove_unfinished(target: Path) -> None:
    """Remove temporary files of `target` that killed processes left."""
    if target.parent.is_dir():
        for name in os.listdir(target.parent):
            process = name.removesuffix(".pip-interop").rpartition(".")[2]
            if process.isdecimal() and name == name_beside(target, process):
                (target.parent / name).unlink(missing_ok=True)
