"""`conda pip restore`: conda's package back where pip's payload is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import read_payload
from conda_pip_interop.changes.originals import original_path, read_original
from conda_pip_interop.changes.plan import PackageAction, RemoveFile
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.environment.conda_records import claimed_metadata
from conda_pip_interop.environment.origin import shorten_channel
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import FindingKind, find_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from pathlib import Path

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.solver import Conda


_RESTORABLE = (FindingKind.OVERRIDDEN, FindingKind.VANISHED)


@dataclass(frozen=True, kw_only=True, slots=True)
class RestorePlan:
    """Which records are linked anew, and which files of pip's make way for them.

    `goal` is a file that only conda's link brings back: with it there, conda's part is done.
    """

    actions: tuple[PackageAction, ...]
    records: tuple[CondaRecord, ...]
    removals: tuple[RemoveFile, ...]
    goal: PrefixPath | None


def plan_restore(names: Iterable[str], *, snapshot: Snapshot, target: Target) -> RestorePlan:
    """Find what must be done for `names` (conda's or PyPI's); empty where all is conda's already.

    Raises InteropError `not-conda` for a name that no record carries, `no-record` where pip's
    distribution does not say which files are its own.
    """
    lost = _find_lost(snapshot)
    known = {one.name for one in snapshot.records}
    chosen: dict[str, CondaRecord] = {}
    for name in names:
        matching = [one for one in snapshot.records if one.name in lost and _is_about(one, name)]
        if not matching and name not in known and not _carried_by(name, snapshot):
            raise InteropError(
                "not-conda",
                f"conda has no record of {name} in {target.label}, so there is nothing to restore.",
                hints=(f"Install it: `{target.command('conda', 'pip', 'install', name)}`.",),
            )
        chosen.update({one.name: one for one in matching})
    root = snapshot.prefix.root
    removals = {
        removal.path: removal
        for record in chosen.values()
        for removal in _build_removals(record, lost[record.name], snapshot, target)
    }
    return RestorePlan(
        actions=tuple(
            action
            for record in chosen.values()
            for action in _build_actions(record, lost[record.name])
        ),
        records=tuple(chosen.values()),
        removals=tuple(removals.values()),
        goal=_find_goal(tuple(chosen.values())[-1:], removals.keys(), root),
    )


def _find_lost(snapshot: Snapshot) -> dict[str, tuple[Distribution, ...]]:
    """The records that are not as conda linked them, each with pip's distributions in its place."""
    places: dict[str, set[PrefixPath]] = {}
    for finding in find_findings(snapshot):
        if finding.conda is not None and finding.kind in _RESTORABLE:
            folders = places.setdefault(finding.conda, set())
            if finding.metadata is not None:
                folders.add(finding.metadata)
    for record in snapshot.records:
        if record.overridden_by:
            listed = {file.path for file in record.files}
            places.setdefault(record.name, set()).update(
                one.metadata for one in snapshot.distributions if one.metadata_file in listed
            )
    return {
        name: tuple(one for one in snapshot.distributions if one.metadata in folders)
        for name, folders in places.items()
    }


def carry_out(
    plan: RestorePlan,
    *,
    snapshot: Snapshot,
    target: Target,
    conda: Conda,
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Stash pip's files, let conda link its package, keep the stash; put it back if conda fails."""
    with open_operation(
        target.prefix,
        "restore " + " ".join(record.name for record in plan.records),
        fingerprint=snapshot.fingerprint,
        goal=plan.goal,
        on_wait=on_wait,
    ) as operation:
        operation.apply(plan.removals)
        conda.relink(plan.records)


def _find_goal(
    records: tuple[CondaRecord, ...], removed: Container[PrefixPath], root: Path
) -> PrefixPath | None:
    for record in records:
        for claimed in claimed_metadata(read_original(record, root)):
            if claimed.path in removed or not os.path.lexists(root / claimed.path):
                return claimed.path
    return None


def _is_about(record: CondaRecord, name: str) -> bool:
    wanted = canonicalize_name(name)
    carried = {one.name for one in claimed_metadata(record)}
    return record.name == name or wanted in carried | record.overridden_by.keys()


def _carried_by(name: str, snapshot: Snapshot) -> bool:
    wanted = canonicalize_name(name)
    return any(canonicalize_name(one.name) == wanted for one in snapshot.records)


def _build_actions(
    record: CondaRecord, distributions: tuple[Distribution, ...]
) -> Iterable[PackageAction]:
    for distribution in distributions:
        yield PackageAction(
            manager="pip",
            verb="remove",
            name=distribution.name,
            version=None,
            previous=distribution.version,
            reason="makes way for conda's",
        )
    yield PackageAction(
        manager="conda",
        verb="install",
        name=record.name,
        version=record.version,
        previous=None,
        reason="the package that the record names",
        source=shorten_channel(record.channel),
    )


def _build_removals(
    record: CondaRecord,
    distributions: tuple[Distribution, ...],
    snapshot: Snapshot,
    target: Target,
) -> Iterable[RemoveFile]:
    ownership = snapshot.ownership
    names = [one.name for one in distributions]
    for distribution in distributions:
        if distribution.files is None:
            raise InteropError(
                "no-record",
                f"pip's {distribution.name} {distribution.version} in {target.label}: "
                f"{distribution.record_fault or 'it has no RECORD'}, so which files are its own "
                "cannot be told.",
                hints=(f"Remove {distribution.metadata} by hand, then run the command again.",),
            )
        for path in read_payload(distribution, snapshot.prefix.root):
            if not ownership.is_shared(path, records=(record,), names=names):
                reason = f"pip's {distribution.name} {distribution.version}"
                yield RemoveFile(path=path, reason=reason)
    if record.overridden_by:
        yield RemoveFile(path=original_path(record), reason="conda writes its record anew")
