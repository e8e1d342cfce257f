"""`corrupt-record`: a file in conda-meta that conda cannot read, or ignores for its name."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.plan import Plan, RemoveFile, WriteFile
from conda_pip_interop.environment.conda_meta.history import (
    HISTORY_FILE,
    Linked,
    drop_broken_lines,
    find_history_fault,
    read_history,
    read_history_text,
)
from conda_pip_interop.environment.conda_meta.records import CondaRecord, Unreadable
from conda_pip_interop.environment.origin import shorten_channel
from conda_pip_interop.environment.paths import PrefixPath, read_regular, render_move, to_disk
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.base import Evidence, Finding
from conda_pip_interop.findings.kinds.lost_record import LostRecordFinding, build_lost, read_lost
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import BuildCommand


def _describe(file: Unreadable) -> str:
    return f"conda cannot read {file.path} ({file.reason}), and its commands fail"


def _move_first(folder: Path | None, commands: list[str]) -> list[str]:
    move = [] if folder is None else [render_move(folder)]
    return [" && ".join([*move, one]) for one in commands]


@dataclass(frozen=True, kw_only=True)
class CorruptRecordFinding(LostRecordFinding):
    """``file`` was the record of ``linked``; it is repaired as a lost one is."""

    kind: ClassVar[str] = "corrupt-record"

    file: Unreadable
    folder: Path | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{_describe(self.file)}; {self.describe_rest()}."

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: a folder is moved first."""
        return _move_first(self.folder, super().render_commands(command))


@dataclass(frozen=True, kw_only=True)
class StrayRecordFinding(Finding):
    """``file`` is the record of no package, or of one that has a valid record."""

    kind: ClassVar[str] = "corrupt-record"

    file: Unreadable
    folder: Path | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{_describe(self.file)}; it is the only record of no package."

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: to move a folder is all."""
        return (
            super().render_commands(command) if self.folder is None else [render_move(self.folder)]
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.conda_name),)

    @property
    def conda_name(self) -> str:
        """See `Finding.conda_name`: what its file name says."""
        return _find_stem(self.file).rsplit("-", 2)[0]

    def fix(self, snapshot: Snapshot) -> Plan:
        """Remove the file; `conda pip undo` brings it back."""
        step = RemoveFile(path=self.file.path, reason="conda cannot read it")
        return Plan(title="repair", steps=(step,), fingerprint=snapshot.fingerprint)


@dataclass(frozen=True, kw_only=True)
class MisnamedRecordFinding(Finding):
    """conda ignores ``record``: its file has another name than NAME-VERSION-BUILD, at ``place``."""

    kind: ClassVar[str] = "corrupt-record"

    record: CondaRecord
    place: PrefixPath

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return (
            f"conda ignores {self.record.path}, the record of {self.record.name} "
            f"{self.record.version}: its name should be {PurePosixPath(self.place).name}."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.record.name),)

    def fix(self, snapshot: Snapshot) -> Plan:
        """Rename the file."""
        reason = f"the record of {self.record.name}"
        content = read_regular(to_disk(snapshot.prefix.root, self.record.path))
        steps = (
            WriteFile(path=self.place, content=content, reason=reason),
            RemoveFile(path=self.record.path, reason=reason),
        )
        return Plan(title="repair", steps=steps, fingerprint=snapshot.fingerprint)


@dataclass(frozen=True, kw_only=True)
class CorruptHistoryFinding(Finding):
    """conda cannot read its history, for ``reason``; ``folder`` is one in its place."""

    kind: ClassVar[str] = "corrupt-record"

    reason: str
    folder: Path | None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        return f"{_describe_history(self.reason)}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair"),)

    def render_commands(self, command: BuildCommand) -> list[str]:
        """See `Finding.render_commands`: a folder is moved first."""
        return _move_first(self.folder, super().render_commands(command))

    def fix(self, snapshot: Snapshot) -> Plan:
        """Write what can be read of it; else what the records say of the present."""
        root = snapshot.prefix.root
        text = drop_broken_lines(read_history_text(root)) or _build_history(snapshot.records)
        step = WriteFile(path=HISTORY_FILE, content=text.encode(), reason=self.reason)
        return Plan(title="repair", steps=(step,), fingerprint=snapshot.fingerprint)


def _find_history_fault(snapshot: Snapshot) -> str | None:
    """Return what conda would fail at; a folder without records need have no history."""
    return find_history_fault(snapshot.prefix.root) if snapshot.records else None


def _describe_history(reason: str) -> str:
    return f"conda cannot read {HISTORY_FILE} ({reason}), and its commands fail"


def _build_history(records: Iterable[CondaRecord]) -> str:
    """Build a history of one section, in which all records were linked as they were requested."""
    linked = sorted(
        f"+{shorten_channel(one.channel)}/{one.subdir}::{one.name}-{one.version}-{one.build}"
        for one in records
    )
    specs = sorted(one.requested_spec for one in records if one.requested_spec)
    heading = time.strftime("==> %Y-%m-%d %H:%M:%S <==")
    return "\n".join([heading, "# cmd: conda pip repair", *linked, f"# update specs: {specs}", ""])


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find what is in conda-meta as a record and has no valid content."""
    yield from _find_misnamed(snapshot)
    reason = _find_history_fault(snapshot)
    if reason is not None:
        place = to_disk(snapshot.prefix.root, HISTORY_FILE)
        found = "present" if os.path.lexists(place) else "absent"
        evidence = Evidence(path=HISTORY_FILE, found=found)
        folder = place if place.is_dir() else None
        yield CorruptHistoryFinding(reason=reason, folder=folder, evidence=(evidence,))
    valid = {one.name for one in snapshot.records}
    for file in snapshot.unreadable:
        if not file.corrupt:
            continue
        linked = _find_linked(file, snapshot)
        evidence = Evidence(path=file.path)
        place = to_disk(snapshot.prefix.root, file.path)
        folder = place if place.is_dir() and not place.is_symlink() else None
        if linked is None or linked.name in valid:
            yield StrayRecordFinding(file=file, folder=folder, evidence=(evidence,))
            continue
        lost = build_lost(linked, read_lost(linked, snapshot), snapshot)
        yield CorruptRecordFinding(
            record=lost.record,
            distribution=lost.distribution,
            linked=linked,
            by=lost.by,
            orphans=lost.orphans,
            gone=lost.gone,
            file=file,
            folder=folder,
            evidence=(evidence, *lost.evidence[1:]),
        )


