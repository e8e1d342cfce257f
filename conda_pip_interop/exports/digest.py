"""One hash of all that an environment contains: equal for equal environments, wherever they are."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from conda_pip_interop.exports.as_explicit import find_md5
from conda_pip_interop.exports.sources import FromArchive, FromFolder, FromIndex, FromRepository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conda_pip_interop.exports.contents import Contents
    from conda_pip_interop.exports.sources import Source


def digest_contents(contents: Contents) -> str:
    """Return the SHA-256 (hex) of the platform, and of each package with its file."""
    text = "".join(f"{line}\n" for line in (contents.subdir, *sorted(_list_lines(contents))))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _list_lines(contents: Contents) -> Iterator[str]:
    for package in contents.conda:
        replaced = "".join(sorted(package.replaced_by))
        yield f"conda {package.spec} {find_md5(package.record) or ''} {replaced}"
    for one in contents.pip:
        yield f"pip {one.key} {one.version} {_identify(one.source)}"


def _identify(source: Source) -> str:
    """Return what tells its content; where a folder is differs between machines."""
    match source:
        case FromIndex(sha256=digest):
            return digest or ""
        case FromRepository(commit=commit, subdirectory=within):
            return f"{commit} {within}"
        case FromArchive(digest=digest, subdirectory=within):
            return f"{digest} {within}"
        case FromFolder(editable=editable):
            return "editable" if editable else "folder"
    return ""
