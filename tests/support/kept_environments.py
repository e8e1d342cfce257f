"""An environment that is put back to what it was, again and again, and what is in it."""

from __future__ import annotations

import os
import shutil
import stat
from pathlib import Path
from typing import TypeAlias

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER
from tests.support.trees import read_content, walk_tree

#: By path: kind and mode, and the content or what a link leads to.
Contents: TypeAlias = dict[str, tuple[int, str]]
_HISTORY = "conda-meta/history"


class KeptEnvironment:
    """What an environment was like; hard links, where nothing writes in place."""

    def __init__(self, prefix: Path, kept: Path) -> None:
        self._prefix, self._kept = prefix, kept
        shutil.copytree(prefix, kept, symlinks=True, copy_function=_link_or_copy)

    def put_back(self) -> None:
        """Put everything back that is not as it was."""
        kept, now = (dict(walk_tree(root)) for root in (self._kept, self._prefix))
        unlike = [path for path in now if not _is_same(kept.get(path), now[path])]
        for path in sorted(unlike, reverse=True):  # a folder after what is in it
            place = self._prefix / path
            if stat.S_ISDIR(now[path].st_mode):
                if path in kept and stat.S_ISDIR(kept[path].st_mode):
                    place.chmod(stat.S_IMODE(kept[path].st_mode))
                else:
                    shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        for path, status in kept.items():
            place = self._prefix / path
            if not os.path.lexists(place):
                if stat.S_ISDIR(status.st_mode):
                    place.mkdir()
                    place.chmod(stat.S_IMODE(status.st_mode))
                else:
                    _link_or_copy(str(self._kept / path), str(place))

    def read(self) -> Contents:
        """What is there now, without what comes and goes by itself: compiled files, our state.

        conda leaves a list of what it compiles as `.tmp…`.
        """
        contents: Contents = {}
        for path, status in walk_tree(self._prefix):
            inside = path == STATE_FOLDER or path.startswith(f"{STATE_FOLDER}/")
            if inside or path == _HISTORY or "__pycache__" in path or path.startswith(".tmp"):
                continue
            contents[path] = status.st_mode, read_content(self._prefix / path, status)
        return contents


def _link_or_copy(source: str, target: str) -> None:
    """Copy what is written in place: conda's history, and files of ours."""
    if Path(source).is_relative_to(Path(source).parent) and "conda-meta" in Path(source).parts:
        shutil.copy2(source, target, follow_symlinks=False)
    else:
        os.link(source, target, follow_symlinks=False)


def _is_same(kept: os.stat_result | None, now: os.stat_result) -> bool:
    if kept is None or kept.st_mode != now.st_mode:
        return False
    if stat.S_ISDIR(now.st_mode) or os.path.samestat(kept, now):
        return True
    return (kept.st_size, kept.st_mtime_ns) == (now.st_size, now.st_mtime_ns)
