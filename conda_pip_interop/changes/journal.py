"""The journal of one operation: its steps, written before they are performed.

A journal is a folder `conda-meta/pip-interop/journal/ID/` with `journal.jsonl` (a header line, a
line per step, a closing line), `conda.json` if conda had a part in it, and `stash/`, where
`stash/N` is the original file of step N. Rolling a step back depends only on the files on disk, so
it can be repeated and works from any state.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final, Literal

from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from conda_pip_interop.changes.plan import Automatic  # each conda command imports this module

STATE_FOLDER: Final = "conda-meta/pip-interop"
JOURNAL_FOLDER: Final = f"{STATE_FOLDER}/journal"
ORIGINALS_FOLDER: Final = f"{STATE_FOLDER}/originals"
CONDA_FILE: Final = "conda.json"
FORMAT: Final = 1

StepKind = Literal["write", "remove", "mkdir", "rmdir"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One change to the prefix.

    `existed`: a file was at `path` before, and is now in the stash. `sha256` (hex) is that of the
    written file; `mode` are the permission bits of a folder.
    """

    number: int
    kind: StepKind
    path: PrefixPath
    existed: bool = False
    sha256: str | None = None
    mode: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """A journal on disk; `closed` if the operation was committed.

    `goal` is a path that exists only after conda's part of the operation (linking) is done. If it
    exists, an open journal is closed instead of rolled back. `automatic`: see `Automatic`.
    """

    identifier: str
    title: str
    started: str
    steps: tuple[Step, ...]
    closed: bool
    goal: PrefixPath | None = None
    automatic: Automatic = ""


_AUTOMATIC: Final[dict[object, Automatic]] = {
    "before": "before",
    "after": "after",
    "ours": "ours",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaChange:
    """What conda did in an operation: file names in conda-meta, with the text of removed records.

    `history` is conda's history before; `history_sha256` (hex) is that of the history after.
    """

    linked: tuple[str, ...]
    unlinked: Mapping[str, str]
    history: str
    history_sha256: str

    @property
    def is_empty(self) -> bool:
        """Whether conda linked and unlinked nothing."""
        return not self.linked and not self.unlinked


def parse_conda_change(text: str) -> CondaChange | None:
    """Parse a `conda.json`; None if it is not one of ours."""
    try:
        entry = json.loads(text)
        return CondaChange(
            linked=tuple(map(str, entry["linked"])),
            unlinked={str(name): str(record) for name, record in entry["unlinked"].items()},
            history=str(entry["history"]),
            history_sha256=str(entry["history_sha256"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def render_header(
    title: str, started: str, goal: PrefixPath | None = None, automatic: Automatic = ""
) -> str:
    """Render the first line: format, title, start (ISO 8601, UTC), goal, and what caused it."""
    header = {"format": FORMAT, "title": title, "started": started, "goal": goal}
    return json.dumps({**header, "automatic": automatic}) + "\n"


def render_steps(steps: Iterable[Step]) -> str:
    """Render a line per step."""
    return "".join(json.dumps(asdict(step)) + "\n" for step in steps)


def render_close() -> str:
    """Render the last line of a committed operation."""
    return json.dumps({"closed": True}) + "\n"


def render_reopen() -> str:
    """Render a line that cancels the closing line: the operation is being undone."""
    return json.dumps({"closed": False}) + "\n"


def parse_journal(identifier: str, text: str) -> Journal | None:
    """Parse a journal; None if the header is incomplete or has another format.

    An incomplete line was being written when the process stopped. Its step was not begun, so it is
    skipped. A closing line counts whatever precedes it.
    """
    title = started = ""
    goal: PrefixPath | None = None
    automatic: Automatic = ""
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
                automatic = _AUTOMATIC.get(entry.get("automatic"), "")
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
        automatic=automatic,
    )


def _parse_step(entry: dict[str, object]) -> Step:
    path = parse_prefix_path(str(entry["path"]))
    if path is None or entry["kind"] not in ("write", "remove", "mkdir", "rmdir"):
        raise ValueError(entry)
    return Step(**{**entry, "path": path})  # type: ignore[arg-type]  # the keys are asdict(Step)'s
