"""Write errors: a full disk or missing permissions as InteropError; others stay as they are."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.errors import InteropError, NotAllowedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.environment.target import Target


def refuse_unwritable(target: Target) -> None:
    """Raise NotAllowedError `not-writable` for what this user may not change, before any work.

    conda decides by `conda-meta/history`; pip needs the folder of Python's packages.
    """
    meta = target.prefix / "conda-meta"
    places = [meta, meta / "history"]
    if meta.is_dir():
        python = read_prefix(target.prefix).python
        places += [] if python is None else [target.prefix / python.site_packages]
    for place in places:
        if place.exists() and not os.access(place, os.W_OK):
            raise _not_writable(
                f"The environment {target.label} is not writable: no permission to write to "
                f"{place}. Nothing was changed."
            )


#: The error numbers of a disk, or a quota, without space.
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
#: Windows' errors for a file that a process has open or locked.
_IN_USE: Final = (32, 33)


def build_disk_full(prefix: Path, reason: str) -> InteropError:
    """Tell that a change of `prefix` needs more disk space than there is."""
    return InteropError(
        "disk-full",
        f"No space left on device to change the environment {prefix}: {reason}.",
        hints=("Free disk space, then run the command again.",),
    )


@contextmanager
def explain_write_errors(prefix: Path) -> Iterator[None]:
    """Turn an OSError about writing `prefix` into InteropError `not-writable` or `disk-full`."""
    try:
        yield
    except OSError as error:
        refusal = _explain(error, prefix)
        if refusal is None:
            raise
        raise refusal from error


def _explain(error: OSError, prefix: Path) -> InteropError | None:
    """Return the InteropError for an OSError about writing `prefix`, None for others."""
    if error.errno in FULL:
        return build_disk_full(prefix, str(error))
    names = (error.filename, error.filename2)
    is_inside = any(
        isinstance(one, str | os.PathLike) and prefix in Path(one).parents for one in names
    )
    if not is_inside or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
        return None
    if getattr(error, "winerror", None) in _IN_USE:
        return NotAllowedError(
            "not-writable",
            f"A program uses a file of the environment {prefix}: {error}.",
            hints=("Close the programs of the environment, then run the command again.",),
        )
    return _not_writable(f"The environment {prefix} is not writable: {error}.")


def _not_writable(message: str) -> NotAllowedError:
    return NotAllowedError(
        "not-writable",
        message,
        hints=("Run the command as the user who owns the environment.",),
    )
