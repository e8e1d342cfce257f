"""Options of `pip download` for the wheels of another platform, as their file names state them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from packaging.utils import InvalidWheelFilename, parse_wheel_filename

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.tags import Tag


def build_platform_options(urls: Iterable[str], python: str) -> tuple[str, ...]:
    """Build what lets pip take the wheels at these URLs for the Python `python`, such as `3.12.1`.

    Without a Python, pip's own version counts. What a wheel says of Python is not compared: the
    lock was made of what is installed.
    """
    tags = frozenset(tag for url in urls for tag in _read_tags(url))
    words = ["--no-deps", "--ignore-requires-python"]
    words += [f"--python-version={python}"] if python else []
    words += (
        ["--implementation=pp"] if any(one.interpreter.startswith("pp") for one in tags) else []
    )
    words += [f"--abi={one}" for one in sorted({one.abi for one in tags} - {"none"})]
    words += [f"--platform={one}" for one in sorted({one.platform for one in tags} - {"any"})]
    return tuple(words)


def _read_tags(url: str) -> Iterator[Tag]:
    try:
        yield from parse_wheel_filename(unquote(urlsplit(url).path).rpartition("/")[2])[3]
    except InvalidWheelFilename:
        return  # pip says what is wrong with it