def _find_misnamed(snapshot: Snapshot) -> Iterator[MisnamedRecordFinding]:
    for one in snapshot.records:
        place = PrefixPath(f"conda-meta/{one.name}-{one.version}-{one.build}.json")
        if one.path != place and not os.path.lexists(to_disk(snapshot.prefix.root, place)):
            evidence = Evidence(path=one.path, expected="absent")
            yield MisnamedRecordFinding(record=one, place=place, evidence=(evidence,))


def _find_linked(file: Unreadable, snapshot: Snapshot) -> Linked | None:
    """Return the package of a record by its file name, and by the history if that has it."""
    stem = _find_stem(file)
    parts = stem.rsplit("-", 2)
    if len(parts) < 3:  # noqa: PLR2004 - name, version, build
        return None
    known = read_history(snapshot.prefix.root).get(parts[0])
    if known is not None and known.stem == stem:
        return known
    name, version, build = parts
    return Linked(text=stem, source="", name=name, version=version, build=build)


def _find_stem(file: Unreadable) -> str:
    return PurePosixPath(file.path).stem


def refuse_corrupt_records(snapshot: Snapshot, target: Target) -> None:
    """Raise InteropError `corrupt-record`: without a record conda's files would count as pip's."""
    faults = [_describe(one) for one in snapshot.unreadable if one.corrupt]
    reason = _find_history_fault(snapshot)
    faults += [] if reason is None else [_describe_history(reason)]
    if faults:
        repair = target.command("conda", "pip", "repair")
        raise InteropError(
            "corrupt-record",
            f"Nothing was changed in {target.label}: {faults[0]}.",
            hints=(f"To fix: `{repair}`.",),
        )
