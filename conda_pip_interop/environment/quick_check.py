"""Quick checks without parsing: whether pip changed anything, and which records are at risk."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.prefix import Prefix


#: An anchor file in the text of a record: by it conda recognises a Python distribution.
_ANCHOR = re.compile(
    rb'"((?:lib/(?:python|pypy)[^/"]+|Lib)/site-packages/[^/"]+'
    rb'(?:\.dist-info/RECORD|\.egg-info/PKG-INFO|\.egg-info))"'
)
#: This project's data of an override in a record (`conda_records.OWN_KEY`).
_OVERRIDDEN = b'"pip_interop": {'


def read_records_at_risk(root: Path) -> dict[Path, bytes]:
    """Return the records of a prefix that conda would delete or misread, with their content.

    Records are searched as bytes, not parsed: this runs before every `conda list`. Unreadable ones
    are omitted: conda cannot read and delete them either.
    """
    at_risk = {}
    for path in (root / "conda-meta").glob("*.json"):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        anchors = [decode_path(match) for match in _ANCHOR.findall(content)]
        if _OVERRIDDEN in content or (anchors and not _is_anchored(root, min(anchors, key=len))):
            at_risk[path] = content
    return at_risk


def decode_path(text: bytes) -> str:
    """Decode the path in a JSON string."""
    try:
        return str(json.loads(b'"%b"' % text))
    except ValueError:
        return os.fsdecode(text)


def _is_anchored(root: Path, anchor: str) -> bool:
    """Return whether conda would find the anchor; it checks folders, not the files in them.

    An `.egg-info` must be a file or a folder as the record says.
    """
    if anchor.endswith(".egg-info"):
        return (root / anchor).is_file()
    folder = root / anchor.rpartition("/")[0]
    if anchor.endswith("/PKG-INFO") and folder.is_file():
        return False
    return os.path.lexists(folder)


#: The metadata folder or file of a distribution, as a record's text names it.
_METADATA = re.compile(rb'/site-packages/([^/"]+\.(?:dist-info|egg-info|egg-link))["/]')
_SUFFIXES = (".dist-info", ".egg-info", ".egg-link")


def has_pip_changes(prefix: Prefix) -> bool:
    """Return whether pip or another installer may have changed `prefix`.

    True if there is metadata that no record lists, if a package has several records, if listed
    metadata is missing, if an INSTALLER is not conda's, if pip left `~` folders, if there is a
    site-packages folder of another Python, or if something cannot be read.
    """
    if prefix.python is None or prefix.other_site_packages:
        return True
    folder = prefix.root / prefix.python.site_packages
    try:
        present = set(os.listdir(folder))
        claimed: set[str] = set()
        packages: list[str] = []
        with os.scandir(prefix.root / "conda-meta") as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    status = entry.stat()
                    claimed |= _read_claims(entry.path, status.st_mtime_ns, status.st_size)
                    packages.append(entry.name.rsplit("-", 2)[0])
        found = {name for name in present if name.endswith(_SUFFIXES)}
        return (
            found != claimed
            or len(packages) != len(set(packages))
            or any(name.startswith("~") for name in present)
            or any(_is_installed_by_other(folder / name) for name in found)
        )
    except OSError:
        return True


@cache
def _read_claims(record: str, _changed: int, _size: int) -> frozenset[str]:
    """Read the metadata names in a record; one command needs each three times."""
    with open(record, "rb") as file:  # noqa: PTH123 - pathlib is slower here
        return frozenset(map(decode_path, set(_METADATA.findall(file.read()))))


def _is_installed_by_other(metadata: os.PathLike[str]) -> bool:
    try:
        with open(os.path.join(metadata, "INSTALLER"), "rb") as file:  # noqa: PTH118, PTH123 - also
            return file.read(64).strip() != b"conda"
    except (FileNotFoundError, NotADirectoryError):
        return False
