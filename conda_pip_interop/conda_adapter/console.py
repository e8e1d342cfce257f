"""stderr for persons, stdout for a command's own answer."""

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
    """Hide the progress that conda's solver prints, unless the user asked for more (`-v`)."""
    if context.verbosity:
        with clean_stdout():
            yield
        return
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def show_progress(message: str) -> contextlib.AbstractContextManager[Any]:
    """Return conda's own spinner, which is silent under `--quiet` and `--json`."""
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
    """Keep stdout for the one document of `--json`: send what conda prints to stderr."""
    if not context.json:
        yield
        return
    with contextlib.redirect_stdout(sys.stderr):
        yield


def verbose(text: str) -> None:
    """Print a line on stderr for a user who asked for more (`-v`)."""
    if context.verbosity and not context.json:
        print_stderr(text)


def notify(*lines: str) -> None:
    """Print lines on stderr, unless the user asked for quiet or JSON."""
    if lines and not context.json and not context.quiet:
        print_stderr("\n".join(lines))


def print_stderr(text: str) -> None:
    """Print a line for a person beside a command's own output, never into its `--json`."""
    print(text, file=sys.stderr)
