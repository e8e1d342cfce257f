"""Whether an operation can still be undone: it was the last, and what it made is as it left it."""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import (
    CONDA_FILE,
    ORIGINS_FILE,
    read_own_text,
)
from conda_pip_interop.changes.atomic.rollback import find_conda_change, read_conda_change
from conda_pip_interop.changes.undoing.operations import list_operations, split_at_conda
from conda_pip_interop.changes.undoing.undone import Undone, find_stashed
from conda_pip_interop.environment.claims import build_claims, find_edited
from conda_pip_interop.environment.conda_meta.history import parse_revisions, read_history_text
from conda_pip_interop.environment.conda_meta.records import (
    CondaFile,
    CondaRecord,
    parse_conda_record,
    read_conda_records,
)
from conda_pip_interop.environment.file_facts import FactReader
from conda_pip_interop.environment.paths import PrefixPath, refuse_links_outside, to_disk
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import count, hide_password

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import CondaChange, Journal, Step

#: How many paths a message names.
_NAMED: Final = 5


def refuse_any_changed(
    prefix: Path, operations: Sequence[Sequence[Journal]], *, target: Target | None = None
) -> None:
    """Raise what `refuse_changed` raises where one cannot be undone after those before it.

    `operations`: newest first.
    """
    for number, operation in enumerate(operations):
        later = [journal for one in reversed(operations[:number]) for journal in one]
        refuse_changed(prefix, operation, later=later, target=target)


def find_changed(
    prefix: Path, operation: Sequence[Journal], undone: Undone
) -> tuple[PrefixPath, ...]:
    """Return the paths that were changed after the operation, and stay so.

    What was moved aside for conda is there again, as conda's.
    """
    before, after = split_at_conda(prefix, operation)
    last = _find_last(after)
    if before:
        condas = {*list_conda_paths(prefix, find_conda_change(prefix, operation), undone)}
        last = {path: one for path, one in _find_last(before).items() if path not in condas} | last
    edited = (one for one in _find_edited(prefix, operation, undone) if one not in last)
    changed = (path for path, step in last.items() if not undone.is_as_left(step))
    return tuple(sorted({*changed, *edited, *_find_in_the_way(prefix, operation, undone)}))


def _find_in_the_way(
    prefix: Path, operation: Sequence[Journal], undone: Undone
) -> Iterator[PrefixPath]:
    """Find the files where packages come back that a command of conda's removed.

    In an operation of ours, what was there was moved aside.
    """
    change = find_conda_change(prefix, [one for one in operation if one.conda])
    coming = {*_list_files(change.unlinked.items())} if change is not None else set()
    if not coming:
        return
    records, _ = read_conda_records(prefix)
    claims = build_claims(records, folds_case=read_prefix(prefix).folds_case)
    own = {step.path for one in operation for step in one.steps}
    for path in coming - own:
        known = path.endswith(".pyc") or claims.of(path) or undone.comes_back(path)
        if not known and os.path.lexists(to_disk(prefix, path)):
            yield path


def _find_edited(
    prefix: Path, operation: Iterable[Journal], undone: Undone
) -> Iterator[PrefixPath]:
    """Find the files of packages that conda linked, changed since: conda would remove them.

    What differed when conda was done is its own: on macOS it signs what it links.
    """
    for journal in operation:
        change = read_conda_change(prefix, journal)
        if change is not None:
            noted = prefix / journal.folder / CONDA_FILE
            done = None if journal.conda else noted.stat().st_mtime_ns
            yield from _find_edited_since(done, {*change.linked}, prefix, undone)


