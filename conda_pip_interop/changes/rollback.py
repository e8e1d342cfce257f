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
    is_newer,
    list_journal_folders,
    parse_conda_change,
    parse_journal,
    read_own_text,
    render_close,
)
from conda_pip_interop.environment.paths import resolve_for_write
from conda_pip_interop.errors import InteropError, RecoveryError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conda_pip_interop.environment.paths import PrefixPath


def read_journals(prefix: Path) -> tuple[Journal, ...]:
    """Return the readable journals of `prefix`, oldest first."""
    journals = map(read_journal, list_journal_folders(prefix))
    return tuple(journal for journal in journals if journal is not None)


def read_journal(folder: Path) -> Journal | None:
    """Read the journal in `folder`; None if `parse_journal` cannot read it."""
    return parse_journal(folder.name, read_own_text(folder / "journal.jsonl"))


def read_conda_change(prefix: Path, journal: Journal) -> CondaChange | None:
    """Read what conda did in an operation; None if it had no part in it."""
    file = prefix / JOURNAL_FOLDER / journal.identifier / CONDA_FILE
    return parse_conda_change(read_own_text(file))


def recover(prefix: Path) -> None:
    """Roll back interrupted operations, and close those that reached their goal.

    Raises RecoveryError `newer-state` for an operation of a newer version, and
    `recovery-incomplete` once where something could not be put back: it is set aside.
    """
    for folder in reversed(list_journal_folders(prefix)):
        text = read_own_text(folder / "journal.jsonl")
        if is_newer(text):
            raise RecoveryError(
                "newer-state",
                f"A newer conda-pip-interop was interrupted in {prefix}; this one cannot read its "
                "journal, and changes nothing.",
                hints=("To fix: update conda-pip-interop, then run the command again.",),
            )
        journal = parse_journal(folder.name, text)
        if journal is None:
            if "\n" not in text:  # the header is incomplete: no step was begun
                discard(folder)
        elif journal.goal is not None and os.path.lexists(prefix / journal.goal):
            if not journal.closed:
                with (folder / "journal.jsonl").open("a", encoding="utf-8") as file:
                    file.write("\n" + render_close())
        elif not journal.closed:
            refused = roll_back_steps(prefix, folder, journal.steps)
            if refused or journal.unknown:
                _set_aside(prefix, folder, refused)
            discard(folder)


def _set_aside(prefix: Path, folder: Path, refused: Iterable[PrefixPath]) -> None:
    """Keep what could not be put back where it blocks nothing, and say so."""
    aside = folder.with_name(f"{folder.name}.set-aside")
    folder.rename(aside)
    what = ", ".join(refused) or "steps that this version does not know"
    raise RecoveryError(
        "recovery-incomplete",
        f"An interrupted operation in {prefix} was rolled back, except: {what}.",
        hints=(f"The original files are in {aside}/stash. Run the command again to go on.",),
    )


def needs_recovery(prefix: Path) -> bool:
    """Return whether an operation was interrupted or is running in another process."""
    return any(not journal.closed for journal in read_journals(prefix))


def discard(folder: Path) -> None:
    """Remove a journal, its steps first: with an incomplete stash they must not be rolled back.

    If the rest cannot be removed, the next `recover` removes it.
    """
    (folder / "journal.jsonl").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def roll_back_steps(prefix: Path, folder: Path, steps: Iterable[Step]) -> tuple[PrefixPath, ...]:
    """Reverse `steps`, last first; steps that were never begun change nothing.

    If a step cannot be reversed, the others still are. The first OSError is raised at the end, and
    the call can be repeated. Returns the paths that lead out of the environment: not reversed.
    """
    failed: OSError | None = None
    refused: list[PrefixPath] = []
    for step in reversed(list(steps)):
        try:
            _roll_back_step(step, resolve_for_write(prefix, step.path), folder / "stash")
        except InteropError:
            refused.append(step.path)
        except OSError as error:
            failed = failed or error
    if failed is not None:
        raise failed
    return tuple(refused)


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
            if step.mode is not None and not target.is_symlink():
                target.chmod(step.mode)
        case "mkdir":
            if target.is_dir() and not target.is_symlink() and not any(target.iterdir()):
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
