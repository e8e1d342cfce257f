"""stderr for persons, stdout for a command's own answer."""

from __future__ import annotations

import contextlib
import io
import sys
from typing import TYPE_CHECKING

from conda.base.context import context

from conda_pip_interop.conda_adapter.session import current_session

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


@contextlib.contextmanager
def show_progress(message: str) -> Iterator[None]:
    """Show conda's own spinner, which is silent under `--quiet` and `--json`."""
    if is_silent():
        yield
        return
    try:
        from conda.reporters import get_spinner
    except ImportError:  # conda < 24.11
        from conda.common.io import Spinner

        get_spinner = Spinner
    session = current_session()
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(get_spinner(message))
        except BrokenPipeError:  # conda < 26 ignores it here; a question must have a reader
            if not context.always_yes:
                raise
            from conda_pip_interop.text import discard_output

            discard_output(sys.stdout)
        session.spinning = True
        try:
            yield
        finally:
            session.spinning = False


def report_progress(text: str) -> None:
    """Print on stderr what is done now, once, and below a spinner if there is one."""
    session = current_session()
    if text not in session.progress:
        session.progress.add(text)
        spins = session.spinning and sys.stdout.isatty()
        notify(f"\n{text}" if spins else text)


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


def is_silent() -> bool:
    """Return whether the user asked for quiet or JSON."""
    return bool(context.json or context.quiet)


def notify(*lines: str) -> None:
    """Print lines on stderr, unless `is_silent`."""
    if lines and not is_silent():
        print_stderr("\n".join(lines))


def print_stderr(text: str) -> None:
    """Print a line for a person beside a command's own output, never into its `--json`."""
    from conda_pip_interop.commands.output import find_columns, fold  # mostly nothing is said
    from conda_pip_interop.text import write_text

    write_text(f"{fold(text, find_columns(sys.stderr))}\n", sys.stderr)
