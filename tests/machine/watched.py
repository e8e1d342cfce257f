"""One environment as it is run and read, and what must hold of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.findings.reconciliation import plan_reconcile
from conda_pip_interop.findings.registry import find_all
from tests.machine.console import Console
from tests.machine.invariants import (
    Broken,
    describe_difference,
    find_orphans,
    find_unowned_removed,
    find_untrue,
)
from tests.machine.trees import Entry, Seen, Tree, TreeReader, read_claims


class BrokenError(AssertionError):
    """Something that must hold does not; it begins with which, so that it can be compared."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """An operation of ours that nothing has followed but others of ours, and what was before.

    `before` is None where the command had first reconciled what others had done.
    """

    operation: str
    before: Tree | None


@dataclass(kw_only=True)
class Watched:
    """An environment under test; `done`: the steps so far; `mine`: what a person put there.

    `edited` is what a person has made of files of packages.
    """

    console: Console
    reader: TreeReader
    done: list[str] = field(default_factory=list)
    mine: dict[str, str] = field(default_factory=dict)
    edited: dict[str, Entry] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    seen: Seen = field(init=False)
    broken: bool = False

    def __post_init__(self) -> None:
        self._see()

    @property
    def prefix(self) -> Path:
        """The environment's folder."""
        return self.console.env.prefix

    # What must hold

    def _look_changed(self, before: Seen, kinds: set[str], *, leaves_orphans: bool = False) -> None:
        """`leaves_orphans`: conda without our actions overwrites the RECORD of the same version."""
        self._refuse(find_untrue(self.prefix, self.seen, self.edited))
        self._refuse(find_unowned_removed(before, self.seen, kinds))
        if not leaves_orphans:
            self._refuse(find_orphans(before, self.seen, self.edited))

    def _look_failed(self, before: Seen, *, is_due: bool) -> None:
        """What failed has changed nothing, but for what a hook has reconciled."""
        self._hold("failed", is_due or not self._differs(before), f"changed: {self._tell(before)}")
        if self._differs(before):
            self.points.clear()

    def _refuse(self, broken: Iterator[Broken]) -> None:
        for label, text in broken:
            self._hold(label, False, text)

    def _hold(self, label: str, holds: bool, text: str) -> None:
        if not holds:
            self.broken = True
            steps = "\n".join(f"    {one!r}," for one in self.done)
            raise BrokenError(f"{label}: {text}\n[\n{steps}\n]\n{self.console.output}")

    # How it is run and read

    def _conda(
        self, words: list[str], *more: str, **extra: str
    ) -> subprocess.CompletedProcess[str]:
        done = self.console.conda(words, *more, **extra)
        self._refuse(self.console.find_faults(done))
        return done

    def _check(self) -> list[Any]:
        """The findings, as the command tells them."""
        done = self._conda(["pip", "check"], "--json")
        findings = json.loads(done.stdout)["findings"]
        self._hold("code", done.returncode == int(bool(findings)), "check's exit code")
        for one in findings:
            self._hold("remedy", bool(one["commands"]), f"names no remedy: {one['summary']}")
        return list(findings)

    def _judge(self) -> tuple[set[str], bool]:
        """The kinds of findings that there are, and whether there is something to reconcile."""
        snapshot = read_snapshot(self.prefix)
        return {one.kind for one in find_all(snapshot)}, bool(plan_reconcile(snapshot)[0].steps)

    def _operations(self) -> list[str]:
        found = list_operations(self.prefix)
        return [one[0].identifier for one in found if not one[0].automatic]

    def _see(self) -> Seen:
        self.seen = Seen(tree=self.reader.read(self.prefix), claims=read_claims(self.prefix))
        return self.seen

    def _differs(self, before: Seen) -> bool:
        return self.seen.tree != before.tree

    def _tell(self, before: Seen) -> str:
        return describe_difference(before.tree, self.seen.tree)
