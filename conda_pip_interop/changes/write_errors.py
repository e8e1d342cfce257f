"""Write errors: a full disk or missing permissions as InteropError; others stay as they are."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return InteropError(
            "disk-full",
            f"No space left on device to change the environment {prefix}: {error}.",
            hints=("Free disk space, then run the command again.",),
        )
    names = (error.filename, error.filename2)
    is_inside = any(
        isinstance(one, str | os.PathLike) and prefix in Path(one).parents for one in names
    )
    if not is_inside or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
        return None
    return InteropError(
        "not-writable",
        f"The environment {prefix} is not writable: {error}.",
        hints=("Run the command as the user who owns the environment.",),
    )
