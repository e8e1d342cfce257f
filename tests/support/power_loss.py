"""A disk that loses power: of what was done, only what was synced is sure to be there afterwards.

A recorder looks at a folder before each change and each `os.fsync`. Between two looks lies one call
of the system, so what is different is one change of names, all of which is there afterwards or
nothing (so do ext4, XFS, btrfs and APFS). A change of names is durable once each folder it changes
was synced after it, the content and mode of a file or a folder once that was synced itself.
Everything else may be there or not, in any combination: no order is assumed, but that a folder goes
with all that was moved out of it before.
"""

from __future__ import annotations

import os
import pickle
import stat
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal, TypeAlias

from tests.support.trees import is_write, refuse_links, run_in_child

#: A folder and a name in it; what lies there.
Name: TypeAlias = tuple[int, str]
Names: TypeAlias = dict[Name, int | None]
#: What becomes of content that was not synced.
Fate: TypeAlias = Literal["lost", "empty", "half", "zeros", "kept"]
FATES: Final[tuple[Fate, ...]] = ("lost", "empty", "half", "zeros", "kept")


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """What a file, a link or a folder is, apart from its names."""

    mode: int
    content: bytes = b""
    mtime_ns: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Renaming:
    """One change of names; it is durable once no folder in `unsynced` is left."""

    names: Names
    unsynced: frozenset[int]
    removed: frozenset[int]  # folders

    @property
    def folders(self) -> frozenset[int]:
        """In which names are changed."""
        return frozenset(folder for folder, _ in self.names)


