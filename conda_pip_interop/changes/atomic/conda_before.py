"""What conda's part of an operation begins with, and what it has changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from conda_pip_interop.changes.atomic.files import hash_file
from conda_pip_interop.changes.atomic.journal import CondaChange, parse_texts
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaBefore:
    """conda's records and history before its part: the texts of what it is to unlink."""

    records: tuple[str, ...]
    leaving: Mapping[str, str]
    history: str

    def find_change(self, prefix: Path) -> CondaChange:
        """Return what conda has changed since.

        A record of the same name that was replaced counts as both: a noarch package for another
        Python, or one that pip had overridden.
        """
        meta = prefix / "conda-meta"
        before, after = {*self.records}, {file.name for file in meta.glob("*.json")}
        again = {
            name
            for name, text in self.leaving.items()
            if name in after and _read(meta / name) != text
        }
        return CondaChange(
            linked=tuple(sorted((after - before) | again)),
            unlinked={
                name: text
                for name, text in self.leaving.items()
                if name not in after or name in again
            },
            history=self.history,
            history_sha256=hash_file(meta / "history"),
        )


def read_conda_before(prefix: Path, leaving: frozenset[str]) -> CondaBefore:
    """Read what conda's part will change; `leaving` are the packages that it unlinks."""
    meta = prefix / "conda-meta"
    names = tuple(sorted(file.name for file in meta.glob("*.json")))
    return CondaBefore(
        records=names,
        leaving={name: _read(meta / name) for name in names if name.rsplit("-", 2)[0] in leaving},
        history=_read(meta / "history"),
    )


def _read(file: Path) -> str:
    return read_regular(file).decode("utf-8", errors="surrogateescape")


def parse_conda_before(entry: Mapping[str, Any]) -> CondaBefore:
    """Parse what `dataclasses.asdict` makes of it; raises what a malformed entry does."""
    return CondaBefore(
        records=tuple(map(str, entry["records"])),
        leaving=parse_texts(entry["leaving"]),
        history=str(entry["history"]),
    )
