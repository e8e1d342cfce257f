"""The journal of one operation: what is about to be done, written down before it is done.

A journal is a folder `conda-meta/pip-interop/journal/ID/` with `journal.jsonl` (a header line, a
line per step, a closing line) and `stash/`, where step N's original waits as `stash/N`. Rolling a
step back looks only at what is there, so it can be done any number of times, from any instant.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path

if TYPE_CHECKING:
    from collections.abc import Iterable

STATE_FOLDER: Final = "conda-meta/pip-interop"
JOURNAL_FOLDER: Final = f"{STATE_FOLDER}/journal"
ORIGINALS_FOLDER: Final = f"{STATE_FOLDER}/originals"
FORMAT: Final = 1

StepKind = Literal["write", "remove", "mkdir", "rmdir"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One change to the prefix.

    `existed` tells whether something was at `path` before (it is then in the stash); `sha256`
    (hex) is what a `write` leaves there; `mode` are the permission bits of a folder.
    """

    number: int
    kind: StepKind
    path: PrefixPath
    existed: bool = False
    sha256: str | None = None
    mode: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """A journal as it stands on disk; `closed` once the operation was committed.

    `goal` is a path that is there only when somebody else's part of the operation (conda's link)
    is done: with it there, an open journal is to be closed, not rolled back.
    """

    identifier: str
    title: str
    started: str
    steps: tuple[Step, ...]
    closed: bool
    goal: PrefixPath | None = None


def render_header(title: str, started: str, goal: PrefixPath | None = None) -> str:
    """The first line: format, title, start (ISO 8601, UTC), and the goal if there is one."""
    return json.dumps({"format": FORMAT, "title": title, "started": started, "goal": goal}) + "\n"


def render_steps(steps: Iterable[Step]) -> str:
    """A line per step."""
    return "".join(json.dumps(asdict(step)) + "\n" for step in steps)


def render_close() -> str:
    """The last line of an operation that was committed."""
    return json.dumps({"closed": True}) + "\n"


def render_reopen() -> str:
    """A line that takes the closing one back: the operation is being undone."""
    return json.dumps({"closed": False}) + "\n"


def parse_journal(identifier: str, text: str) -> Journal | None:
    """Read a journal; None where the header was not written whole, or is of another format.

    A line that is cut off is the one being written when the machine stopped: its step was not
    begun, and it is left out. A closing line counts whatever stands before it.
    """
    title = started = ""
    goal: PrefixPath | None = None
    steps: list[Step] = []
    closed = False
    for number, line in enumerate(text.splitlines()):
        try:
            entry = json.loads(line)
            if number == 0:
                if entry["format"] != FORMAT:
                    return None
                title, started = entry["title"], entry["started"]
                goal = parse_prefix_path(entry.get("goal") or "")
            elif "closed" in entry:
                closed = entry["closed"] is True
                goal = goal if closed else None
            else:
                steps.append(_parse_step(entry))
        except (ValueError, KeyError, TypeError, AttributeError):
            if number == 0:
                return None
    if not started:
        return None
    return Journal(
        identifier=identifier,
        title=title,
        started=started,
        steps=tuple(steps),
        closed=closed,
        goal=goal,
    )


def _parse_step(entry: dict[str, object]) -> Step:
    path = parse_prefix_path(str(entry["path"]))
    if path is None or entry["kind"] not in ("write", "remove", "mkdir", "rmdir"):
        raise ValueError(entry)
    return Step(**{**entry, "path": path})  # type: ignore[arg-type]  # the keys are asdict(Step)'s
