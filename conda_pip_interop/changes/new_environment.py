"""A new environment: empty while it is filled, and gone again if that fails."""

from __future__ import annotations

import contextlib
import shutil
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.write_errors import explain_write_errors
from conda_pip_interop.errors import InteropError, NotAllowedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conda_pip_interop.environment.target import Target


def refuse_existing(target: Target) -> None:
    """Raise InteropError `exists` unless there is nothing, or an empty folder."""
    prefix = target.prefix
    if not prefix.is_symlink() and (not prefix.exists() or _is_empty(prefix)):
        return
    raise InteropError(
        "exists",
        f"{target.label} exists already; nothing was changed.",
        hints=(
            f"To make it what the file says: `{target.command('conda', 'pip', 'sync', 'FILE')}`.",
            f"To remove it first: `{target.command('conda', 'env', 'remove')}`.",
        ),
    )


def _is_empty(prefix: Path) -> bool:
    return prefix.is_dir() and not any(prefix.iterdir())


@contextlib.contextmanager
def make_environment(target: Target, forget: Callable[[], None]) -> Iterator[None]:
    """Make an empty environment; if what is done inside fails, remove and `forget` it.

    Raises InteropError `exists`, NotAllowedError `not-writable`.
    """
    refuse_existing(target)
    history = target.prefix / "conda-meta" / "history"
    try:
        with explain_write_errors(target.prefix):
            history.parent.mkdir(parents=True)
            history.touch()
        yield
    except PermissionError as error:
        if history.exists():
            _remove(target.prefix, forget)
            raise
        raise NotAllowedError(
            "not-writable",
            f"The environment {target.label} cannot be created: {error}.",
            hints=("To create it elsewhere: `conda pip create -p PATH FILE`.",),
        ) from error
    except BaseException:  # an interruption too leaves nothing
        _remove(target.prefix, forget)
        raise


def _remove(prefix: Path, forget: Callable[[], None]) -> None:
    shutil.rmtree(prefix, ignore_errors=True)
    forget()
