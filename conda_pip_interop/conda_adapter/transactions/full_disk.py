"""A full disk in conda's errors: one message, and not what its rollback meets after that."""

from __future__ import annotations

import contextlib
import logging
from typing import TYPE_CHECKING

from conda.exceptions import CondaError, NoSpaceLeftError

from conda_pip_interop.changes.atomic.write_errors import FULL, build_disk_full

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: conda's logger for what fails while it links.
_LINK_LOGGER = "conda.core.link"


@contextlib.contextmanager
def explain_full_disk(prefix: Path) -> Iterator[None]:
    """Turn conda's errors about a full disk into InteropError `disk-full`; others stay."""
    logger = logging.getLogger(_LINK_LOGGER)
    held: list[logging.LogRecord] = []

    def hold(record: logging.LogRecord) -> bool:
        if record.levelno < logging.ERROR:
            return True
        held.append(record)
        return False

    logger.addFilter(hold)
    full = None
    try:
        yield
    except (CondaError, OSError) as error:
        full = _find_full(error)
        if full is None:
            raise
        raise build_disk_full(prefix, str(full).strip()) from error
    finally:
        logger.removeFilter(hold)
        for record in held if full is None else ():
            logger.handle(record)


def _find_full(error: BaseException) -> BaseException | None:
    """Find the error of a full disk in an error, in what it was raised from, or among several."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop(0)
        if one is None:
            continue
        if isinstance(one, NoSpaceLeftError) or (isinstance(one, OSError) and one.errno in FULL):
            return one
        waiting += [*getattr(one, "errors", ()), one.__cause__]
    return None
