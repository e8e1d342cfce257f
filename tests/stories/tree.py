"""A hash over everything in a folder that a person would call its content."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from tests.support.trees import read_content, walk_tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.environments import Env


def hash_tree(root: Path, *, but: str | None = None) -> str:
    """Names, modes, link targets and bytes; compiled files come and go by themselves.

    `but`: a folder that is left out.
    """
    digest = hashlib.sha256()
    for name, status in walk_tree(root):
        if "__pycache__" in name or (but is not None and f"{name}/".startswith(f"{but}/")):
            continue
        content = read_content(root / name, status)
        digest.update(f"{name}\0{status.st_mode:o}\0{content}\0".encode())
    return digest.hexdigest()


def compare_records(env: Env) -> tuple[set[str], set[str]]:
    """What lies in the environment and no record lists; what is listed and does not lie there."""
    documents = [
        json.loads(record.read_text()) for record in (env.prefix / "conda-meta").glob("*.json")
    ]
    listed = {path for one in documents for path in one["files"]}
    found = {path for path in env.prefix.rglob("*") if path.is_symlink() or not path.is_dir()}
    there = {
        path.relative_to(env.prefix).as_posix()
        for path in found
        if not path.match("_sysconfigdata*.pyc")  # Python compiles it when pip runs
    }
    return {path for path in there - listed if not path.startswith("conda-meta/")}, listed - there
