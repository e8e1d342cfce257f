"""Which environments a command has changed.

conda's own answer, `context.target_prefix`, is wrong where the name stands in a file (`conda env
create -f`), and for `rename` it is the old one. So the environment folders are looked at too: the
history of an environment that a command has just changed is younger than the command.
"""

from __future__ import annotations

import time
from pathlib import Path

from conda.base.context import context

from conda_pip_interop.core.markers import Foreign, read_marker
from conda_pip_interop.core.prefix import read_prefix
from conda_pip_interop.errors import InteropError

#: File systems round times; the clock of a network drive may lag.
_SLACK_SECONDS = 2.0
_started = time.time()  # imported before the command's own work begins


def takes_file() -> bool:
    """Whether the command reads environment or requirement files."""
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    return bool(arguments.get("file"))


def has_foreign_marker() -> bool:
    """Whether somebody else protects the environment that the command names."""
    try:
        return isinstance(read_marker(read_prefix(Path(context.target_prefix))), Foreign)
    except (InteropError, OSError):
        return False  # it does not exist yet


def find_touched() -> tuple[Path, ...]:
    """The environments that exist and that this process has probably changed, base last."""
    known = {
        folder
        for folders in context.envs_dirs
        if Path(folders).is_dir()
        for folder in Path(folders).iterdir()
        if _changed_at(folder) >= _started - _SLACK_SECONDS
    }
    named = context.target_prefix
    if named is not None and (_is_named() or _changed_at(Path(named)) >= _started):
        known.add(Path(named))
    return tuple(sorted(one for one in known if (one / "conda-meta").is_dir()))


def _is_named() -> bool:
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    return bool(arguments.get("name") or arguments.get("prefix")) or not takes_file()


def _changed_at(folder: Path) -> float:
    """When an environment's history was last written, or its folder renamed; 0 if it is none."""
    try:
        return max((folder / "conda-meta" / "history").stat().st_mtime, folder.stat().st_ctime)
    except OSError:
        return 0.0
