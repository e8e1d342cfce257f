"""What lies in an environment, and who claims it: read without the plugin's own code."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from conda_pip_interop.changes.atomic.journal import STATE_FOLDER

#: A mode, and a link's target or the hash of a file's content.
Entry: TypeAlias = tuple[int, str]
#: By path.
Tree: TypeAlias = dict[str, Entry]


@dataclass(kw_only=True)
class TreeReader:
    """Reads the same folders again and again: what has not changed is hashed once."""

    known: dict[tuple[int, int, int, int], str] = field(default_factory=dict)

    def read(self, prefix: Path) -> Tree:
        """Everything but compiled files and our own state."""
        tree: Tree = {}
        self._read(prefix, "", tree)
        return tree

    def _read(self, prefix: Path, folder: str, tree: Tree) -> None:
        with os.scandir(prefix / folder) as entries:
            for entry in entries:
                name = f"{folder}{entry.name}"
                if entry.name == "__pycache__" or name == STATE_FOLDER:
                    continue
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISDIR(status.st_mode):
                    tree[name] = (status.st_mode, "")
                    self._read(prefix, f"{name}/", tree)
                elif stat.S_ISLNK(status.st_mode):
                    tree[name] = (status.st_mode, str(Path(entry.path).readlink()))
                else:
                    tree[name] = (status.st_mode, self._hash(entry.path, status))

    def _hash(self, path: str, status: os.stat_result) -> str:
        key = (status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        if key not in self.known:
            self.known[key] = hashlib.sha256(Path(path).read_bytes()).hexdigest()
        return self.known[key]


@dataclass(frozen=True, kw_only=True, slots=True)
class Claims:
    """What each conda record and each RECORD lists: name → paths in the prefix."""

    conda: dict[str, frozenset[str]]
    pip: dict[str, frozenset[str]]

    @property
    def all_of_conda(self) -> frozenset[str]:
        """Every path that a record of conda's lists."""
        return frozenset().union(*self.conda.values())

    @property
    def all(self) -> frozenset[str]:
        """Every path that anybody lists."""
        return frozenset().union(*self.conda.values(), *self.pip.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """An environment at one instant."""

    tree: Tree
    claims: Claims


def read_claims(prefix: Path) -> Claims:
    """Read all records of conda, and all RECORDs."""
    conda: dict[str, frozenset[str]] = {}
    for path in (prefix / "conda-meta").glob("*.json"):
        document = json.loads(path.read_text())
        conda[document["name"]] = frozenset(map(_normalize, document["files"]))
    pip: dict[str, frozenset[str]] = {}
    for site_packages in (prefix / "lib").glob("python3.*/site-packages"):
        place = site_packages.relative_to(prefix).as_posix()
        for path in site_packages.glob("*.dist-info/RECORD"):
            rows = csv.reader(path.read_text().splitlines())
            listed = (_normalize(f"{place}/{row[0]}") for row in rows if row)
            pip[path.parent.name] = frozenset(
                one for one in listed if "__pycache__" not in one and not one.startswith("..")
            )
    return Claims(conda=conda, pip=pip)


def _normalize(path: str) -> str:
    return os.path.normpath(path)
