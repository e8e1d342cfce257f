"""Copy what pip has installed into a clone of an environment, as pip's part of a plan.

conda copies the files that no record lists, and links those that its records list; what pip put in
the place of a record's files is neither.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from conda_pip_interop.changes.atomic.files import stash_copy
from conda_pip_interop.changes.atomic.held_folders import HeldFolders
from conda_pip_interop.changes.staging import read_staged
from conda_pip_interop.environment.paths import PrefixPath, path_below, to_disk
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.changes.plan import Staged
    from conda_pip_interop.environment.prefix import Prefix

#: `conda rename` removes the source before our hook runs: pip's files travel in here, which conda
#: copies since no record lists them.
CARRIED: Final = PrefixPath(".pip-interop-carried")

#: What is larger is no text that names a prefix: conda itself reads all of it.
_TEXT_LIMIT: Final = 1 << 24


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedPart:
    """The `files` of the folder `source`, which has them at the paths of a prefix.

    Texts that name `moved_from` then name the prefix `into`; None where conda has done that.
    """

    files: tuple[PrefixPath, ...]
    source: Path
    into: Prefix
    moved_from: Path | None

    @property
    def clones(self) -> bool:
        """See `PipPart.clones`."""
        return False

    @property
    def needs_conda(self) -> bool:
        """See `PipPart.needs_conda`."""
        return False

    def stage(self, into: Path) -> Staged:
        """Copy the files into the folder `into`; raises OSError."""
        for path in self.files:
            target = to_disk(into, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            self._copy(to_disk(self.source, path), target)
        return read_staged(into, self.into)

    def _copy(self, source: Path, target: Path) -> None:
        shutil.copy2(source, target, follow_symlinks=False)
        if self.moved_from is None or target.is_symlink() or target.stat().st_size > _TEXT_LIMIT:
            return
        content = target.read_bytes()
        windows = self.into.platform == "windows"
        moved = move_paths(content, str(self.moved_from), str(self.into.root), windows=windows)
        if moved != content:  # with a time of its own: what was compiled of it is out of date
            target.write_bytes(moved)


def move_paths(content: bytes, old: str, new: str, *, windows: bool = False) -> bytes:
    """Write `new` for the folder `old` in a text, in URLs (PEP 610) too; other content stays.

    On Windows also with slashes, and with the backslashes of Python and JSON, in any case; and in
    the line of a launcher (`Scripts/NAME.exe`) that names its Python.
    """
    if windows and content.startswith(b"MZ"):
        line = re.compile(b'(#!"?)' + re.escape(old.encode()) + rb"(?=\\)", re.IGNORECASE)
        return line.sub(lambda found: found[1] + new.encode(), content)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return content
    if "\0" in text:
        return content
    forms = zip(_list_forms(old, windows=windows), _list_forms(new, windows=windows), strict=True)
    moved = {_fold(before, windows=windows): after for before, after in forms}
    places = "|".join(map(re.escape, moved))
    place = re.compile(rf"({places})(?![\w.+-])", re.IGNORECASE if windows else 0)
    text = place.sub(lambda found: moved[_fold(found[1], windows=windows)], text)
    return text.encode("utf-8")


def _list_forms(folder: str, *, windows: bool) -> tuple[str, ...]:
    """List how a folder is written: as a URL, and as paths."""
    if not windows:
        return f"file://{quote(folder)}", folder
    slashes = PureWindowsPath(folder).as_posix()
    start = "file:" if slashes.startswith("//") else "file://" if slashes[:1] == "/" else "file:///"
    url = start + quote(slashes, safe="/:")
    return url, folder.replace("\\", "\\\\"), folder, slashes


def _fold(text: str, *, windows: bool) -> str:
    return text.lower() if windows else text


def carry(prefix: Path, files: Iterable[PrefixPath]) -> None:
    """Link files into `CARRIED` of their own prefix; raises OSError, InteropError."""
    remove_carried(prefix)  # of a killed process
    folders = HeldFolders(root=prefix)
    for path in files:
        carried = path_below(CARRIED, path)
        folders.make_folders(carried.rpartition("/")[0])
        stash_copy(folders.find(path), folders.find(carried))


def remove_carried(prefix: Path) -> None:
    """Remove `CARRIED`, if it exists."""
    if os.path.lexists(prefix / CARRIED):
        HeldFolders(root=prefix).remove_tree(CARRIED)