def _find_edited_since(
    time: int | None, names: Collection[str], prefix: Path, undone: Undone
) -> Iterator[PrefixPath]:
    """Find the edited files of the records of these names.

    `time` is in nanoseconds; None for that of each record, which conda writes last.
    """

    def is_written_since(limit: int, file: CondaFile) -> bool:
        try:
            written = to_disk(prefix, file.path).lstat().st_mtime_ns
        except OSError:
            return False
        return written > limit and not undone.comes_back(file.path)

    records, _ = read_conda_records(prefix)
    info = read_prefix(prefix)
    claims, reader = build_claims(records, folds_case=info.folds_case), FactReader(info)
    for record in records:
        if record.path.rpartition("/")[2] in names:
            limit = to_disk(prefix, record.path).stat().st_mtime_ns if time is None else time
            judge = functools.partial(is_written_since, limit)
            yield from find_edited(record, claims, reader, judge=judge)


def _find_last(journals: Iterable[Journal]) -> dict[PrefixPath, Step]:
    return {
        step.path: step
        for journal in journals
        for step in journal.steps
        if step.kind in ("write", "remove") and step.path != ORIGINS_FILE
    }


def refuse_changed(
    prefix: Path,
    operation: Sequence[Journal],
    *,
    later: Sequence[Journal] = (),
    target: Target | None = None,
) -> None:
    """Raise InteropError `changed-since` if files of the operation were changed after it.

    `later` are journals that are undone before. Raises `newer-state` if it has steps that this
    version does not know, `path-outside-prefix` if a folder was replaced by a link since, and
    `not-kept` if its journal has lost what it replaced.
    """
    target = target or Target.at(prefix)
    if any(journal.unknown for journal in operation):
        raise InteropError(
            "newer-state",
            f"Nothing was undone in {target.label}: {operation[0].identifier} has steps that this "
            "version of conda-pip-interop does not know.",
            hints=("To fix: update conda-pip-interop, then run the command again.",),
        )
    _refuse_lost(target, operation)
    change = find_conda_change(prefix, operation)
    undone = Undone(prefix=prefix, later=later)
    paths = (step.path for journal in operation for step in journal.steps)
    refuse_links_outside(prefix, (*paths, *list_conda_paths(prefix, change, undone)))
    if not is_conda_as_left(prefix, operation, later):
        revisions = target.command("conda", "list", "--revisions")
        raise InteropError(
            "changed-since",
            f"Nothing was undone in {target.label}: conda has changed the environment since "
            f"{operation[0].identifier} ({operation[0].title}).",
            hints=(f"To find the revision to go back to: `{revisions}`.",),
        )
    changed = find_changed(prefix, operation, undone)
    if changed:
        journal = operation[0]
        verb = "has" if len(changed) == 1 else "have"
        files = f"{count(len(changed), 'file')} of {journal.identifier} ({journal.title})"
        raise InteropError(
            "changed-since",
            f"Nothing was undone in {target.label}: {files} {verb} changed since: "
            f"{_list_some(changed)}.",
            hints=(
                f"To undo first what changed them: `{command}`."
                if (command := _find_undo(target, journal, changed))
                else "Undoing would overwrite these changes; move or restore the files first.",
            ),
        )


def _refuse_lost(target: Target, operation: Sequence[Journal]) -> None:
    """Raise InteropError `not-kept` where what the operation replaced is not in its journals."""
    folders = HeldFolders(root=target.prefix)
    lost = [
        step.path
        for journal in operation
        for step in journal.steps
        if step.kind in ("write", "remove") and find_stashed(journal, step, folders) == ""
    ]
    if lost:
        head = operation[0]
        raise InteropError(
            "not-kept",
            f"Nothing was undone in {target.label}: {head.identifier} ({head.title}) changed "
            f"{count(len(lost), 'file')} that {head.folder} does not keep any more: "
            f"{_list_some(lost)}.",
            hints=(
                f"To list the operations: `{target.command('conda', 'pip', 'undo', '--list')}`.",
            ),
        )


def _list_some(paths: Sequence[PrefixPath]) -> str:
    return ", ".join(paths[:_NAMED]) + (" …" if len(paths) > _NAMED else "")


