"""A folder with the files of a lock, from which it is installed without a network.

`conda/SUBDIR/` has conda's packages, `pip/` wheels, and `built.json` says from which source each
wheel was built that the lock does not name.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.changes.atomic.files import hash_file, replace_file
from conda_pip_interop.environment.site_packages.provenance import SHA256
from conda_pip_interop.errors import InteropError
from conda_pip_interop.exports.sources import (
    FromIndex,
    Unknown,
    build_reference,
)
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from packaging.utils import NormalizedName

    from conda_pip_interop.exports.sources import Source
    from conda_pip_interop.locks.lock import LockedDistribution, LockedPackage

_BUILT: Final = "built.json"
_FORMAT: Final = 1
_WHEEL: Final = regex(r"[A-Za-z0-9_][A-Za-z0-9_.+!-]*\.whl")


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalWheel:
    """A wheel in the folder, with its SHA-256 (hex)."""

    file: str
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OfflineFolder:
    """Such a folder; `root` is absolute."""

    root: Path

    @property
    def wheels(self) -> Path:
        """Where the wheels are."""
        return self.root / "pip"

    def locate(self, package: LockedPackage) -> Path:
        """Return where a conda package is, or belongs."""
        return self.root / "conda" / package.subdir / package.file_name

    def find_wheels(
        self, distributions: Iterable[LockedDistribution]
    ) -> dict[NormalizedName, LocalWheel]:
        """Find the wheels of distributions; those that are not there are left out."""
        built = self.read_built()
        named = {one.name: _find_wheel(one, built) for one in distributions}
        return {
            name: wheel
            for name, wheel in named.items()
            if wheel is not None and (self.wheels / wheel.file).is_file()
        }

    def refuse_incomplete(
        self,
        packages: Iterable[LockedPackage],
        distributions: Iterable[LockedDistribution],
        origin: str,
    ) -> None:
        """Raise InteropError `not-downloaded` with all that is missing, `wrong-hash` for a wheel.

        The hash of a conda package is checked when it is put into the cache.
        """
        distributions = tuple(distributions)
        wheels = self.find_wheels(distributions)
        missing = [one.name for one in packages if not self.locate(one).is_file()]
        missing += [one.name for one in distributions if one.name not in wheels]
        for wheel in wheels.values():
            self.check(wheel)
        if missing:
            raise InteropError(
                "not-downloaded",
                f"{self.root} lacks {count(len(missing), 'package')} of {origin}: "
                f"{', '.join(missing)}. Nothing was changed.",
                hints=(
                    "To fix, where there is a network: `conda pip download --lock FILE -d DIR`.",
                ),
            )

    def check(self, wheel: LocalWheel) -> None:
        """Raise InteropError `wrong-hash` if a wheel is not what it was."""
        found = hash_file(self.wheels / wheel.file)
        if found != wheel.sha256:
            raise refuse_hash(self.wheels / wheel.file, wheel.sha256, found)

    def read_built(self) -> dict[str, LocalWheel]:
        """Read which wheel was built from which source.

        Raises InteropError `unreadable-file`, also for the format of a newer version.
        """
        file = self.root / _BUILT
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, RecursionError) as error:
            raise _unreadable(file) from error
        return parse_built(document, file)

    def note_built(self, wheels: dict[str, LocalWheel]) -> None:
        """Add wheels by their sources."""
        known = self.read_built() | wheels
        rows = [{"source": source, **asdict(one)} for source, one in sorted(known.items())]
        text = json.dumps({"format": _FORMAT, "wheels": rows}, indent=2)
        replace_file(self.root / _BUILT, f"{text}\n".encode())


def _find_wheel(one: LockedDistribution, built: dict[str, LocalWheel]) -> LocalWheel | None:
    match one.source:
        case FromIndex(sha256=str(sha256)) as source if source.is_wheel:
            return LocalWheel(file=source.file_name, sha256=sha256)
        case source:
            return built.get(describe_source(source))


def parse_built(document: Any, file: Path) -> dict[str, LocalWheel]:
    """Parse `built.json`; raises InteropError `unreadable-file`."""
    match document:
        case {"format": 1, "wheels": list(rows)}:
            return dict(_parse_row(row, file) for row in rows)
    raise _unreadable(file)


def _parse_row(row: Any, file: Path) -> tuple[str, LocalWheel]:
    match row:
        case {"source": str(source), "file": str(name), "sha256": str(sha256)}:
            if _WHEEL.fullmatch(name) and SHA256.fullmatch(sha256):
                return source, LocalWheel(file=name, sha256=sha256)
    raise _unreadable(file)


def _unreadable(file: Path) -> InteropError:
    return InteropError(
        "unreadable-file",
        f"{file} cannot be read: it is not what this version of `conda pip download` writes.",
        hints=("To fix: remove it, then download again.",),
    )


def refuse_hash(file: object, expected: str, found: str, algorithm: str = "sha256") -> InteropError:
    """Build the error for a file that is not the one of the lock."""
    return InteropError(
        "wrong-hash",
        f"{file} does not have the hash that the lock states: expected {algorithm}:{expected}, "
        f"found {algorithm}:{found}. Nothing was changed.",
        hints=("Check where the file comes from, or write the lock again.",),
    )


def describe_source(source: Source) -> str:
    """Describe exactly what a wheel is built from: a commit, an archive by its hash, a folder."""
    match source:
        case Unknown():
            raise AssertionError(source)  # no lock has one
        case known:
            return build_reference(known)
