"""Text that a person will see."""

from __future__ import annotations

import contextlib
import os
import re
import reprlib
from typing import Final, TextIO

from conda_pip_interop.values import regex

#: Controls (C0, C1) but tabs and line feeds; line separators; what turns the direction of writing
#: around (CVE-2021-42574); halves of surrogate pairs: bytes of a file name that is not UTF-8.
_CONTROLS: Final = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff"
_CONTROL: Final = regex(rf"[{_CONTROLS}]")
_LINE_CONTROL: Final = regex(rf"[{_CONTROLS}\t\n]")
#: Characters of a value that a message quotes.
_QUOTED: Final = 200

#: Up to the last `@` before the path: a password may have one, too.
_CREDENTIALS: Final = regex(r"(://)([^/\s]+)@([^/@:\s?#]+)")
_VARIABLES: Final = regex(r"\$\{[A-Z0-9_]+\}(?::\$\{[A-Z0-9_]+\})?")

#: An access token of anaconda.org in a channel's URL.
_TOKEN: Final = regex(r"(://[^/\s]+)/t/[^/\s]+/")


def escape_text(text: str) -> str:
    """Escape the control characters of a text of several lines, which a terminal would obey."""
    return _CONTROL.sub(_escape, text)


def escape_line(text: str) -> str:
    """Escape the control characters of a name, a path or another value, line breaks included."""
    return _LINE_CONTROL.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")


def quoted(value: object) -> str:
    """Quote a value of a file in a message, without passwords; of a long one, its beginning.

    A document may be short and its value not: YAML's aliases multiply (`reprlib` looks no deeper).
    """
    shown = _Shortened().repr(value)
    return f"{shown[:_QUOTED]}…" if len(shown) > _QUOTED else shown


class _Shortened(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 3
        self.maxother = _QUOTED

    def repr_str(self, x: str, _level: int) -> str:
        return repr(hide_password(x[: 2 * _QUOTED]))


def hide_password(text: str) -> str:
    """Replace the user and the password of every URL in a text by asterisks."""
    return re.sub(r"(://)[^/@\s]+@", r"\1****@", text)


def replace_credentials(text: str) -> str:
    """Replace the user and the password of URLs by variables that are named after the host.

    Variables stay, and so does `git@`, which is no secret.
    """
    return _CREDENTIALS.sub(_name_credentials, text)


def strip_credentials(text: str) -> str:
    """Remove the user and the password of URLs, but for `git@`."""
    return _CREDENTIALS.sub(
        lambda found: found[0] if found[2] == "git" else found[1] + found[3], text
    )


def strip_channel(url: str) -> str:
    """Remove the credentials of a channel's URL: user, password, and token (`/t/TOKEN/`)."""
    return _TOKEN.sub(r"\1/", strip_credentials(url))


def _name_credentials(found: re.Match[str]) -> str:
    scheme, user, host = found.groups()
    if user == "git" or _VARIABLES.fullmatch(user):
        return found[0]
    stem = re.sub(r"[^A-Z0-9]+", "_", f"INDEX_{host}".upper()).strip("_")
    secret = f":${{{stem}_PASSWORD}}" if ":" in user else ""
    return f"{scheme}${{{stem}_USER}}{secret}@{host}"


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the right form."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def write_text(text: str, stream: TextIO, *, marks: tuple[int, ...] = ()) -> bool:
    """Write to stdout or stderr; return whether there is a reader, as there is none after `| head`.

    What follows goes nowhere then, for us and for the processes that we start. Control characters
    are escaped: this is the only way from what packages, files and indexes say to a terminal. The
    lines `marks` are red.
    """
    lines = escape_text(text).split("\n")
    for number in marks:
        lines[number] = f"\033[31m{lines[number]}\033[0m"
    encoding = getattr(stream, "encoding", None) or "utf-8"
    shown = "\n".join(lines).encode(encoding, errors="backslashreplace").decode(encoding)
    try:
        stream.write(shown)
        stream.flush()
    except BrokenPipeError:
        discard_output(stream)
        return False
    return True


def discard_output(stream: TextIO) -> None:
    """Send what is still written to a stream, at the end of the interpreter too, nowhere."""
    with contextlib.suppress(OSError, ValueError):  # it is no file, or closed
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
