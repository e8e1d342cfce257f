"""Quick checks on raw bytes: whether pip has changed anything, which records need protection."""

from __future__ import annotations

import json
import os
import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.prefix import Prefix


#: An anchor file in the text of a record: what conda takes for the sign of a Python distribution.
_ANCHOR = re.compile(
    rb'"((?:lib/(?:python|pypy)[^/"]+|Lib)/site-packages/[^/"]+'
    rb'(?:\.dist-info/RECORD|\.egg-info/PKG-INFO|\.egg-info))"'
)
#: The note of an override that this project writes into a record (`conda_meta.OWN_KEY`).
_OVERRIDDEN = b'"pip_interop": {'


def read_endangered_records(root: Path) -> dict[Path, bytes]:
    """The records of the prefix at `root` that conda would delete or misread, with their content.

    Records are searched as bytes, not parsed: this runs before every `conda list`. One that cannot
    be read cannot be deleted by conda either, and is left out.
    """
    endangered = {}
    for path in (root / "conda-meta").glob("*.json"):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        anchors = [decode_path(match) for match in _ANCHOR.findall(content)]
        if _OVERRIDDEN in content or (anchors and not _is_there(root, min(anchors, key=len))):
            endangered[path] = content
    return endangered


def decode_path(text: bytes) -> str:
    """The path that a JSON string stands for."""
    try:
        return str(json.loads(b'"%b"' % text))
    except ValueError:
        return os.fsdecode(text)


def _is_there(root: Path, anchor: str) -> bool:
    """Whether conda would find the anchor: it looks at folders, not inside them.

    An `.egg-info` must be what the record says it is, a file or a folder.
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


def has_signs_of_pip(prefix: Prefix) -> bool:
    """Whether pip, or another installer, may have worked in `prefix`.

    Signs are: metadata that no record names, or that is gone; an INSTALLER that is not conda's;
    what pip set aside; site-packages of another Python. What cannot be read is a sign too.
    """
    if prefix.python is None or prefix.other_site_packages:
        return True
    folder = prefix.root / prefix.python.site_packages
    try:
        present = set(os.listdir(folder))
        claimed: set[str] = set()
        with os.scandir(prefix.root / "conda-meta") as entries:
            for entry in entries:
                if entry.name.endswith(".json"):
                    status = entry.stat()
                    claimed |= _read_claims(entry.path, status.st_mtime_ns, status.st_size)
        found = {name for name in present if name.endswith(_SUFFIXES)}
        return (
            found != claimed
            or any(name.startswith("~") for name in present)
            or any(_is_installed_by_other(folder / name) for name in found)
        )
    except OSError:
        return True


@cache
def _read_claims(record: str, _changed: int, _size: int) -> frozenset[str]:
    """The metadata that a record names; one command looks at each three times."""
    with open(record, "rb") as file:  # noqa: PTH123
        return frozenset(map(decode_path, set(_METADATA.findall(file.read()))))


def _is_installed_by_other(metadata: os.PathLike[str]) -> bool:
    try:
        with open(os.path.join(metadata, "INSTALLER"), "rb") as file:  # noqa: PTH118, PTH123
            return file.read(64).strip() != b"conda"
    except (FileNotFoundError, NotADirectoryError):
        return False
