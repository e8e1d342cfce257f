"""Undo a committed operation, completely or not at all."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.files import append_lines
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.atomic.journal import (
    CONDA_FILE,
    JOURNAL_FOLDER,
    ORIGINS_FILE,
    CondaChange,
    Journal,
    Step,
    read_own_text,
    render_reopen,
)
from conda_pip_interop.changes.atomic.lock import hold_prefix
from conda_pip_interop.changes.atomic.rollback import (
    discard,
    find_conda_change,
    is_undoable,
    read_conda_change,
    read_journals,
    recover,
)
from conda_pip_interop.changes.atomic.undone import Undone
from conda_pip_interop.environment.claims import build_claims, find_edited
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
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

#: How many committed operations are kept, and for how long.
KEPT_OPERATIONS: Final = 20
KEPT_DAYS: Final = 90


def find_journal(prefix: Path, identifier: str | None, *, target: Target | None = None) -> Journal:
    """Return the committed operation `identifier`, the last one that a person asked for for None.

    Raises InteropError `no-such-operation`, and `conda-did-it` for what followed a transaction of
    conda's: without it, undoing would leave what the operation cleaned up. `target` names the
    environment in these errors.
    """
    target = target or Target.at(prefix)
    closed = [one for one in read_journals(prefix) if one.closed]
    journals = [one for one in closed if is_undoable(one, prefix)]
    revisions = target.command("conda", "list", "--revisions")
    if identifier is None:
        chosen = [one for one in journals if not one.automatic]
    else:
        chosen = [one for one in journals if one.identifier == identifier]
    if not chosen:
        what = "nothing" if identifier is None else f"no operation {identifier}"
        hints = []
        if journals and identifier is None:
            hints.append(f"To list what conda did, and can go back to: `{revisions}`.")
        elif journals:
            listing = target.command("conda", "pip", "undo", "--list")
            hints.append(f"To list operations: `{listing}`.")
        if len(closed) > len(journals):
            hints.append("What was done before the environment was moved here cannot be undone.")
        raise InteropError(
            "no-such-operation",
            f"There is {what} to undo in {target.label}.",
            hints=tuple(hints),
        )
    if chosen[-1].automatic == "after":
        raise InteropError(
            "conda-did-it",
            f"{chosen[-1].identifier} ({chosen[-1].title}) followed a command of conda's in "
            f"{target.label} and cannot be undone without it.",
            hints=(f"To find the revision to go back to: `{revisions}`.",),
        )
    return chosen[-1]


def find_operation(
    prefix: Path, identifier: str | None, *, target: Target | None = None
) -> tuple[Journal, ...]:
    """Return the journal of `find_journal`, and those that its command wrote automatically.

    The identifier of one of them is that of the operation, too.
    """
    found = find_journal(prefix, identifier, target=target)
    (operation,) = (one for one in list_operations(prefix) if found in one)
    return operation


def list_operations(prefix: Path) -> tuple[tuple[Journal, ...], ...]:
    """Return what can be undone, oldest first: each journal with its command's automatic ones."""
    operations: list[list[Journal]] = []
    head: list[Journal] | None = None
    for journal in read_journals(prefix):
        if not is_undoable(journal, prefix):
            continue
        if journal.automatic == "ours" and head is not None:
            head.append(journal)
            continue
        operations.append([journal])
        head = head if journal.automatic else operations[-1]
    return tuple(map(tuple, operations))


def split_at_conda(
    prefix: Path, operation: Sequence[Journal]
) -> tuple[tuple[Journal, ...], tuple[Journal, ...]]:
    """Split an operation into what preceded conda's part, and the rest."""
    parts = [read_conda_change(prefix, one) is not None for one in operation]
    at = parts.index(True) if any(parts) else 0
    return tuple(operation[:at]), tuple(operation[at:])


def find_later_operations(
    prefix: Path, identifier: str, *, target: Target | None = None
) -> tuple[tuple[Journal, ...], ...]:
    """Return the operations after `identifier`, newest first.

    Raises what `find_journal` raises, also for one of them, and `no-such-operation` if there is
    none.
    """
    target = target or Target.at(prefix)
    operation = find_operation(prefix, identifier, target=target)
    operations = list_operations(prefix)
    later = operations[operations.index(operation) + 1 :][::-1]
    for one in later:
        find_journal(prefix, one[0].identifier, target=target)
    if not later:
        raise InteropError(
            "no-such-operation",
            f"{identifier} ({operation[0].title}) is the last operation in {target.label}.",
            hints=(f"To undo it: `{target.command('conda', 'pip', 'undo', identifier)}`.",),
        )
    return later


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
    return tuple(sorted({*changed, *edited}))


def _find_edited(
    prefix: Path, operation: Iterable[Journal], undone: Undone
) -> Iterator[PrefixPath]:
    """Find the files of packages that conda linked, changed since: conda would remove them.

    What differed when conda was done is its own: on macOS it signs what it links.
    """
    for journal in operation:
        change = read_conda_change(prefix, journal)
        if change is not None:
            noted = prefix / JOURNAL_FOLDER / journal.identifier / CONDA_FILE
            done = noted.stat().st_mtime_ns
            yield from _find_edited_since(done, {*change.linked}, prefix, undone)