@dataclass(frozen=True, kw_only=True, slots=True)
class Instant:
    """When power may be lost: what is durable, and what was done since (`now` has all content)."""

    root: int
    names: Mapping[Name, int]
    pending: tuple[Renaming, ...]
    durable: Mapping[int, Node]
    now: Mapping[int, Node]

    @property
    def unsynced(self) -> tuple[int, ...]:
        """What has another content than is durable."""
        return tuple(sorted(one for one in self.now if self.durable.get(one) != self.now[one]))

    def find_tree(self, kept: Collection[int], fates: Mapping[int, Fate]) -> CrashTree:
        """What is there afterwards: `kept` are the pending changes of names, by number."""
        names: Names = {**self.names}
        chosen = [not one.unsynced or n in kept for n, one in enumerate(self.pending)]
        gone: set[int] = set()
        for number, change in reversed([*enumerate(self.pending)]):
            chosen[number] = chosen[number] or bool(gone & change.folders)
            if chosen[number]:
                gone |= change.removed
        for number, change in enumerate(self.pending):
            if chosen[number]:
                names |= change.names
        nodes: dict[str, tuple[int, Node]] = {}
        inside: dict[int, list[tuple[str, int]]] = {}
        for (folder, name), found in names.items():
            if found is not None:
                inside.setdefault(folder, []).append((name, found))
        waiting = [("", self.root)]
        while waiting:
            path, folder = waiting.pop()
            for name, number in sorted(inside.get(folder, ())):
                node = self._decide(number, fates.get(number, "kept"))
                below = f"{path}/{name}" if path else name
                nodes[below] = number, node
                if stat.S_ISDIR(node.mode):
                    waiting.append((below, number))
        return CrashTree(nodes=nodes)

    def _decide(self, number: int, fate: Fate) -> Node:
        now, before = self.now[number], self.durable.get(number)
        if before == now or stat.S_ISLNK(now.mode) or fate == "kept":
            return now
        if stat.S_ISDIR(now.mode):
            return now if before is None else before
        old = b"" if before is None else before.content
        if fate == "lost":
            return replace(now, content=b"") if before is None else before
        size = next(
            (at for at, (a, b) in enumerate(zip(old, now.content, strict=False)) if a != b),
            min(len(old), len(now.content)),
        )
        kept = old[:size]  # lines are appended, after a cut at most
        rest = now.content[len(kept) :]
        content = {
            "empty": kept,
            "half": kept + rest[: len(rest) // 2],
            "zeros": kept + b"\0" * len(rest),
        }[fate]
        return replace(now, content=content)


@dataclass(frozen=True, kw_only=True, slots=True)
class CrashTree:
    """What a crash has left: by path, which file it is (hard links share one) and what is in it."""

    nodes: Mapping[str, tuple[int, Node]]

    @property
    def key(self) -> object:
        """The same for equal trees."""
        return frozenset(self.nodes.items())

    def write(self, root: Path) -> None:
        """Write it to disk."""
        root.mkdir()
        first: dict[int, Path] = {}
        for path, (number, node) in self.nodes.items():
            target = root / path
            if stat.S_ISDIR(node.mode):
                target.mkdir()
            elif number in first:
                os.link(first[number], target, follow_symlinks=False)
                continue
            elif stat.S_ISLNK(node.mode):
                target.symlink_to(os.fsdecode(node.content))
            else:
                target.write_bytes(node.content)
                target.chmod(stat.S_IMODE(node.mode))
            first[number] = target
            times = (node.mtime_ns, node.mtime_ns)
            os.utime(target, ns=times, follow_symlinks=False)
        for path, (_, node) in sorted(self.nodes.items(), reverse=True):
            if stat.S_ISDIR(node.mode):
                (root / path).chmod(stat.S_IMODE(node.mode))


@dataclass(kw_only=True)
class _Recorder:
    root: Path
    instants: list[Instant] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._held: list[int] = []  # so that no number is used twice
        self._pending: list[Renaming] = []
        self._top = self.root.stat().st_ino
        self._nodes: dict[int, Node] = {}
        self._names: dict[Name, int] = {}
        self._read(self.root, self._top, self._names, self._nodes)
        self._durable, self._base = dict(self._nodes), dict(self._names)

    def look(self) -> None:
        with self._lock:
            self._look()

    def sync(self, number: int) -> None:
        with self._lock:
            self._look()
            if number in self._nodes:
                self._durable[number] = self._nodes[number]
            self._pending = [
                replace(one, unsynced=one.unsynced - {number}) for one in self._pending
            ]
            while self._pending and not self._pending[0].unsynced:
                for name, found in self._pending.pop(0).names.items():
                    self._base.pop(name, None)
                    if found is not None:
                        self._base[name] = found
            self._note()

    def _look(self) -> None:
        names: dict[Name, int] = {}
        nodes = dict(self._nodes)  # an unlinked file may still have a name that is durable
        self._read(self.root, self._top, names, nodes)
        changed: Names = {name: names.get(name) for name in {**self._names, **names}}
        changed = {name: one for name, one in changed.items() if self._names.get(name) != one}
        if not changed and nodes == self._nodes:
            return
        self._nodes = nodes
        if changed:
            before = {self._names[name] for name, one in changed.items() if one is None}
            removed = frozenset(one for one in before if stat.S_ISDIR(nodes[one].mode))
            folders = frozenset(folder for folder, _ in changed)
            self._pending.append(Renaming(names=changed, unsynced=folders, removed=removed))
        self._names = names
        self._note()

    def _note(self) -> None:
        self.instants.append(
            Instant(
                root=self._top,
                names=dict(self._base),
                pending=tuple(self._pending),
                durable=dict(self._durable),
                now=dict(self._nodes),
            )
        )

    def _read(
        self, path: Path, folder: int, names: dict[Name, int], nodes: dict[int, Node]
    ) -> None:
        with os.scandir(path) as entries:
            found = list(entries)
        for entry in found:
            status = entry.stat(follow_symlinks=False)
            number = status.st_ino
            names[folder, entry.name] = number
            if number not in self._nodes:
                self._held.append(os.open(entry.path, os.O_PATH | os.O_NOFOLLOW))
            if entry.is_dir(follow_symlinks=False):
                nodes[number] = Node(mode=status.st_mode)
                self._read(Path(entry.path), number, names, nodes)
                continue
            content = (
                os.fsencode(Path(entry.path).readlink())
                if entry.is_symlink()
                else Path(entry.path).read_bytes()
            )
            nodes[number] = Node(mode=status.st_mode, content=content, mtime_ns=status.st_mtime_ns)


def record(
    work: Callable[[], object], root: Path, scratch: Path, *, links: Collection[int] = (0,)
) -> list[Instant]:
    """Do `work` on the folder `root` in a child, and return each instant power may be lost at.

    Whatever lies there at the beginning is durable. The last instant is that when all is done.
    `links` is what hard links are answered with; see `refuse_links`.
    """
    file = scratch / "instants"

    def work_under_watch() -> None:
        recorder = _Recorder(root=root)
        fsync, watching = os.fsync, threading.local()

        def watch(event: str, arguments: tuple[object, ...]) -> None:
            if is_write(event, arguments) and not getattr(watching, "paused", False):
                watching.paused = True
                recorder.look()
                watching.paused = False

        def fsync_and_note(descriptor: int) -> None:
            fsync(descriptor)
            watching.paused = True
            recorder.sync(os.fstat(descriptor).st_ino)
            watching.paused = False

        sys.addaudithook(watch)
        refuse_links(links)
        os.fsync = fsync_and_note  # type: ignore[assignment]  # ours gives descriptors alone
        work()
        watching.paused = True
        recorder.look()
        file.write_bytes(pickle.dumps(recorder.instants))

    assert run_in_child(work_under_watch) == 0
    instants: list[Instant] = pickle.loads(file.read_bytes())  # noqa: S301 - our child's
    file.unlink()
    return instants


def list_crashes(
    instant: Instant, choose: Callable[[int], int], subsets: int
) -> Iterator[CrashTree]:
    """Yield what may be left: the extremes, then `subsets`; `choose(n)` is a number below n."""
    for fate in FATES:
        for kept in ((), range(len(instant.pending))):
            yield instant.find_tree(kept, dict.fromkeys(instant.unsynced, fate))
    for _ in range(subsets):
        chosen = [number for number, _ in enumerate(instant.pending) if choose(2)]
        fates = {number: FATES[choose(len(FATES))] for number in instant.unsynced}
        yield instant.find_tree(chosen, fates)
