"""A document in TOML as a mapping, and the requirements in it."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Mapping
from typing import Any, Final

from conda_pip_interop.dependency_files.requirements_txt import unreadable

#: A dotted key that takes a TOML parser long: its time grows with the square of the parts.
_LONG_KEY: Final = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){100}"""
)


def load_toml(text: str, origin: str) -> Mapping[str, Any]:
    """Parse TOML; raises UsageError `unreadable-file`."""
    toml = _import_toml_parser(origin)
    if _LONG_KEY.search(text):
        raise unreadable(origin, "it has a key of more than 100 parts")
    try:
        document: Mapping[str, Any] = toml.loads(text)
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or a number of 5,000 digits
        raise unreadable(origin, str(error)) from error
    return document


def _import_toml_parser(origin: str) -> Any:
    """Python 3.10 has no parser; newer condas depend on tomli, and pip contains it."""
    for name in ("tomllib", "tomli", "pip._vendor.tomli"):
        with contextlib.suppress(ImportError):
            return importlib.import_module(name)
    raise unreadable(origin, "Python 3.10 needs the package tomli to read TOML")


def add_marker(text: str, marker: str) -> str:
    """Limit a requirement by another marker."""
    line, semicolon, own = text.partition(";")
    return f"{line} ; {f'({own.strip()}) and ' if semicolon else ''}{marker}"
