"""Environments made by conda once, for all runs of tests beside each other, and then copied."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.world.base import Relocation, build_base, find_records, update_hashes
from tests.world.cache import CACHE, digest, locked

if TYPE_CHECKING:
    from tests.world.base import Base

_TEMPLATES = CACHE / "templates"
# A template is the same whatever the plugin is: no change of its code makes it anew.
_ALONE: Any = {"CONDA_NO_PLUGINS": "true", "CONDA_SOLVER": "classic"}


def find_template(specs: tuple[str, ...]) -> Path:
    """Return an environment of these specs, to be copied and never changed."""
    base = _build_makers()
    prefix = base.envs / digest(*specs)
    ready = base.scratch / f"{prefix.name}.ready"
    if not ready.is_file():
        with locked():
            if not ready.is_file():
                shutil.rmtree(prefix, ignore_errors=True)
                base.run("create", "-y", "-q", "-n", prefix.name, *specs, **_ALONE)
                ready.touch()
    return prefix


@cache
def _build_makers() -> Base:
    """Return the base that makes templates; what an older channel or conda has made is removed."""
    base = build_base()
    folder = _TEMPLATES / digest(base.prefix, base.channel.key)
    with locked():
        for old in _TEMPLATES.glob("*"):
            if old != folder:
                shutil.rmtree(old)
        folder.mkdir(parents=True, exist_ok=True)
    return base.at(folder)


@cache
def _sort_files(source: Path) -> tuple[list[str], list[str], list[str]]:
    """Return an environment's folders, the files to link, and those to write for each copy."""
    folders: list[str] = []
    linked: list[str] = []
    copied: list[str] = []
    relocate = Relocation(source, source)
    for folder, subfolders, files in os.walk(source):
        below = os.path.relpath(folder, source)
        folders.append(below)
        for name in (*files, *(one for one in subfolders if Path(folder, one).is_symlink())):
            file = Path(folder, name)
            is_alone = file.lstat().st_nlink == 1  # no file of the package cache
            is_own = is_alone or below == "conda-meta" or relocate.changes(file)
            (copied if is_own else linked).append(f"{below}/{name}")
    return folders, linked, copied


def copy_environment(source: Path, base: Base, name: str) -> None:
    """Make an environment of `base` from another; the two know nothing of each other.

    What conda had linked is linked again, as conda itself would. conda's own records, what has the
    prefix in it and what came in another way are copies. The scripts of pip's packages are not as
    their RECORD says then.
    """
    new = base.envs / name
    folders, linked, copied = _sort_files(source)
    for folder in folders:
        (new / folder).mkdir(parents=True)
    for path in linked:
        os.link(f"{source}/{path}", f"{new}/{path}", follow_symlinks=False)
    relocate = Relocation(source, new)
    for path in copied:
        relocate(f"{source}/{path}", f"{new}/{path}")
    for record in find_records(new):
        update_hashes(record, new)
    registered = base.scratch / "home" / ".conda" / "environments.txt"
    registered.parent.mkdir(parents=True, exist_ok=True)
    with registered.open("a") as stream:
        stream.write(f"{new}\n")
