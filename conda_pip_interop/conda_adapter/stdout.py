"""What conda prints while we work: kept out of the way of a command's own answer."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING, Any

from conda.base.context import context

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def quiet_stdout() -> Iterator[None]:
    """Keep what conda's solver says of its progress to those who ask for more (`-v`)."""
    if context.verbosity:
        with clean_stdout():
            yield
        return
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def show_progress(message: str) -> contextlib.AbstractContextManager[Any]:
    """conda's own spinner, which says nothing under `--quiet` and `--json`."""
    if context.quiet or context.json:
        return contextlib.nullcontext()
    try:
        from conda.reporters import get_spinner
    except ImportError:  # conda < 24.11
        from conda.common.io import Spinner

        get_spinner = Spinner
    spinner: contextlib.AbstractContextManager[Any] = get_spinner(message)
    return spinner


@contextlib.contextmanager
def clean_stdout() -> Iterator[None]:
    """Keep stdout for the one document of `--json`: what conda prints meanwhile goes to stderr."""
    if not context.json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield
