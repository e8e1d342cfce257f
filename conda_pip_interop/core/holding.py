"""Holding a prefix: one process of ours at a time, nothing half-done, as the plan has seen it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.core.journal import STATE_FOLDER
from conda_pip_interop.core.lock import hold_lock
from conda_pip_interop.core.prefix import read_prefix
from conda_pip_interop.core.refusals import explain_refusals
from conda_pip_interop.core.rollback import recover
from conda_pip_interop.core.snapshot import read_fingerprint
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_operating: set[Path] = set()


def is_operating(prefix: Path) -> bool:
    """Whether this process has an operation open on `prefix`: hooks that it triggers stand back."""
    return prefix.resolve() in _operating


@contextmanager
def mark_operating(prefix: Path) -> Iterator[None]:
    """Let `is_operating` say so while the block runs."""
    _operating.add(prefix.resolve())
    try:
        yield
    finally:
        _operating.discard(prefix.resolve())


@contextmanager
def hold_prefix(
    prefix: Path, *, fingerprint: str | None = None, on_wait: Callable[[], None] | None = None
) -> Iterator[None]:
    """Keep other processes of ours out of `prefix`; what an interrupted one left is put back first.

    `fingerprint` is that of the snapshot the plan was made from; a prefix that has changed since
    raises InteropError `stale-plan`, one that cannot be written to `not-writable` or `disk-full`,
    one that is no conda environment `not-conda`, and `busy` inside an operation of this process.
    `on_wait` is called once if another process holds the lock, and may raise.
    """
    if not (prefix / "conda-meta").is_dir():
        raise InteropError("not-conda", f"{prefix} is not a conda environment.")
    if is_operating(prefix):
        raise InteropError("busy", f"An operation on {prefix} is under way in this process.")
    with explain_refusals(prefix):
        (prefix / STATE_FOLDER).mkdir(exist_ok=True)
        with hold_lock(prefix / STATE_FOLDER / "lock", on_wait=on_wait):
            recover(prefix)
            if fingerprint is not None and fingerprint != read_fingerprint(read_prefix(prefix)):
                raise InteropError(
                    "stale-plan",
                    f"The environment {prefix} has changed since the plan was made.",
                    hints=("Run the command again.",),
                )
            yield


def recover_interrupted(prefix: Path, *, on_wait: Callable[[], None] | None = None) -> None:
    """Put back what an interrupted operation left in `prefix`, or close it where it was done."""
    with hold_prefix(prefix, on_wait=on_wait):
        pass
