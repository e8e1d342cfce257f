"""Metadata: the headers of METADATA and PKG-INFO, and the names of the folders that hold them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.paths import open_regular
from conda_pip_interop.values import dataclass, regex

#: The values by the names in lower case.
Headers: TypeAlias = Mapping[str, tuple[str, ...]]

_STEM = regex(r"(?P<name>.+?)-(?P<version>[^-]*\d[^-]*)(?:-py\d[^/]*)?")
_CHUNK = 8192
_HEADERS_LIMIT = 4 << 20
"""In bytes. A METADATA without a blank line is not read to its end."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metadata:
    """The headers of a METADATA or PKG-INFO that dependency checks need, as text.

    `import_names` are the modules that the project provides (PEP 794), empty if it does not say.
    """

    requires_dist: tuple[str, ...]
    requires_python: str | None
    provides_extra: tuple[str, ...]
    summary: str | None
    import_names: tuple[str, ...] = ()


def parse_metadata_name(stem: str) -> tuple[NormalizedName, str]:
    """Split ``NAME-VERSION[-pyX.Y]``, the stem of a dist-info or egg-info; version ``""`` if none.

    Names have no ``-`` ("Recording installed projects": it is escaped), except those written by
    older tools, so the name ends at the first ``-`` before a part with a digit.
    """
    match = _STEM.fullmatch(stem)
    name, version = (match["name"], match["version"]) if match else (stem, "")
    return canonicalize_name(name), version


def read_header_file(path: Path | str) -> Headers | None:
    """Return the headers, none if unreadable; None if there is no such file at all."""
    try:
        with open_regular(path) as file:
            return read_headers(file)
    except (OSError, ValueError):  # ValueError: NUL in an egg-link
        return {} if os.path.lexists(path) else None


def read_headers(file: BinaryIO) -> Headers:
    """Read the header block of a METADATA (core metadata: RFC 822 headers, then the body).

    Keys are lower-case. The body is not read: descriptions are long and the email parser is slow.
    """
    data = b""
    while chunk := file.read(_CHUNK):
        start = max(len(data) - 3, 0)
        data += chunk
        if b"\n\n" in data[start:] or b"\n\r\n" in data[start:] or len(data) > _HEADERS_LIMIT:
            break
    return parse_headers(data.decode("utf-8", errors="replace"))


def parse_headers(text: str) -> Headers:
    """Parse headers up to the first empty line; folded lines are joined by a space."""
    found: dict[str, list[list[str]]] = {}  # the lines of each value: joined once, in linear time
    current: list[str] | None = None
    for line in text.split("\n"):
        plain = line.rstrip("\r")
        if not plain:
            break
        if plain[0] in " \t":
            if current:
                current.append(plain.strip())
            continue
        key, colon, value = plain.partition(":")
        current = [value.strip()] if colon else None
        if current is not None:
            found.setdefault(key.strip().lower(), []).append(current)
    return {key: tuple(map(" ".join, values)) for key, values in found.items()}


def build_metadata(headers: Headers) -> Metadata:
    """Build `Metadata` from headers."""
    return Metadata(
        requires_dist=headers.get("requires-dist", ()),
        requires_python=next(iter(headers.get("requires-python", ())), None),
        provides_extra=headers.get("provides-extra", ()),
        summary=next(iter(headers.get("summary", ())), None),
        import_names=tuple(
            name
            for value in headers.get("import-name", ())
            if (name := value.partition(";")[0].strip())
        ),
    )


def parse_requires_txt(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Parse an egg-info's ``requires.txt`` into (requirements, extras), as Requires-Dist has them.

    Format (setuptools): bare lines first, then sections ``[EXTRA:MARKER]`` with either part empty.
    """
    requirements: list[str] = []
    extras: list[str] = []
    markers: list[str] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line.startswith("[") and line.endswith("]"):
            extra, _, marker = line[1:-1].partition(":")
            markers = [f"({marker})"] if marker else []
            if extra:
                extras.append(extra)
                markers.append(f'extra == "{extra}"')
        else:
            requirements.append(f"{line} ; {' and '.join(markers)}" if markers else line)
    return tuple(requirements), tuple(dict.fromkeys(extras))
