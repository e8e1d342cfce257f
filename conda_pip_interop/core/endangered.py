"""Records that conda would delete: those whose distribution is no longer in site-packages.

`conda list`, `export` and `compare` delete the `conda-meta/*.json` of a package when the folder of
its (shortest) anchor file is gone (conda's `pypi` prefix-data loader; conda#14423).
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: An anchor file in the text of a record: what conda takes for the sign of a Python distribution.
_ANCHOR = re.compile(
    rb'"((?:lib/(?:python|pypy)[^/"]+|Lib)/site-packages/[^/"]+'
    rb'(?:\.dist-info/RECORD|\.egg-info/PKG-INFO|\.egg-info))"'
)


def read_endangered_records(root: Path) -> dict[Path, bytes]:
    """The endangered records of the prefix at `root`, with their content.

    Records are searched as bytes, not parsed: this runs before every `conda list`. One that cannot
    be read cannot be deleted by conda either, and is left out.
    """
    endangered = {}
    for path in (root / "conda-meta").glob("*.json"):
        try:
            content = path.read_bytes()
        except OSError:
            continue
        anchors = [_decode(match) for match in _ANCHOR.findall(content)]
        if anchors and not _is_there(root, min(anchors, key=len)):  # of equals the first, as conda
            endangered[path] = content
    return endangered


#: The metadata of a distribution, as a record's text names it.
_METADATA = re.compile(rb'/([^/"]+\.(?:dist-info|egg-info|egg-link))["/]')


def has_unclaimed_distributions(root: Path, site_packages: str) -> bool:
    """Whether a distribution is there that no record names: the cheap sign of pip's work.

    A conda package that pip has put in place anew, at the same version, is not seen by it.
    """
    try:
        names = {
            name
            for name in os.listdir(root / site_packages)
            if name.endswith((".dist-info", ".egg-info", ".egg-link"))
        }
        for path in (root / "conda-meta").glob("*.json"):
            names.difference_update(map(_decode, _METADATA.findall(path.read_bytes())))
    except OSError:
        return True
    return bool(names)


def _decode(text: bytes) -> str:
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
