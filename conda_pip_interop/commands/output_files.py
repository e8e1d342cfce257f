"""The file that a command writes, or compares with what it would write (`--check`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.files import replace_file
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What happened to a file; `up_to_date` as it was before."""

    message: str
    up_to_date: bool
    exit_code: int = 0


def deliver(text: str, output: Path, *, check: bool) -> Delivery:
    """Write a file unless it is up to date; with `check` never, and exit code 1 if it is not.

    Raises InteropError `not-written`.
    """
    try:
        current = output.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        current = None
    if current == text:
        return Delivery(message=f"{output} is up to date.", up_to_date=True)
    if check:
        message = f"{output} is out of date. To update it, run the command without --check."
        return Delivery(message=message, up_to_date=False, exit_code=1)
    try:
        replace_file(output, text.encode())
    except (OSError, ValueError) as error:  # ValueError: `.`, which has no name
        reason = getattr(error, "strerror", None) or "it is not the name of a file"
        raise InteropError(
            "not-written",
            f"{output} cannot be written: {reason}.",
            hints=("Check that its folder exists, and that you may write to it.",),
        ) from error
    return Delivery(message=f"Wrote {output}", up_to_date=False)


def nothing_to_compare() -> UsageError:
    """Build the error for `--check` without a file."""
    return UsageError(
        "usage",
        "`--check` does not know which file to compare.",
        hints=("Name it with `-o FILE`.",),
    )
