"""Whatever conda and pip did, a record is told as lost if, and only if, it was lost."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.kinds.lost_record import find as find_lost_records
from tests.support.builders import PrefixBuilder
from tests.support.extracted_packages import link, write_history

Act = Literal["link", "remove", "prune", "touch", "pip", "unpip", "list"]
NAMES = ("alpha", "beta")
acts = st.tuples(
    st.sampled_from(["link", "remove", "prune", "touch", "pip", "unpip", "list"]),
    st.sampled_from(NAMES),
    st.sampled_from(["1.0", "2.0"]),
)


@dataclass(kw_only=True)
class World:
    """An environment under a conda without the plugin; `lost` is what it has forgotten.

    `counted`: names that no transaction has written off since.
    """

    built: PrefixBuilder
    cache: Path
    lost: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)

    def do(self, act: Act, name: str, version: str) -> None:
        """One command of conda's or pip's."""
        records = self.records()
        match act:
            case "link":
                if name in records:
                    self.built.conda_remove(name)
                link(self.built, self.cache, name, version, data=True)
                self.lost.discard(name)
                self.close()
            case "remove" | "prune" if name in records:
                self.built.conda_remove(name)
                self.close(*([f"# remove specs: ['{name}']"] if act == "remove" else []))
            case "touch":
                self.close()
            case "pip":
                self.uninstall(name)
                self.built.pip_package(name, version)
            case "unpip":
                self.uninstall(name)
            case "list":
                self.forget()
            case _:
                pass

    def records(self) -> dict[str, tuple[Path, list[str]]]:
        """Name → the record and the files that it lists."""
        found = {}
        for path in (self.built.root / "conda-meta").glob("*.json"):
            raw = json.loads(path.read_text())
            found[raw["name"]] = (path, raw["files"])
        return found

    def uninstall(self, name: str) -> None:
        """`pip uninstall`, whoever has installed it."""
        for folder in (self.built.root / self.built.site_packages).glob(f"{name}-*.dist-info"):
            if (folder / "RECORD").exists():  # else pip refuses
                version = folder.name.removesuffix(".dist-info").partition("-")[2]
                self.built.pip_uninstall(name, version)

    def forget(self) -> None:
        """`conda list`: a record goes when the folder of its distribution is gone."""
        for name, (path, files) in self.records().items():
            info = [file for file in files if file.endswith("/METADATA")]
            if info and not (self.built.root / info[0]).parent.is_dir():
                path.unlink()
                self.lost.add(name)
                self.counted.add(name)

    def close(self, *comments: str) -> None:
        """The end of a transaction: conda writes its history."""
        write_history(self.built, *comments)
        self.counted.clear()


@settings(max_examples=80, deadline=None)
@given(st.lists(acts, max_size=8))
def test_what_was_lost_is_told_and_nothing_else(steps: list[tuple[Act, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        built = PrefixBuilder(root=Path(folder) / "env")
        world = World(built=built, cache=Path(folder) / "pkgs")
        link(built, world.cache, "six", "1.16")
        for name in NAMES:
            world.do("link", name, "1.0")
        for step in steps:
            world.do(*step)
        told = {one.linked.name for one in find_lost_records(read_snapshot(built.root), ())}
        assert told <= world.lost
        assert told >= world.lost & world.counted
