"""What a person does to an environment by hand."""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Final

from tests.machine.packages import EDITABLE, LIBRARY, NAMES
from tests.machine.trees import Tree
from tests.support.environments import Env

_OF_OURS: Final = re.compile(rf"(?:^|/)(?:{'|'.join(NAMES)}|{EDITABLE}|{LIBRARY}|ns)[^/]*(?:/|$)")


def list_ours(tree: Tree) -> list[str]:
    """The paths of the machine's packages, records included."""
    return [path for path in sorted(tree) if _OF_OURS.search(path)]


def put(prefix: Path, tree: Tree, number: int, name: str) -> str:
    """Put a file beside those of packages, but for metadata and records; return its path."""
    folders = sorted({str(Path(one).parent) for one in list_ours(tree)} | {"lib", "share"})
    folders = [one for one in folders if "-info" not in one and "conda-meta" not in one]
    path = f"{folders[number % len(folders)]}/{name}"
    (prefix / path).parent.mkdir(exist_ok=True)
    (prefix / path).write_text("mine\n")
    return path


def edit(prefix: Path, tree: Tree, number: int, mine: Collection[str]) -> str | None:
    """Add a line to a file of a package, as an editor does, in a new file; return its path.

    Not to metadata: what is wrong there has tests of its own.
    """
    files = [one for one in _list_files(prefix, tree, mine) if "-info/" not in one]
    if not files:
        return None
    path = files[number % len(files)]
    content = (prefix / path).read_bytes()
    (prefix / path).unlink()
    (prefix / path).write_bytes(content + b"# edited\n")
    return path


def delete(prefix: Path, tree: Tree, number: int, mine: Collection[str]) -> None:
    """Delete a file of a package."""
    files = _list_files(prefix, tree, mine)
    if files:
        (prefix / files[number % len(files)]).unlink()


def forget(prefix: Path, tree: Tree, number: int) -> None:
    """Delete a record, as conda without the plugin does (conda#14423)."""
    records = [one for one in list_ours(tree) if re.fullmatch(r"conda-meta/.*\.json", one)]
    if records:
        (prefix / records[number % len(records)]).unlink()


def drop(prefix: Path, tree: Tree, number: int) -> str:
    """Delete the metadata of a distribution, and return the folder's name."""
    folders = [one for one in list_ours(tree) if one.endswith(".dist-info")]
    if not folders:
        return ""
    folder = prefix / folders[number % len(folders)]
    shutil.rmtree(folder)
    return folder.name


def word_copy(verb: str, source: Env, copy: Env) -> list[str]:
    """The words of conda that copy an environment, or rename it."""
    if verb == "clone":
        return ["create", "-y", "-n", copy.name, "--clone", source.name]
    return ["rename", "-n", source.name, copy.name]


def _list_files(prefix: Path, tree: Tree, mine: Collection[str]) -> list[str]:
    return [
        path
        for path in list_ours(tree)
        if path not in mine and not path.startswith("conda-meta") and (prefix / path).is_file()
    ]
