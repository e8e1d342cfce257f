"""The journal of one operation: its steps, written before they are performed.

A journal is a folder `conda-meta/pip-interop/journal/ID/` with `journal.jsonl` (a header line, a
line per step, a closing line), `conda.json` if conda had a part in it, and `stash/`, where
`stash/N` is the original file of step N. Rolling a step back depends only on the files on disk, so
it can be repeated and works from any state.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import stat
from dataclasses import asdict
from typing import TYPE_CHECKING, Final, Literal, get_args

from conda_pip_interop.environment.paths import (
    PrefixPath,
    parse_prefix_path,
    path_below,
    read_mtime_ns,
    read_regular,
)
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from conda_pip_interop.changes.plan import Automatic  # each conda command imports this module

STATE_FOLDER: Final = "conda-meta/pip-interop"
JOURNAL_FOLDER: Final = f"{STATE_FOLDER}/journal"
ORIGINALS_FOLDER: Final = f"{STATE_FOLDER}/originals"
#: Its entries are valid by themselves, so operations do not depend on who wrote it last.
ORIGINS_FILE: Final = PrefixPath(f"{STATE_FOLDER}/origins.json")
#: See `pending`.
PENDING_FILE: Final = PrefixPath(f"{STATE_FOLDER}/pending.json")
CONDA_FILE: Final = "conda.json"
FORMAT: Final = 1

#: The error numbers of a disk, or a server of files, that does not answer.
DISK_FAILURES: Final = (errno.EIO, errno.ESTALE, errno.ETIMEDOUT)

StepKind = Literal["write", "remove", "mkdir", "rmdir", "watch"]
_IDENTIFIER: Final = regex(r"\d{8}T\d{6}Z(-\d{1,6})?")
#: Permission bits that a journal may set: never set-user-id.
_MODE_BITS: Final = 0o3777


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One change to the prefix.

    `existed`: a file was at `path` before, and is now in the stash. `sha256` (hex) is that of the
    written file, of a link `files.hash_entry`; `mode` are the permission bits of a folder. `watch`:
    conda may change `path`; a journal has it while conda does, or where that was killed.
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
    exists, an open journal is closed instead of rolled back; one that was closed or reopened has
    none. `automatic`: see `Automatic`.
    `unknown` counts the lines that this version does not understand. `place` is the hash of the
    prefix that it is about (see `hash_prefix`), empty in the journals of earlier versions.
    `revisions` counts those of conda's history as it was closed; None in earlier versions.
    `conda` is set for a command of conda's, which has no journal on disk (see `conda_commands`).
    """

    identifier: str
    title: str
    started: str
    steps: tuple[Step, ...]
    closed: bool
    goal: PrefixPath | None = None
    automatic: Automatic = ""
    unknown: int = 0
    place: str = ""
    revisions: int | None = None
    conda: CondaChange | None = None

    @property
    def folder(self) -> PrefixPath:
        """Where it is in the prefix."""
        return PrefixPath(f"{JOURNAL_FOLDER}/{self.identifier}")

    @property
    def stash(self) -> PrefixPath:
        """Where the original files of its steps are, by their numbers."""
        return path_below(self.folder, "stash")


def refuse_foreign_state(prefix: Path) -> None:
    """Raise InteropError `untrusted-state` where a folder or file of ours is not what we made.

    An environment may be somebody else's, who could make root write or remove behind a link. Each
    must be a real folder or file, owned by us, by root, or by the environment's owner.
    """
    for path in ("conda-meta", STATE_FOLDER, JOURNAL_FOLDER, ORIGINALS_FOLDER):
        _refuse_foreign(prefix, path, stat.S_ISDIR)
    for path in (f"{STATE_FOLDER}/lock", f"{STATE_FOLDER}/state.json", ORIGINS_FILE, PENDING_FILE):
        _refuse_foreign(prefix, path, stat.S_ISREG)


def _refuse_foreign(prefix: Path, path: str, is_kind: Callable[[int], bool]) -> None:
    try:
        status = os.lstat(prefix / path)
    except (FileNotFoundError, NotADirectoryError):
        return
    owners = {0, os.stat(prefix).st_uid, *((os.geteuid(),) if hasattr(os, "geteuid") else ())}
    if not is_kind(status.st_mode) or status.st_uid not in owners:
        raise InteropError(
            "untrusted-state",
            f"{path} in {prefix} was not made by conda-pip-interop, so it is not used: it is a "
            "symbolic link, not of the expected kind, or of another owner.",
            hints=(f"Look at {prefix / path}; remove it, then run the command again.",),
        )


def is_trusted(prefix: Path) -> bool:
    """Return whether `refuse_foreign_state` lets the prefix pass."""
    try:
        refuse_foreign_state(prefix)
    except InteropError:
        return False
    return True


def read_folder_times(prefix: Path) -> tuple[int, int]:
    """Return when the journals and the originals last changed, in ns; 0 if there are none."""
    return read_mtime_ns(prefix / JOURNAL_FOLDER), read_mtime_ns(prefix / ORIGINALS_FOLDER)


def read_own_text(path: Path) -> str:
    """Read a text file of ours, without following a link; empty if that cannot be done.

    Raises OSError where a disk fails: an empty text would be written over what is there.
    """
    try:
        return read_regular(path, follow=False).decode("utf-8", errors="replace")
    except OSError as error:
        if error.errno in DISK_FAILURES:
            raise
        return ""


