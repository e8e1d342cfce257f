"""Execute a plan: all of it or nothing, with conda's and pip's own steps at their place."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from conda_pip_interop.changes.atomic.conda_changes import read_conda_before
from conda_pip_interop.changes.atomic.files import copy_place
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import ORIGINS_FILE, CondaChange
from conda_pip_interop.changes.atomic.lock import hold_prefix, refuse_stale
from conda_pip_interop.changes.atomic.rollback import discard, find_conda_change, is_as_left
from conda_pip_interop.changes.atomic.staging_folders import open_staging
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.pending import finish_pending, forget_pending, note_pending
from conda_pip_interop.changes.plan import PlaceFile, RemoveFile
from conda_pip_interop.changes.relinking import (
    list_relinked,
    refuse_folders,
    relink,
    remove_links,
)
from conda_pip_interop.changes.replacing import find_replacing, restore_overrides
from conda_pip_interop.changes.requests import remember_requests
from conda_pip_interop.changes.staging import choose_files, place_distributions, plan_placing
from conda_pip_interop.changes.undoing.changed_since import (
    list_conda_paths,
    refuse_any_changed,
    refuse_changed,
)
from conda_pip_interop.changes.undoing.conda_commands import complete_commands
from conda_pip_interop.changes.undoing.operations import find_operation, split_at_conda
from conda_pip_interop.changes.undoing.undo import undo
from conda_pip_interop.changes.undoing.undone import Undone
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE
from conda_pip_interop.environment.paths import PrefixPath, path_below, refuse_links_outside
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.changes.atomic.transaction import Operation
    from conda_pip_interop.changes.plan import FileAction, PipPart, Plan, Staged
    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.target import Target


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

    def fetch(self, linked: Linked) -> Path | None:
        """See `PackageCache.fetch`."""
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
    finish_pending(target.prefix, on_wait=host.report_waiting)
    if plan.conda is not None:
        plan.conda.download()
    late = plan.pip is not None and plan.pip.needs_conda
    with contextlib.ExitStack() as stack:
        staged: Staged | None = None
        failure: InteropError | None = None
        if plan.pip is not None:
            folder = stack.enter_context(open_staging(target.prefix))
            stack.enter_context(_remove_new_clones(plan, target.prefix))
            try:
                staged = None if late else _stage(plan, plan.pip, folder, target)
            except InteropError as error:
                if plan.conda is None or not plan.keep_going:
                    raise
                failure = error
        stack.enter_context(
            hold_prefix(target.prefix, fingerprint=plan.fingerprint, on_wait=host.report_waiting)
        )
        replacing = None if plan.conda is None else find_replacing(plan, plan.conda, target)
        if replacing is not None:
            plan = replace(plan, conda=replacing, automatic="ours")
        change = _execute_conda(plan, staged, target.prefix, stack)
        if failure is not None:
            raise _kept_going(failure, target) from failure
        with _roll_back_conda(plan, target):
            if plan.pip is not None and late:
                staged = plan.pip.stage(folder)
            _change_files(plan, staged, change, target, host)
        remember_requests(plan, target.prefix)


@contextlib.contextmanager
def _roll_back_conda(plan: Plan, target: Target) -> Iterator[None]:
    """Undo conda's part, if something fails after it; an interruption too leaves nothing."""
    try:
        yield
    except BaseException as error:  # an interruption, too
        if plan.conda is not None:
            if plan.keep_going and isinstance(error, InteropError):
                raise _kept_going(error, target) from error
            plan.conda.roll_back()
        raise


def refuse_outside(plan: Plan, target: Target) -> None:
    """Raise InteropError as `refuse_links_outside` does, for what a plan is known to change.

    Raises what `refuse_folders` raises, too.
    """
    relinked = list_relinked(plan.relinked, target.prefix)
    refuse_links_outside(target.prefix, {*relinked, *(one.path for one in plan.files)})
    removed = {one.path for one in plan.files if isinstance(one, RemoveFile)}
    refuse_folders(plan.relinked, target, removed)


def _stage(plan: Plan, part: PipPart, folder: Path, target: Target) -> Staged:
    """Stage pip's part; raises InteropError as `plan_placing` does, or for a link out.

    Raises `stale-plan`, too: what is staged is judged by the snapshot of the plan.
    """
    staged = part.stage(folder)
    leaving = plan.conda.unlinked_names if plan.conda is not None else frozenset()
    if plan.fingerprint is not None:
        refuse_stale(target.prefix, plan.fingerprint)
    snapshot = plan.snapshot or read_snapshot(target.prefix)
    actions = plan_placing(
        staged, snapshot, overwrite=plan.overwrite, leaving=leaving, target=target
    )
    refuse_links_outside(target.prefix, (one.path for one in actions))
    return staged


