"""A hash over everything in a folder that a person would call its content."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def hash_tree(root: Path, *, but: str | None = None) -> str:
    """Names, modes, link targets and bytes; compiled files come and go by themselves.

    `but`: a folder that is left out.
    """
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if "__pycache__" in name or (but is not None and f"{name}/".startswith(f"{but}/")):
            continue
        digest.update(f"{name}\0{path.lstat().st_mode:o}\0".encode())
        if path.is_symlink():
            digest.update(str(path.readlink()).encode())
        elif path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()
