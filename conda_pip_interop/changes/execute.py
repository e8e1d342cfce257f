"""Execute a plan: all of it or nothing, with conda's and pip's own steps at their place."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from conda_pip_interop.changes.files import hash_file
from conda_pip_interop.changes.journal import (
    JOURNAL_FOLDER,
    STATE_FOLDER,
    CondaChange,
    refuse_foreign_state,
)
from conda_pip_interop.changes.lock import hold_prefix
from conda_pip_interop.changes.plan import PlaceFile, RemoveFile
from conda_pip_interop.changes.rollback import discard, read_conda_change
from conda_pip_interop.changes.staging import plan_placing, settle_overlaps
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.changes.undo import find_operation, refuse_changed, undo
from conda_pip_interop.changes.write_errors import explain_write_errors
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.changes.journal import Journal
    from conda_pip_interop.changes.plan import CondaPart, FileAction, Plan, Staged
    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.target import Target

_SECONDS_A_DAY: Final = 86_400


class Linker(Protocol):
    """What executing a plan needs of the world."""

    def relink(self, records: tuple[CondaRecord, ...]) -> None:
        """Link the very packages of `records` again, replacing what the records list now."""
        ...

    def report_waiting(self) -> None:
        """Another process holds the environment's lock; may raise instead of waiting."""
        ...


class Reverter(Protocol):
    """What undoing an operation needs of the world."""

    def revert(self, change: CondaChange) -> None:
        """Unlink what conda linked, link what it unlinked, and write its history back."""
        ...

    def report_waiting(self) -> None:
        """See `Linker.report_waiting`."""
        ...


def execute(plan: Plan, target: Target, host: Linker) -> None:
    """Download and stage, run conda's transaction, then change files and place pip's part.

    What can fail from outside (a channel, an index, a build) fails before the environment is
    touched; a later failure takes all back. Raises InteropError `stale-plan` where the environment
    has changed since the plan was made.
    """
    if plan.conda is not None:
        plan.conda.download()
    with contextlib.ExitStack() as stack:
        staged: Staged | None = None
        failure: InteropError | None = None
        if plan.pip is not None:
            folder = stack.enter_context(_open_staging(target.prefix))
            stack.enter_context(_remove_new_clones(plan, target.prefix))
            try:
                staged = plan.pip.stage(folder)
                _check_overlaps(plan, staged, target)
            except InteropError as error:
                if plan.conda is None or not plan.keep_going:
                    raise
                failure = error
        stack.enter_context(
            hold_prefix(target.prefix, fingerprint=plan.fingerprint, on_wait=host.report_waiting)
        )
        change = None if plan.conda is None else _execute_conda(plan.conda, target.prefix)
        if failure is not None:
            raise _kept_going(failure, target) from failure
        try:
            _change_files(plan, staged, change, target, host)
        except BaseException as error:  # an interruption too leaves nothing half-done
            if plan.conda is not None:
                if plan.keep_going and isinstance(error, InteropError):
                    raise _kept_going(error, target) from error
                plan.conda.roll_back()
            raise


def _check_overlaps(plan: Plan, staged: Staged, target: Target) -> None:
    """Raise InteropError as `plan_placing` does, before anything changes."""
    leaving = plan.conda.unlinked_names if plan.conda is not None else frozenset()
    plan_placing(staged, read_snapshot(target.prefix), overwrite=plan.overwrite, leaving=leaving)


def _execute_conda(part: CondaPart, prefix: Path) -> CondaChange:
    """Execute conda's part; return what it changed."""
    meta = prefix / "conda-meta"
    history = meta / "history"
    before = {file.name for file in meta.glob("*.json")}
    leaving = {
        name: (meta / name).read_text(encoding="utf-8", errors="surrogateescape")
        for name in before
        if name.rsplit("-", 2)[0] in part.unlinked_names
    }
    text = history.read_text(encoding="utf-8", errors="surrogateescape")
    part.execute()
    after = {file.name for file in meta.glob("*.json")}
    return CondaChange(
        linked=tuple(sorted(after - before)),
        unlinked={name: record for name, record in leaving.items() if name not in after},
        history=text,
        history_sha256=hash_file(history),
    )