def _execute_conda(
    plan: Plan, staged: Staged | None, prefix: Path, stack: contextlib.ExitStack
) -> CondaChange | None:
    """Execute conda's part; return what it changed. Until `stack` closes, the rest is pending."""
    if plan.conda is None:
        return None
    before = read_conda_before(prefix, plan.conda.unlinked_names)
    if staged is not None or (plan.pip is None and plan.files):
        note_pending(prefix, plan, staged, before, plan.conda.list_created())
        stack.callback(forget_pending, prefix)
    plan.conda.execute()
    try:
        return before.find_change(prefix)
    except BaseException:  # an interruption too leaves nothing half-done
        plan.conda.roll_back()
        raise


def execute_undo(prefix: Path, identifier: str, host: Reverter) -> None:
    """Undo an operation with conda's part in it, all of it or nothing; see `undo`."""
    with hold_prefix(prefix, on_wait=host.report_waiting):
        operation = complete_commands(prefix, find_operation(prefix, identifier), host)
        change = find_conda_change(prefix, operation)
        if change is None or change.is_empty:
            undo(prefix, identifier)
            return
        refuse_changed(prefix, operation)
        with open_staging(prefix) as folder:
            before, after = split_at_conda(prefix, operation)
            actions = tuple(_build_reverse(prefix, after, folder / "after"))
            earlier = tuple(_build_reverse(prefix, before, folder / "before"))
            with open_operation(prefix, f"undo {identifier}", keep=False) as undoing:
                undoing.apply(actions)
                with undoing.watch(_list_reverted(prefix, change)):
                    host.revert(change)
                # by the record that conda has just written, which `earlier` may replace
                undoing.apply(restore_overrides(change.unlinked, prefix))
                undoing.apply(earlier)
        for journal in (one for one in operation if one.conda is None):
            discard(HeldFolders(root=prefix), journal.folder)


def _list_reverted(prefix: Path, change: CondaChange) -> Iterator[PrefixPath]:
    """List what conda changes when it takes back a change of its own."""
    yield HISTORY_FILE
    yield from list_conda_paths(prefix, change, Undone(prefix=prefix))


def execute_undo_several(
    prefix: Path, operations: Sequence[Sequence[Journal]], host: Reverter
) -> None:
    """Undo operations in this order, newest first; see `execute_undo`.

    None is begun if one cannot be undone. What still fails leaves the ones before it undone.
    """
    with hold_prefix(prefix, on_wait=host.report_waiting):
        refuse_any_changed(prefix, operations)
        for number, operation in enumerate(operations):
            try:
                execute_undo(prefix, operation[0].identifier, host)
            except InteropError as error:
                if not number:
                    raise
                done = ", ".join(one[0].identifier for one in operations[:number])
                raise InteropError(
                    error.code,
                    f"{error.message}\nUndone before: {done}.",
                    hints=error.hints,
                    exit_code=error.exit_code,
                ) from error


def _build_reverse(
    prefix: Path, operation: Iterable[Journal], copies: Path
) -> Iterator[FileAction]:
    """Put every file back to what it was before the first step about it; stashes are copied."""
    seen: set[PrefixPath] = set()
    folders = HeldFolders(root=prefix)
    folders.make_folders(copies.relative_to(prefix).as_posix())
    for journal in operation:
        for step in journal.steps:
            if step.kind in ("mkdir", "rmdir") or step.path in seen:
                continue
            if step.path == ORIGINS_FILE and not is_as_left(step, folders):
                continue
            seen.add(step.path)
            if step.existed:
                copy = folders.find(
                    PrefixPath((copies / str(len(seen))).relative_to(prefix).as_posix())
                )
                copy_place(folders.find(path_below(journal.stash, str(step.number))), copy)
                yield PlaceFile(path=step.path, source=copy.path, reason="undo")
            else:
                yield RemoveFile(path=step.path, reason="undo")


def _change_files(
    plan: Plan, staged: Staged | None, change: CondaChange | None, target: Target, host: Linker
) -> None:
    if not (plan.files or plan.relinked or staged or (change and not change.is_empty)):
        return
    operation: Operation | None = None
    # before the originals go, which are read for it
    relinked = (HISTORY_FILE, *list_relinked(plan.relinked, target.prefix))
    opened = open_operation(target.prefix, plan.title, automatic=plan.automatic)
    try:
        with opened as operation:
            if change is not None and not change.is_empty:
                operation.note_conda(change)
            operation.apply(plan.files if change is None else choose_files(plan, target.prefix))
            if plan.relinked:
                operation.apply(tuple(remove_links(plan.relinked, target.prefix)))
                with operation.watch(relinked):
                    relink(plan.relinked, target, host.relink)
            if staged is not None:
                place_distributions(staged, operation, overwrite=plan.overwrite, target=target)
    except KeyboardInterrupt:
        if operation is None or not operation.is_committed:  # else it comes too late
            raise


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
    folders, src = HeldFolders(root=prefix), PrefixPath("src")
    before = {*folders.list_names(src)} if folders.is_folder(src) else None
    try:
        yield
    except BaseException:  # an interruption too leaves no clone
        if plan.pip is not None and plan.pip.clones and folders.is_folder(src):
            for name in {*folders.list_names(src)} - (before or set()):
                folders.remove_tree(path_below(src, name))
            if before is None:
                folders.remove_folder(src)
        raise
