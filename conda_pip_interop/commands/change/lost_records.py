"""Lost records brought back, or what is left of their packages removed.

A record that comes back tells what is on disk: where pip's payload is in place of its own it is an
override, where there is none conda links the package anew.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import read_compiled
from conda_pip_interop.changes.override import read_override, settle_override
from conda_pip_interop.changes.plan import FileAction, PackageAction, RemoveFile, WriteFile
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.commands.change import restore
from conda_pip_interop.environment.conda_records import (
    claimed_metadata,
    read_packaged_record,
    render_record_json,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.findings.lost_record import find_lost_records_in, tell_rest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.lost_record import LostRecord
    from conda_pip_interop.resolve.solver import Conda

_HISTORY: Final = PrefixPath("conda-meta/history")


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordPlan:
    """What becomes of lost records: they come back, or with `clean_up` their remains go."""

    lost: tuple[LostRecord, ...] = ()
    clean_up: bool = False

    @property
    def actions(self) -> tuple[PackageAction, ...]:
        """The same for a person to read."""
        return tuple(_build_action(one, clean_up=self.clean_up) for one in self.lost)

    def covers(self, name: str) -> bool:
        """Whether a name is that of one of the records, or of a distribution that it carries."""
        return any({name, canonicalize_name(name)} & one.names for one in self.lost)

    def renew(self, snapshot: Snapshot) -> RecordPlan:
        """The same for the environment as it is now."""
        names = {one.linked.name for one in self.lost}
        lost = (
            tuple(one for one in find_lost_records_in(snapshot) if one.linked.name in names)
            if names
            else ()
        )
        return replace(self, lost=lost)


def plan_records(
    names: Collection[str], *, snapshot: Snapshot, target: Target, clean_up: bool
) -> RecordPlan:
    """Find the lost records of `names`, or all.

    Raises InteropError `no-lost-record` where the remains of a name are to go that has none,
    `other-python` where a package is to come back that is for another Python.
    """
    plan = RecordPlan(lost=find_lost_records_in(snapshot), clean_up=clean_up)
    for name in names if clean_up else ():
        if not plan.covers(name):
            raise UsageError(
                "no-lost-record",
                f"conda has lost no record of {name} in {target.label}.",
                hints=(f"What there is to settle: `{target.command('conda', 'pip', 'check')}`.",),
            )
    wanted = {spelled for name in names for spelled in (name, canonicalize_name(name))}
    lost = tuple(one for one in plan.lost if not names or wanted & one.names)
    for one in () if clean_up else lost:
        if one.record is not None:
            _refuse_other_python(one.record, snapshot, target)
    return replace(plan, lost=lost)


def _refuse_other_python(record: CondaRecord, snapshot: Snapshot, target: Target) -> None:
    python = snapshot.prefix.python
    here = None if python is None else f"{python.site_packages}/"
    if here is None or any(one.path.startswith(here) for one in claimed_metadata(record)):
        return
    clean_up = target.command("conda", "pip", "repair", "--clean-up", record.name)
    raise InteropError(
        "other-python",
        f"conda's {record.name} {record.version} (build {record.build}), whose record is gone, is "
        f"not for the Python of {target.label}.",
        hints=(
            f"To remove what is left of it: `{clean_up}`.",
            f"To have one that is: `{target.command('conda', 'install', record.name)}`.",
        ),
    )


def _build_action(lost: LostRecord, *, clean_up: bool) -> PackageAction:
    linked = lost.linked
    if clean_up:
        reason = f"its record is gone; {tell_rest(lost)}"
    elif lost.gone:
        reason = "its record and its files are gone"
    else:
        reason = f"its record comes back; {tell_rest(lost)}"
    return PackageAction(
        manager="conda",
        verb="remove" if clean_up else "install" if lost.gone else "keep",
        name=linked.name,
        version=None if clean_up else linked.version,
        previous=linked.version if clean_up else None,
        reason=reason,
    )


def carry_out(
    plan: RecordPlan,
    *,
    snapshot: Snapshot,
    target: Target,
    conda: Conda,
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Write the records, or remove what is left; then conda links what has no files at all."""
    if not plan.lost:
        return
    names = [one.linked.name for one in plan.lost]
    if plan.clean_up:
        title, actions = "repair --clean-up", [*_build_removals(plan, snapshot.prefix.root)]
    else:
        title = "repair"
        actions = [
            action
            for one in plan.lost
            for action in _build_record(one, _find_record(one, snapshot, conda, target), snapshot)
        ]
    with open_operation(
        target.prefix,
        f"{title} {' '.join(names)}",
        fingerprint=snapshot.fingerprint,
        on_wait=on_wait,
    ) as operation:
        operation.apply(actions)
    gone = [] if plan.clean_up else [one.linked.name for one in plan.lost if one.gone]
    if gone:
        after = read_snapshot(target.prefix)
        again = restore.plan_restore(gone, snapshot=after, target=target)
        restore.carry_out(again, snapshot=after, target=target, conda=conda, on_wait=on_wait)


