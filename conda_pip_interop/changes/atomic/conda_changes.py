"""What conda changes inside an operation of ours: noted before, and compared afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conda_pip_interop.changes.atomic.files import hash_entry, hash_file, is_alike
from conda_pip_interop.changes.atomic.journal import CondaChange, Step, parse_texts
from conda_pip_interop.environment.conda_meta.history import HISTORY_FILE
from conda_pip_interop.environment.paths import (
    PrefixPath,
    path_below,
    read_regular,
    render_move,
    to_disk,
)
from conda_pip_interop.errors import InteropError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from conda_pip_interop.changes.atomic.held_folders import HeldFolders


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaBefore:
    """conda's records and history before its part: the texts of what it is to unlink."""

    records: tuple[str, ...]
    leaving: Mapping[str, str]
    history: str

    def find_change(self, prefix: Path) -> CondaChange:
        """Return what conda has changed since.

        A record of the same name that was replaced counts as both: a noarch package for another
        Python, or one that pip had overridden.
        """
        meta = prefix / "conda-meta"
        before, after = {*self.records}, {file.name for file in meta.glob("*.json")}
        again = {
            name
            for name, text in self.leaving.items()
            if name in after and _read(meta / name) != text
        }
        return CondaChange(
            linked=tuple(sorted((after - before) | again)),
            unlinked={
                name: text
                for name, text in self.leaving.items()
                if name not in after or name in again
            },
            history=self.history,
            history_sha256=hash_file(meta / "history"),
        )


def read_conda_before(prefix: Path, leaving: frozenset[str]) -> CondaBefore:
    """Read what conda's part will change; `leaving` are the packages that it unlinks."""
    meta = prefix / "conda-meta"
    names = tuple(sorted(file.name for file in meta.glob("*.json")))
    return CondaBefore(
        records=names,
        leaving={name: _read(meta / name) for name in names if name.rsplit("-", 2)[0] in leaving},
        history=_read(meta / "history"),
    )


def _read(file: Path) -> str:
    return read_regular(file).decode("utf-8", errors="surrogateescape")


def parse_conda_before(entry: Mapping[str, Any]) -> CondaBefore:
    """Parse what `dataclasses.asdict` makes of it; raises what a malformed entry does."""
    return CondaBefore(
        records=tuple(map(str, entry["records"])),
        leaving=parse_texts(entry["leaving"]),
        history=str(entry["history"]),
    )


def build_watch(paths: Iterable[PrefixPath], folders: HeldFolders, *, first: int) -> list[Step]:
    """Build the steps about what conda may change, and the folders that it may make."""
    steps: list[Step] = []
    made: set[PrefixPath] = set()
    for path in sorted({*paths}):
        for folder in find_missing_folders(path, made, folders):
            made.add(folder)
            steps.append(Step(number=first + len(steps), kind="mkdir", path=folder))
        existed = folders.read_status(path) is not None
        steps.append(Step(number=first + len(steps), kind="watch", path=path, existed=existed))
    return steps


def find_missing_folders(
    path: PrefixPath,
    made: Collection[PrefixPath],
    folders: HeldFolders,
    gone: Collection[PrefixPath] | None = None,
) -> list[PrefixPath]:
    """Find the folders above a path that do not exist and are not `made`, topmost first.

    Raises InteropError `is-a-file` if a file is in the place of one that is not `gone` before.
    """
    missing = []
    for parent in Path(path).parents:
        folder = PrefixPath(parent.as_posix())
        if folder == "." or folder in made or folders.is_folder(folder):
            break
        if gone is not None and folder not in gone and folders.read_status(folder) is not None:
            place = to_disk(folders.root, folder)
            raise InteropError(
                "is-a-file",
                f"{folder} in {folders.root} is a file, and {path} needs a folder there.",
                hints=(f"To fix: `{render_move(place)}`, then run the command again.",),
            )
        missing.append(folder)
    return missing[::-1]


def find_changes(watched: Iterable[Step], folders: HeldFolders, stash: PrefixPath) -> list[Step]:
    """Find what conda has changed; its history is not what is undone."""
    found = (_find_change(one, folders, stash) for one in watched if one.path != HISTORY_FILE)
    return [one for one in found if one is not None]


def _find_change(step: Step, folders: HeldFolders, stash: PrefixPath) -> Step | None:
    if step.kind == "mkdir":
        return step if folders.is_folder(step.path) else None
    if folders.read_status(step.path) is None:
        return replace(step, kind="remove") if step.existed else None
    now = folders.find(step.path)
    if step.existed and is_alike(now, folders.find(path_below(stash, str(step.number)))):
        return None
    return replace(step, kind="write", sha256=hash_entry(now))