def list_journal_folders(prefix: Path) -> list[Path]:
    """Return the folders of journals, oldest first: `…Z-10` comes after `…Z-9`.

    Only real folders with names of ours count; none in a state folder that is not ours, or that
    somebody moves away meanwhile.
    """
    names: list[str] = []
    if is_trusted(prefix):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            names = os.listdir(prefix / JOURNAL_FOLDER)
    folders = [
        folder
        for folder in (prefix / JOURNAL_FOLDER / name for name in names)
        if _IDENTIFIER.fullmatch(folder.name) and _is_real(folder) and _is_real(folder / "stash")
    ]
    return sorted(folders, key=lambda one: (one.name.partition("-")[0], len(one.name), one.name))


def _is_real(folder: Path) -> bool:
    """Return whether a folder is no link, or does not exist; False if that cannot be told."""
    try:
        return stat.S_ISDIR(folder.lstat().st_mode)
    except FileNotFoundError:
        return True
    except OSError:
        return False


_AUTOMATIC: Final[dict[object, Automatic]] = {
    "before": "before",
    "after": "after",
    "ours": "ours",
    "aside": "aside",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaChange:
    """What conda did in an operation: file names in conda-meta, with the text of removed records.

    A record that was replaced by one of the same name is both `linked` and `unlinked`.
    `history` is conda's history before; `history_sha256` (hex) is that of the history after, empty
    where that is not known: then no other revision may have followed.
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
            unlinked=parse_texts(entry["unlinked"]),
            history=str(entry["history"]),
            history_sha256=str(entry["history_sha256"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def parse_texts(entry: Mapping[object, object]) -> Mapping[str, str]:
    """Parse a JSON object whose values are texts; raises AttributeError for anything else."""
    return {str(name): str(text) for name, text in entry.items()}


def hash_prefix(prefix: Path) -> str:
    """Return what identifies a place: a hash, since who moves an environment rewrites paths."""
    return hashlib.sha256(os.fsencode(os.path.realpath(prefix))).hexdigest()


def render_header(
    title: str,
    started: str,
    goal: PrefixPath | None = None,
    automatic: Automatic = "",
    *,
    place: str = "",
) -> str:
    """Render the first line; `started` is ISO 8601, UTC."""
    header = {"format": FORMAT, "title": title, "started": started, "goal": goal}
    return json.dumps({**header, "automatic": automatic, "place": place}) + "\n"


def render_steps(steps: Iterable[Step]) -> str:
    """Render a line per step."""
    return "".join(json.dumps(asdict(step)) + "\n" for step in steps)


def render_close(revisions: int | None = None) -> str:
    """Render the last line of a committed operation; see `Journal` for `revisions`."""
    return json.dumps({"closed": True, "revisions": revisions}) + "\n"


def render_reopen() -> str:
    """Render a line that cancels the closing line: the operation is being undone."""
    return json.dumps({"closed": False}) + "\n"


def parse_journal(identifier: str, text: str) -> Journal | None:
    """Parse a journal; None if the header is incomplete or has another format.

    An incomplete line was being written when the process stopped. Its step was not begun, so it is
    skipped. A closing line counts whatever precedes it.
    """
    title = started = place = ""
    revisions: int | None = None
    goal: PrefixPath | None = None
    automatic: Automatic = ""
    steps: list[Step] = []
    closed = False
    unknown = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        try:
            entry = json.loads(line)
            if number == 0:
                if entry["format"] != FORMAT:
                    return None
                title, started = str(entry["title"]), str(entry["started"])
                place = str(entry.get("place", ""))
                goal = parse_prefix_path(entry.get("goal") or "")
                automatic = _AUTOMATIC.get(entry.get("automatic"), "")
            elif "closed" in entry:
                closed = entry["closed"] is True
                revisions = found if type(found := entry.get("revisions")) is int else None
                goal = None
            else:
                steps.append(_parse_step(entry))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            if number == 0:
                return None
            unknown += line.endswith("\n") and bool(line.strip())
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
        unknown=unknown,
        place=place,
        revisions=revisions,
    )


def is_newer(text: str) -> bool:
    """Return whether a journal is open, and of a newer version than this one can read."""
    lines = text.splitlines()
    try:
        format_ = json.loads(lines[0])["format"]
        closed = json.loads(lines[-1]).get("closed") is True
    except (IndexError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    return isinstance(format_, int) and format_ > FORMAT and not closed


def _parse_step(entry: dict[str, object]) -> Step:
    """Parse a step strictly: its number becomes a file name, its mode permissions."""
    path = parse_prefix_path(str(entry["path"]))
    number, mode, sha256 = entry["number"], entry["mode"], entry["sha256"]
    if (
        path is None
        or entry["kind"] not in get_args(StepKind)
        or type(number) is not int
        or number < 0
        or type(mode) not in {int, type(None)}
        or type(sha256) not in {str, type(None)}
        or type(entry["existed"]) is not bool
    ):
        raise ValueError(entry)
    masked = mode & _MODE_BITS if isinstance(mode, int) else None
    return Step(**{**entry, "path": path, "mode": masked})  # type: ignore[arg-type]  # asdict(Step)
