"""Records that conda's readers get wrong: those in whose place is pip's payload, or none.

`conda list`, `export` and `compare` delete the `conda-meta/*.json` of a package when the folder of
its (shortest) anchor file is gone (conda's `pypi` prefix-data loader; conda#14423). Of a record
that we have rewritten to pip's payload they would show conda's version.
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