def _find_edited_since(
    time: int, names: Collection[str], prefix: Path, undone: Undone
) -> Iterator[PrefixPath]:
    """Find the edited files of the records of these names; `time` is in nanoseconds."""

    def is_written_since(file: CondaFile) -> bool:
        try:
            written = to_disk(prefix, file.path).lstat().st_mtime_ns
        except OSError:
            return False
        return written > time and not undone.comes_back(file.path)

    records, _ = read_conda_records(prefix)
    info = read_prefix(prefix)
    claims, reader = build_claims(records, folds_case=info.folds_case), FactReader(info)
    for record in records:
        if record.path.rpartition("/")[2] in names:
            yield from find_edited(record, claims, reader, judge=is_written_since)


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
    version does not know, `path-outside-prefix` if a folder was replaced by a link since.
    """
    target = target or Target.at(prefix)
    if any(journal.unknown for journal in operation):
        raise InteropError(
            "newer-state",
            f"Nothing was undone in {target.label}: {operation[0].identifier} has steps that this "
            "version of conda-pip-interop does not know.",
            hints=("To fix: update conda-pip-interop, then run the command again.",),
        )
    change = find_conda_change(prefix, operation)
    undone = Undone(prefix=prefix, later=later)
    refuse_links_outside(prefix, _list_paths(prefix, operation, change, undone))
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
            f"{', '.join(changed[:5])}{' …' if len(changed) > 5 else ''}.",  # noqa: PLR2004 - as many are named
            hints=(
                f"To undo first what changed them: `{command}`."
                if (command := _find_undo(target, journal, changed))
                else "Undoing would overwrite these changes; move or restore the files first.",
            ),
        )


def is_conda_as_left(
    prefix: Path, operation: Sequence[Journal], later: Sequence[Journal] = ()
) -> bool:
    """Return whether conda has changed nothing after its part, once `later` journals are undone."""
    change = find_conda_change(prefix, operation)
    _, after = split_at_conda(prefix, operation)
    beside = Undone(prefix=prefix, later=(*after[1:], *later))  # what followed may change records
    return change is None or beside.is_conda_as_left(change)


def _find_undo(target: Target, journal: Journal, changed: Collection[PrefixPath]) -> str | None:
    """Return the command for the last operation that changed the files, unless conda did it."""
    prefix = target.prefix
    journals = [one for one in read_journals(prefix) if is_undoable(one, prefix)]
    for one in journals[: journals.index(journal) : -1]:
        if one.automatic != "after" and any(step.path in changed for step in one.steps):
            return target.command("conda", "pip", "undo", one.identifier)
    return None


def _list_paths(
    prefix: Path, operation: Iterable[Journal], change: CondaChange | None, undone: Undone
) -> Iterator[PrefixPath]:
    """List what undoing an operation changes, conda's files included."""
    for journal in operation:
        yield from (step.path for step in journal.steps)
    yield from list_conda_paths(prefix, change, undone)


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
    for name, text in (*linked, *change.unlinked.items()):
        yield PrefixPath(f"conda-meta/{name}")
        record = parse_conda_record(text, path=PrefixPath(f"conda-meta/{name}"))
        if isinstance(record, CondaRecord):
            yield from (file.path for file in record.files)


def undo(prefix: Path, identifier: str, *, on_wait: Callable[[], None] | None = None) -> None:
    """Restore everything that the operation changed: contents, modes, links and times.

    Raises InteropError `changed-since` if files were changed after the operation; then nothing is
    undone. An interrupted undo is completed by the next operation.
    """
    with hold_prefix(prefix, on_wait=on_wait):
        operation = find_operation(prefix, identifier)
        refuse_changed(prefix, operation)
        folders = HeldFolders(root=prefix)
        for journal in reversed(operation):
            file = PrefixPath(f"{JOURNAL_FOLDER}/{journal.identifier}/journal.jsonl")
            append_lines(folders.find(file), render_reopen())
        recover(prefix)


def prune_journals(prefix: Path, *, now: datetime | None = None) -> None:
    """Discard operations beyond the last `KEPT_OPERATIONS` or older than `KEPT_DAYS` days."""
    oldest = (now or datetime.now(timezone.utc)) - timedelta(days=KEPT_DAYS)
    closed = [one for one in read_journals(prefix) if one.closed]
    for number, journal in enumerate(reversed(closed)):
        if number >= KEPT_OPERATIONS or _started(journal) < oldest:
            path = PrefixPath(f"{JOURNAL_FOLDER}/{journal.identifier}")
            discard(HeldFolders(root=prefix), path)


def _started(journal: Journal) -> datetime:
    try:
        return datetime.fromisoformat(journal.started)
    except ValueError:
        return datetime.now(timezone.utc)
