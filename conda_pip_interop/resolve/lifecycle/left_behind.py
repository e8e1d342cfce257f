"""What a change of Python leaves in the old site-packages: pip's files, and those of nobody."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.exclusive_files import exclusive_files, find_edited
from conda_pip_interop.changes.plan import RemoveFile
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.resolve.solver import ComingPython

_SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftBehind:
    """The `removals` of what only the RECORDs of pip's distributions list, and what else is there.

    `edited` are files with other content than was installed, `unowned` those in `folder`, the old
    site-packages, that no package lists.
    """

    removals: tuple[RemoveFile, ...]
    edited: tuple[PrefixPath, ...]
    unowned: tuple[PrefixPath, ...]
    folder: str

    def tell(self, coming: ComingPython) -> Iterator[str]:
        """Yield what a person should know of it."""
        if self.edited:
            yield f"Changed since pip installed them, and not carried over: {_list(self.edited)}."
        if self.unowned and self.folder != coming.install.site_packages:
            yield f"No package owns {_list(self.unowned)}: left where they are."


def find_left_behind(going: Collection[Distribution], snapshot: Snapshot) -> LeftBehind:
    """Find what the distributions leave; those in place of conda's are conda's to unlink."""
    root, python, ownership = snapshot.prefix.root, snapshot.prefix.python, snapshot.ownership
    names = {one.name for one in going}
    every = [
        one
        for one in snapshot.distributions
        if one.name in names and ownership.owner_of(one) == ByPip(distribution=one)
    ]
    removals = {
        path: RemoveFile(path=path, reason=f"pip's {one.name} {one.version}")
        for one in every
        for path in exclusive_files(one, snapshot, names=names)
    }
    edited = (path for one in every for path in find_edited(one, root))
    folder = "" if python is None else python.site_packages
    return LeftBehind(
        removals=tuple(removals.values()),
        edited=tuple(path for path in edited if not path.endswith(".pyc")),
        unowned=tuple(_find_unowned(folder, snapshot)) if folder else (),
        folder=folder,
    )


def _find_unowned(folder: str, snapshot: Snapshot) -> Iterator[PrefixPath]:
    root = snapshot.prefix.root
    for where, _, names in os.walk(to_disk(root, PrefixPath(folder))):
        inside = os.path.relpath(where, root).replace(os.sep, "/")
        for name in sorted(names):
            path = PrefixPath(f"{inside}/{name}")
            if not snapshot.ownership.claimants(path):
                yield path


def _list(paths: Collection[PrefixPath]) -> str:
    shown = ", ".join([*paths][:_SHOWN])
    return f"{shown} and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else shown
