"""Signs of pip's work in an environment, found without reading what conda and pip wrote in full.

Most environments have none; looking closer, which takes a tenth of a second and more, can then be
left out.
"""

from __future__ import annotations

import os
import re
from functools import cache
from typing import TYPE_CHECKING

from conda_pip_interop.core.endangered import decode_path

if TYPE_CHECKING:
    from conda_pip_interop.core.prefix import Prefix

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