def execute_undo(prefix: Path, identifier: str, host: Reverter) -> None:
    """Undo an operation with conda's part in it, all of it or nothing; see `undo`."""
    with hold_prefix(prefix, on_wait=host.report_waiting):
        operation = find_operation(prefix, identifier)
        change = read_conda_change(prefix, operation[0])
        if change is None or change.is_empty:
            undo(prefix, identifier)
            return
        refuse_changed(prefix, operation)
        with _open_staging(prefix) as folder:
            actions = tuple(_build_reverse(prefix, operation, folder))
            with open_operation(prefix, f"undo {identifier}", keep=False) as undoing:
                undoing.apply(actions)
                host.revert(change)
        for journal in operation:
            discard(prefix / JOURNAL_FOLDER / journal.identifier)


def _build_reverse(
    prefix: Path, operation: Iterable[Journal], copies: Path
) -> Iterator[FileAction]:
    """Put every file back to what it was before the first step about it; stashes are copied."""
    seen: set[PrefixPath] = set()
    for journal in operation:
        stash = prefix / JOURNAL_FOLDER / journal.identifier / "stash"
        for step in journal.steps:
            if step.kind in ("mkdir", "rmdir") or step.path in seen:
                continue
            seen.add(step.path)
            if step.existed:
                copy = copies / str(len(seen))
                shutil.copy2(stash / str(step.number), copy, follow_symlinks=False)
                yield PlaceFile(path=step.path, source=copy, reason="undo")
            else:
                yield RemoveFile(path=step.path, reason="undo")


def _change_files(
    plan: Plan, staged: Staged | None, change: CondaChange | None, target: Target, host: Linker
) -> None:
    if not (plan.files or plan.relinked or staged or (change and not change.is_empty)):
        return
    with open_operation(
        target.prefix, plan.title, goal=plan.goal, automatic=plan.automatic
    ) as operation:
        if change is not None and not change.is_empty:
            operation.note_conda(change)
        operation.apply(plan.files)
        if plan.relinked:
            host.relink(plan.relinked)
        if staged is not None:
            snapshot = read_snapshot(target.prefix)
            operation.apply(plan_placing(staged, snapshot, overwrite=plan.overwrite))
            if plan.overwrite:
                operation.apply(settle_overlaps(plan.overwrite, read_snapshot(target.prefix)))


def _kept_going(error: InteropError, target: Target) -> InteropError:
    return InteropError(
        error.code,
        f"{error.message}\nconda's part of the plan was installed in {target.label} "
        "(--keep-going).",
        hints=error.hints,
        exit_code=error.exit_code,
    )


@contextlib.contextmanager
def _remove_new_clones(plan: Plan, prefix: Path) -> Iterator[None]:
    """pip clones editable projects to their final place: a failure leaves no clone behind."""
    src = prefix / "src"
    before = {path.name for path in src.iterdir()} if src.is_dir() else None
    try:
        yield
    except BaseException:  # an interruption too leaves no clone
        if plan.pip is not None and plan.pip.clones and src.is_dir():
            for path in src.iterdir():
                if path.name not in (before or ()):
                    shutil.rmtree(path, ignore_errors=True)
            if before is None:
                src.rmdir()
        raise


@contextlib.contextmanager
def _open_staging(prefix: Path) -> Iterator[Path]:
    """Make a folder on the file system of the prefix; it is removed with what is left in it.

    Raises InteropError `not-writable` or `disk-full`.
    """
    state = prefix / STATE_FOLDER
    refuse_foreign_state(prefix)
    with explain_write_errors(prefix):
        state.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(state)
        folder = Path(tempfile.mkdtemp(prefix="staging-", dir=state))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            state.rmdir()  # if it was made for this alone


def _remove_abandoned(state: Path) -> None:
    """Remove the staging folders of killed processes: nobody stages for a day."""
    for folder in state.glob("staging-*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < time.time() - _SECONDS_A_DAY:
                shutil.rmtree(folder)
