"""The two halves of a plan, done by a builder as conda and pip would."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.origins import hash_record
from conda_pip_interop.changes.plan import Staged
from conda_pip_interop.changes.staging import read_staged
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.provenance import Provenance
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.values import dataclass
from tests.support.builders import Files, PrefixBuilder
from tests.support.hosts import NoConda

if TYPE_CHECKING:
    from conda_pip_interop.changes.atomic.journal import CondaChange
    from conda_pip_interop.changes.plan import PipPart

SECTION = "==> 2026-11-24 05:54:21 <==\n"


def _nothing() -> None:
    """Let a part do what it does."""


@dataclass(kw_only=True)
class BuiltConda(NoConda):
    """Links `name` 2.0, in the place of 1.0 if that is there; what it replaces can come back.

    `during` is called for each moment (`download`, `begin`, `linked`, `end`) and may raise.
    """

    built: PrefixBuilder
    name: str = "numpy"
    files: Files = field(default_factory=lambda: {"numpy/__init__.py": "2.0"})
    during: Mapping[str, Callable[[], object]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    _replaced: dict[str, bytes] = field(default_factory=dict)

    @property
    def unlinked_names(self) -> frozenset[str]:
        """See `CondaPart.unlinked_names`."""
        return frozenset([self.name]) if self._has_old() else frozenset()

    def _has_old(self) -> bool:
        return (self.built.root / f"conda-meta/{self.name}-1.0-0.json").exists()

    def list_created(self) -> tuple[PrefixPath, ...]:
        """See `CondaPart.list_created`."""
        paths = [self.built.place(path) for path in self.files]
        paths += [f"conda-meta/{self.name}-2.0-0.json", "../outside"]
        return tuple(map(PrefixPath, paths))

    def find_carried(self) -> Mapping[NormalizedName, str]:
        """See `CondaPart.find_carried`."""
        return {canonicalize_name(self.name): "2.0"}

    def find_goal(self) -> PrefixPath | None:
        """See `CondaPart.find_goal`."""
        return PrefixPath(f"{self.built.dist_info(self.name, '2.0')}/METADATA")

    def download(self) -> None:
        """See `CondaPart.download`."""
        self._call("download")

    def _call(self, moment: str) -> None:
        self.calls.append(moment)
        self.during.get(moment, _nothing)()

    def execute(self) -> None:
        """See `CondaPart.execute`; conda's record is the last thing that it writes."""
        history = (self.built.root / "conda-meta/history").read_bytes()
        self._replaced = {"conda-meta/history": history}
        self._call("begin")
        lines = [SECTION.strip()]
        if self._has_old():
            record = self.built.root / f"conda-meta/{self.name}-1.0-0.json"
            paths = next(
                [file.path for file in one.files]
                for one in read_snapshot(self.built.root).records
                if one.name == self.name
            )
            for path in (*paths, f"conda-meta/{record.name}"):
                with contextlib.suppress(FileNotFoundError):  # pip's, moved aside before
                    self._replaced[path] = (self.built.root / path).read_bytes()
            self.built.conda_remove(self.name)
            lines.append(f"-main/linux-64::{self.name}-1.0-0")
        for path, content in self.files.items():
            self.built.write(self.built.place(path), content)
        self._call("linked")
        self.built.conda_package(self.name, "2.0", self.files)
        lines.append(f"+main/linux-64::{self.name}-2.0-0")
        text = "\n".join((*lines, f"# update specs: ['{self.name}']", ""))
        self.built.write("conda-meta/history", history + text.encode())
        self._call("end")

    def roll_back(self) -> None:
        """See `CondaPart.roll_back`."""
        self.calls.append("roll back")
        self._put_back()

    def revert(self, change: CondaChange) -> None:
        """See `Reverter.revert`."""
        assert change.linked == (f"{self.name}-2.0-0.json",)
        history = (self.built.root / "conda-meta/history").read_bytes()
        assert change.history_sha256 == hashlib.sha256(history).hexdigest()
        self._call("revert")
        self._put_back()

    def _put_back(self) -> None:
        self.built.conda_remove(self.name)
        for path, content in self._replaced.items():
            self.built.write(path, content)


@dataclass(frozen=True, kw_only=True)
class BuiltPip:
    """Stages a distribution, as pip does; `during` is called when that is done, and may raise."""

    prefix: Path
    name: str = "app"
    version: str = "1.0"
    files: Files | None = None
    needs_conda: bool = False
    clones: bool = False
    requested: str = ""
    during: Callable[[], object] = _nothing

    def stage(self, into: Path) -> Staged:
        """See `PipPart.stage`."""
        builder = PrefixBuilder(root=into, conda=False)
        builder.pip_package(self.name, self.version, self.files)
        extras = (f"{builder.site_packages}/README.txt", f"{builder.stdlib}/os.py", "bin/python")
        for extra in extras:
            (into / extra).unlink()
        self.during()
        staged = read_staged(into, read_snapshot(self.prefix).prefix)
        return replace(
            staged,
            origins=tuple(
                Provenance(
                    name=one.name,
                    version=one.version,
                    record_sha256=hash_record(into, one),
                    url=f"https://index.example.org/{one.name}-{one.version}-py3-none-any.whl",
                    sha256="a" * 64,
                    requested=self.requested,
                )
                for one in staged.distributions
            ),
        )


if TYPE_CHECKING:
    _PART: type[PipPart] = BuiltPip