def _find_record(lost: LostRecord, snapshot: Snapshot, conda: Conda, target: Target) -> CondaRecord:
    """What the record said; conda is asked for the package where it is at hand no more."""
    if lost.record is not None:
        return lost.record
    folder = conda.fetch(lost.linked)
    record = read_packaged_record(folder, snapshot.prefix) if folder is not None else None
    if record is None:
        name = lost.linked.name
        clean_up = target.command("conda", "pip", "repair", "--clean-up", name)
        raise InteropError(
            "no-package",
            f"The record of conda's {name} {lost.linked.version} in {target.label} cannot be "
            f"written again: {lost.linked.text} is in no package cache and in no channel.",
            hints=(
                f"To leave it to pip: `{clean_up}`.",
                f"To take another of conda's: `{target.command('conda', 'install', name)}`.",
            ),
        )
    return record


def _build_record(
    lost: LostRecord, record: CondaRecord, snapshot: Snapshot
) -> Iterator[FileAction]:
    root = snapshot.prefix.root
    for one in lost.by:
        if one.files is None:
            raise InteropError(
                "no-record",
                f"pip's {one.name} {one.version}, in place of conda's {record.name}, has no RECORD,"
                " so which files are its own cannot be told.",
                hints=(f"Remove {one.metadata} by hand, then run the command again.",),
            )
    if lost.by:
        ownership = snapshot.ownership
        override = read_override(record, lost.by, ownership=ownership, root=root)
        yield from settle_override(override, ownership=ownership, root=root)
        return
    content = render_record_json(record.raw).encode()
    yield WriteFile(path=record.path, content=content, reason="the package has been linked")


def _build_removals(plan: RecordPlan, root: Path) -> Iterator[FileAction]:
    """What nobody answers for, compiled files included; the history says that it is removed."""
    for one in plan.lost:
        reason = f"left of conda's {one.linked.name} {one.linked.version}, whose record is gone"
        for path in one.orphans:
            yield RemoveFile(path=path, reason=reason)
            if path.endswith(".py"):
                for compiled in read_compiled(path, root):
                    yield RemoveFile(path=compiled, reason=reason)
    counted = [one for one in plan.lost if not one.linked.removed]
    if counted:
        names = [one.linked.name for one in counted]
        section = [
            time.strftime("==> %Y-%m-%d %H:%M:%S <=="),
            f"# cmd: conda pip repair --clean-up {' '.join(names)}",
            *(f"-{one.linked.text}" for one in counted),
            f"# remove specs: {names}",
        ]
        yield WriteFile(
            path=_HISTORY,
            content=(root / _HISTORY).read_bytes() + "\n".join([*section, ""]).encode(),
            reason="conda counts it as installed no more",
            mode=(root / _HISTORY).stat().st_mode & 0o777,
        )
