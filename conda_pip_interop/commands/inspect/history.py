"""`conda pip history`: conda's revisions and our operations, in one line of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output, find_columns, render_table
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import hide_password
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator, Mapping

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.conda_meta.history import Revision
    from conda_pip_interop.environment.target import Target

HELP: Final = "Show what conda and conda pip did, and what can be undone"
EXAMPLES: Final = "conda pip history -n web\nconda pip history -n web --json"


def configure(parser: CommandParser) -> None:
    """Say what its rows are."""
    parser.description = (
        f"{HELP}.\n\nShows conda's revisions (as `conda list --revisions`) and the operations of\n"
        "conda pip, oldest first. Commands of plain pip leave no trace."
    )


def execute(args: Namespace, host: Host) -> Output:  # noqa: ARG001 - all commands have them
    """Show all events, oldest first."""
    return render_history(host, read_events(host.target))


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One command: a revision of conda's, an operation of ours, or one that is both.

    `when` is a local time (ISO 8601, seconds) or `""`. `can_undo` is whether the operation is one
    that `conda pip undo ID` accepts, once those after it are undone: none in which conda had a part
    if a command of conda's followed (`is_past`).
    """

    when: str
    what: str
    revision: Revision | None = None
    operation: Journal | None = None
    is_past: bool = False

    @property
    def can_undo(self) -> bool:
        """Whether `conda pip undo` takes it back, and not only conda."""
        if self.operation is None or self.is_past:
            return False
        return self.operation.automatic not in ("after", "aside")

    def undo_command(self, target: Target) -> str | None:
        """The command that goes back to before it (ours) or to after it (conda's revision)."""
        if self.operation is not None and self.can_undo:
            return target.command("conda", "pip", "undo", self.operation.identifier)
        if self.revision is not None:
            return target.command("conda", "install", "--revision", str(self.revision.number))
        return None

    def to_dict(self, target: Target) -> dict[str, object]:
        """The JSON-ready form."""
        revision, operation = self.revision, self.operation
        return {
            "when": self.when,
            "what": self.what,
            "revision": revision and revision.number,
            "added": list(revision.added) if revision else [],
            "removed": list(revision.removed) if revision else [],
            "operation": operation and operation.identifier,
            "automatic": bool(operation and operation.automatic),
            "command": self.undo_command(target),
        }


def read_events(target: Target) -> list[Event]:
    """Read conda's history and our journals; a revision of a command of ours is one event."""
    from conda_pip_interop.changes.atomic.rollback import find_conda_change
    from conda_pip_interop.changes.undoing.changed_since import is_conda_as_left
    from conda_pip_interop.changes.undoing.operations import list_operations, split_at_conda
    from conda_pip_interop.environment.conda_meta.history import parse_revisions, read_history_text

    revisions = {one.number: one for one in parse_revisions(read_history_text(target.prefix))}
    events = []
    operations = list_operations(target.prefix)
    for place, operation in enumerate(operations):
        change = find_conda_change(target.prefix, operation)
        number = None if change is None else len(parse_revisions(change.history))
        made = None if number is None else revisions.pop(number, None)
        later = [journal for one in operations[place + 1 :] for journal in one]
        is_past = not is_conda_as_left(target.prefix, operation, later)
        events.append(replace(_build_event(operation[0], made), is_past=is_past))
        before, after = split_at_conda(target.prefix, operation)
        events += (_build_event(one, None) for one in (after[1:] if before else operation[1:]))
    events += _build_events(revisions)
    return sorted(events, key=lambda one: one.when)


def _build_event(journal: Journal, revision: Revision | None) -> Event:
    try:
        when = datetime.fromisoformat(journal.started).astimezone()
        text = when.replace(tzinfo=None).isoformat(" ", "seconds")
    except ValueError:  # the environment may be somebody else's
        text = ""
    title = f"{journal.title} (automatic)" if journal.automatic else journal.title
    what = journal.title if journal.conda else f"conda pip {title}"
    return Event(when=text, what=what, operation=journal, revision=revision)


def _build_events(revisions: Mapping[int, Revision]) -> Iterator[Event]:
    for revision in revisions.values():
        yield Event(
            when=revision.when,
            what=hide_password(revision.command or "conda"),
            revision=revision,
        )


def render_history(host: Host, events: list[Event]) -> Output:
    """Render a table: when, conda's revision and its packages, our operation, and the command."""
    target = host.target
    rows = [
        (
            one.when or "?",
            str(one.revision.number) if one.revision else "",
            f"+{len(one.revision.added)} -{len(one.revision.removed)}" if one.revision else "",
            one.operation.identifier if one.operation and one.can_undo else "",
            one.what,
        )
        for one in events
    ]
    header = ("When", "Revision", "Packages", "Operation", "What")
    lines = [render_table(header, rows, columns=find_columns()), ""]
    undoable = [one for one in events if one.operation and not one.operation.automatic]
    if undoable and _can_undo_last(host):
        last = "last operation"
        if events[-1].operation and events[-1].operation.automatic:
            last += " that was not automatic"
        lines.append(f"To undo the {last}: {undoable[-1].undo_command(target)}")
    earlier = [one.revision.number for one in events if one.revision is not None][:-1]
    if earlier:
        command = target.command("conda", "install", "--revision", str(earlier[-1]))
        lines.append(f"To go back to the revision before the last: {command}")
    return Output(
        text="\n".join(lines).rstrip() if events else f"No history in {target.label}.",
        document={
            "prefix": str(target.prefix),
            "events": [one.to_dict(target) for one in events],
        },
        requested=True,
    )


def _can_undo_last(host: Host) -> bool:
    """Return whether `conda pip undo` is not refused; nothing is downloaded to tell."""
    from conda_pip_interop.changes.undoing.operations import find_operation
    from conda_pip_interop.commands.undo_checks import CachedOnly, check_undo

    target = host.target
    try:
        operation = find_operation(target.prefix, None)
        check_undo((operation,), target, CachedOnly(host=host), is_last=True)
    except InteropError:
        return False
    return True