def is_conda_as_left(
    prefix: Path, operation: Sequence[Journal], later: Sequence[Journal] = ()
) -> bool:
    """Return whether conda has changed nothing after its part, once `later` journals are undone."""
    change = find_conda_change(prefix, operation)
    _, after = split_at_conda(prefix, operation)
    beside = Undone(prefix=prefix, later=(*after[1:], *later))  # what followed may change records
    return change is None or beside.is_conda_as_left(change)


def _find_undo(target: Target, journal: Journal, changed: Collection[PrefixPath]) -> str | None:
    """Return the command for the last operation that changed the files, if there is one."""
    for operation in reversed(list_operations(target.prefix)):
        head = operation[0]
        if head.identifier == journal.identifier:
            break
        is_condas = head.automatic in ("after", "aside")
        if not is_condas and any(step.path in changed for one in operation for step in one.steps):
            return target.command("conda", "pip", "undo", head.identifier)
    return None


def list_conda_paths(
    prefix: Path, change: CondaChange | None, undone: Undone
) -> Iterator[PrefixPath]:
    """List the files of the packages that conda linked and unlinked, and their records."""
    if change is None:
        return
    meta = prefix / "conda-meta"
    linked = [
        (name, undone.read_record(name) or read_own_text(meta / name)) for name in change.linked
    ]
    texts = (*linked, *change.unlinked.items())
    yield from (PrefixPath(f"conda-meta/{name}") for name, _ in texts)
    yield from _list_files(texts)


def _list_files(texts: Iterable[tuple[str, str]]) -> Iterator[PrefixPath]:
    """List the files of records: names of files in conda-meta, and their texts."""
    for name, text in texts:
        record = parse_conda_record(text, path=PrefixPath(f"conda-meta/{name}"))
        if isinstance(record, CondaRecord):
            yield from (file.path for file in record.files)


def refuse_after_conda(target: Target, operation: Sequence[Journal]) -> None:
    """Raise InteropError `conda-was-last` if a command of conda's followed that is no operation.

    The person means that command by "the last one". A revision without packages has linked some
    again (`--force-reinstall`): which, the history does not tell.
    """
    revisions = parse_revisions(read_history_text(target.prefix))
    counted = [one.revisions for one in operation if one.revisions is not None]
    later = revisions[max(counted, default=0) :]
    if not counted or not later:
        return
    last = later[-1]
    back = _find_revision(target, last.number) if last.added or last.removed else ()
    raise InteropError(
        "conda-was-last",
        f"Nothing was undone in {target.label}: the last change is conda's, revision "
        f"{last.number} (`{hide_password(last.command or 'conda')}`).",
        hints=(*back, *_find_earlier(target, operation)),
    )


def explain_command(
    target: Target, operation: Sequence[Journal], error: InteropError
) -> InteropError:
    """Build the refusal to undo a command of conda's, with the reason and other ways."""
    head = operation[0]
    number = (head.revisions or 0) - 1
    back = () if error.code == "not-available" else tuple(_find_revision(target, number))
    operations = list_operations(target.prefix)
    at = next((at for at, one in enumerate(operations) if one[0].identifier == head.identifier), 0)
    earlier = [one for one in operations[:at] if not one[0].automatic][-1:]
    before = (hint for one in earlier for hint in _find_earlier(target, one))
    return InteropError(
        "conda-was-last",
        f"The last change in {target.label} is conda's, revision {number} (`{head.title}`). "
        f"{error.message}",
        hints=(*error.hints, *back, *before),
        exit_code=error.exit_code,
    )


def _find_revision(target: Target, number: int) -> Iterator[str]:
    if number > 0:
        back = target.command("conda", "install", "--revision", str(number - 1))
        yield f"To go back to before it: `{back}`."


def _find_earlier(target: Target, operation: Sequence[Journal]) -> Iterator[str]:
    """Name the undo of an operation before it, if that can be undone."""
    one = operation[0]
    try:
        refuse_changed(target.prefix, operation, target=target)
    except InteropError:
        return
    undo = target.command("conda", "pip", "undo", one.identifier)
    yield f"To undo {one.identifier} ({one.title}), before it: `{undo}`."
