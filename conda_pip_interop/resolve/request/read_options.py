"""The options of pip in a requirements file: on a line of their own, or behind a requirement."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement

from conda_pip_interop.dependency_files.locations import expand_variables, path_exists
from conda_pip_interop.dependency_files.requirements_txt import Entry
from conda_pip_interop.errors import UsageError
from conda_pip_interop.installers.pip.options import BY_NAME, ForwardedOption, PipArgument
from conda_pip_interop.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: The origin of what stands in no file.
COMMAND_LINE: Final = "command line"


def build_invalid(entry: Entry, reason: str) -> UsageError:
    """Build the error for a line that cannot be installed; conda's syntax is recognized."""
    at = "" if entry.origin == COMMAND_LINE else f"{entry.origin}: "
    from conda_pip_interop.names.conda_depends import hint_at_conda_spec

    hint = hint_at_conda_spec(entry.text)
    return UsageError(
        "invalid-requirement",
        f"{at}{quoted(entry.text)} cannot be installed: {reason}.",
        hints=(hint,)
        if hint is not None
        else (
            'A requirement looks like `flask`, `"flask>=3"` or `"flask[async]>=3,<4"`.',
            "A project folder looks like `.` or `./folder`; a repository like `git+https://…`.",
        ),
    )


def parse_requirement(entry: Entry) -> Requirement:
    """Parse a requirement (PEP 508); raises UsageError `invalid-requirement`."""
    try:
        return Requirement(entry.text)
    except (InvalidRequirement, RecursionError) as error:
        raise build_invalid(entry, str(error).partition("\n")[0]) from error


def read_tail(entry: Entry) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The hashes and the settings that stand behind a requirement."""
    hashes: list[str] = []
    settings: list[str] = []
    words = iter(_split(entry, entry.tail))
    for word in words:
        name, equals, value = word.partition("=")
        value = value if equals else next(words, "")
        if name == "--hash" and ":" in value:
            hashes.append(value)
        elif name in ("--config-settings", "--config-setting", "--global-option") and value:
            settings.append(f"{name}={value}")
        else:
            raise build_invalid(
                replace(entry, text=f"{entry.text} {word}"), f"{name} has no such form"
            )
    return tuple(hashes), tuple(settings)


def read_options(entry: Entry, environ: Mapping[str, str]) -> Iterable[PipArgument]:
    """The options of pip's on a line of their own."""
    words = iter(_split(entry, entry.text))
    for word in words:
        name, equals, value = word.partition("=")
        if not name.startswith("--") and len(name) > 2:  # noqa: PLR2004 - `-fwheels`
            name, equals, value = word[:2], "=", word[2:]
        option = BY_NAME.get(name)
        if not (isinstance(option, ForwardedOption) and option.in_files):
            raise UsageError(
                "refused-option",
                f"{entry.origin}: {name} is not supported in a requirements file.",
                hints=("Use it on the command line if `conda pip install --help` lists it.",),
            )
        if option.metavar is None:
            yield PipArgument(option=option, in_file=True)
            continue
        value = value if equals else next(words, "")
        if not value:
            raise build_invalid(entry, f"{name} lacks its value")
        if "--find-links" in option.names:
            beside = entry.folder / expand_variables(value, environ)
            value = str(beside.resolve()) if path_exists(beside) else value
        yield PipArgument(option=option, value=value, in_file=True)


def _split(entry: Entry, text: str) -> Sequence[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise build_invalid(entry, str(error)) from error
