"""Merge the fixes of findings into one plan: for reconcile, restore and repair."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.exclusive_files import exclusive_files
from conda_pip_interop.changes.originals import original_path, read_original
from conda_pip_interop.changes.override import read_override, settle_override
from conda_pip_interop.changes.plan import (
    InstallPip,
    Keep,
    LinkConda,
    PackageStep,
    Plan,
    RemoveFile,
    RemovePip,
    Step,
    WriteFile,
    merge_plans,
)
from conda_pip_interop.environment.conda_records import (
    CondaRecord,
    claimed_metadata,
    read_packaged_record,
    render_record_json,
)
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.findings.base import build_link
from conda_pip_interop.findings.clobbered import ClobberedFinding
from conda_pip_interop.findings.corrupt_record import (
    CorruptRecordFinding,
    StrayRecordFinding,
    refuse_corrupt_records,
)
from conda_pip_interop.findings.damaged import (
    DamagedFinding,
    DamagedPackageFinding,
    explain_undamaged,
)
from conda_pip_interop.findings.duplicate_record import DuplicateRecordFinding
from conda_pip_interop.findings.leftover import ManualLeftoverFinding
from conda_pip_interop.findings.lost_record import LostRecordFinding, build_clean_up, build_lost
from conda_pip_interop.findings.overridden import OverriddenFinding, fix_record, group_by_record
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.findings.stranded import StrandedFinding, remove_stranded
from conda_pip_interop.findings.vanished import VanishedFinding

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_history import Linked
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding

    Fetch = Callable[[Linked], Path | None]

#: The kinds that `conda pip repair NAME` repairs.
_BROKEN: Final = (
    DamagedFinding,
    DamagedPackageFinding,
    DuplicateRecordFinding,
    ManualLeftoverFinding,
    StrandedFinding,
    StrayRecordFinding,
    VanishedFinding,
)


def plan_reconcile(
    snapshot: Snapshot,
    *,
    left_alone: frozenset[str] = frozenset(),
    skipped: frozenset[NormalizedName] = frozenset(),
) -> tuple[Plan, tuple[Finding, ...]]:
    """Merge the fixes of the automatic kinds; also return the findings that they fix.

    Findings whose `leave_key` is in `left_alone`, whose fix was undone, and those about the
    `skipped` distributions are left alone.
    """
    findings = [
        one
        for one in find_all(snapshot)
        if one.automatic and one.leave_key not in left_alone and one.project not in skipped
    ]
    plans = list(_plan_records(findings, snapshot))
    fixed: list[Finding] = [one for _, found in plans for one in found]
    for finding in findings:
        plan = None if isinstance(finding, OverriddenFinding) else finding.fix(snapshot)
        if plan is not None and plan.steps:
            plans.append((plan, (finding,)))
            fixed.append(finding)
    merged = merge_plans(
        "reconcile",
        (plan for plan, _ in plans),
        fingerprint=snapshot.fingerprint,
        shows_files=True,
    )
    return merged, tuple(fixed)


def _plan_records(
    findings: Iterable[Finding], snapshot: Snapshot
) -> Iterator[tuple[Plan, tuple[Finding, ...]]]:
    """Rewrite the records whose payload pip replaced, each once."""
    taken: set[PrefixPath] = set()
    for record, overridden in group_by_record(findings, snapshot):
        files = tuple(fix_record(record, overridden, snapshot, taken))
        if files:
            yield Plan(title="reconcile", steps=files), tuple(overridden)


def plan_restore(names: Iterable[str], *, snapshot: Snapshot, target: Target) -> Plan:
    """Link conda's packages of `names` (conda's or PyPI's) again; empty if all are conda's.

    Raises InteropError `not-conda` for a name that no record carries, `no-record` if pip's
    distribution does not say which files are its own.
    """
    refuse_corrupt_records(snapshot, target)
    replaced = _find_replaced(snapshot)
    known = {*snapshot.claims.by_name, *(one.name for one in snapshot.records)}
    known |= {canonicalize_name(one.name) for one in snapshot.records}
    chosen: dict[CondaRecord, tuple[Distribution, ...]] = {}
    for name in names:
        matching = [one for one in replaced if _is_about(one, name)]
        if not matching and name not in known and canonicalize_name(name) not in known:
            raise InteropError(
                "not-conda",
                f"conda has no record of {name} in {target.label}, so it cannot be restored.",
                hints=(f"To install it: `{target.command('conda', 'pip', 'install', name)}`.",),
            )
        chosen.update({one: replaced[one] for one in matching})
    removals = {
        removal.path: removal
        for record, distributions in chosen.items()
        for removal in _remove_replacements(record, distributions, snapshot, target)
    }
    steps: list[Step] = [
        step for record, found in chosen.items() for step in _build_restore_steps(record, found)
    ]
    last = tuple(chosen)[-1:]
    return Plan(
        title=" ".join(["restore", *(record.name for record in chosen)]),
        steps=(*steps, *removals.values()),
        fingerprint=snapshot.fingerprint,
        goal=_find_goal(last, removals, snapshot.prefix.root),
    )


def _find_replaced(snapshot: Snapshot) -> dict[CondaRecord, tuple[Distribution, ...]]:
    """Find the records that are not as conda linked them, with pip's distributions instead."""
    found: dict[CondaRecord, list[Distribution]] = {}
    for finding in find_all(snapshot):
        if isinstance(finding, OverriddenFinding | VanishedFinding):
            by = found.setdefault(finding.recorded.record, [])
            by += [finding.by] if isinstance(finding, OverriddenFinding) else []
        elif isinstance(finding, DamagedPackageFinding):
            found.setdefault(finding.owner, [])
    for record in snapshot.records:
        if record.overridden_by:
            listed = {file.path for file in record.files}
            here = [
                one
                for one in snapshot.distributions
                if one.metadata_file in listed and one.name in record.overridden_by
            ]
            found.setdefault(record, []).extend(here)
    return {record: tuple(dict.fromkeys(by)) for record, by in found.items()}


def _is_about(record: CondaRecord, name: str) -> bool:
    wanted = canonicalize_name(name)
    carried = {one.name for one in claimed_metadata(record)}
    return record.name == name or wanted in carried | record.overridden_by.keys()


def _build_restore_steps(
    record: CondaRecord, distributions: Iterable[Distribution]
) -> Iterator[PackageStep]:
    for one in distributions:
        reason = f"replaced by conda's {record.name}"
        yield RemovePip(name=one.name, version=one.version, reason=reason)
    yield build_link(record, "the package of conda's record")


def _remove_replacements(
    record: CondaRecord,
    distributions: Collection[Distribution],
    snapshot: Snapshot,
    target: Target,
) -> Iterator[RemoveFile]:
    names = [one.name for one in distributions]
    for one in distributions:
        if one.files is None:
            raise InteropError(
                "no-record",
                f"pip's {one.name} {one.version} in {target.label}: "
                f"{one.record_fault or 'it has no RECORD'}, so its files are unknown.",
                hints=(f"To fix: remove {one.metadata}, then run the command again.",),
            )
        paths = exclusive_files(
            one, snapshot.ownership, snapshot.prefix.root, records=(record,), names=names
        )
        for path in paths:
            yield RemoveFile(path=path, reason=f"pip's {one.name} {one.version}")
    if record.overridden_by:
        yield RemoveFile(path=original_path(record), reason="conda writes its record again")


def _find_goal(
    records: Iterable[CondaRecord], removed: Collection[PrefixPath], root: Path
) -> PrefixPath | None:
    """Find a file that only conda's link brings back: with it there, conda's part is done."""
    for record in records:
        for claimed in claimed_metadata(read_original(record, root)):
            if claimed.path in removed or not os.path.lexists(root / claimed.path):
                return claimed.path
    return None


def plan_repair(
    names: Collection[str],
    *,
    snapshot: Snapshot,
    target: Target,
    clean_up: bool,
    fetch: Fetch,
) -> Plan:
    """Repair all that `check` finds, or what is broken of `names`.

    `clean_up` removes what is left of lost records instead. The InstallPip steps are not resolved
    yet. Raises InteropError `no-lost-record`, `not-broken`, `other-python`, `no-package`,
    `no-record`.
    """
    lost = [one for one in find_all(snapshot) if isinstance(one, LostRecordFinding)]
    wanted = {spelled for name in names for spelled in (name, canonicalize_name(name))}
    if clean_up:
        _refuse_without_lost_record(names, lost, target)
    chosen = [one for one in lost if not names or wanted & one.names]
    if clean_up:
        removed = " ".join(one.linked.name for one in chosen)
        return Plan(
            title=f"repair --clean-up {removed}",
            steps=(*build_clean_up(chosen, snapshot.prefix.root), *_remove_corrupt(chosen)),
            fingerprint=snapshot.fingerprint,
        )
    found = _choose_broken(names, {name for one in chosen for name in one.names}, snapshot, target)
    merged = merge_plans(
        "repair", _plan_repairs(found, snapshot, target), fingerprint=snapshot.fingerprint
    )
    steps = [step for one in chosen for step in _build_record_steps(one, snapshot, target, fetch)]
    steps += merged.steps
    left: tuple[str, ...] = ()
    if any(isinstance(one, CorruptRecordFinding | StrayRecordFinding) for one in (*chosen, *found)):
        left = tuple(_leave_to_pip(steps, target))
    installs = {one.name for one in steps if isinstance(one, InstallPip)}
    removals = remove_stranded(snapshot, installs) if installs or not names else ()
    linked = [one.record for one in steps if isinstance(one, LinkConda) and one.record]
    return Plan(
        title=" ".join(["repair", *(one.linked.name for one in chosen)]),
        steps=(*steps, *removals),
        notes=(*merged.notes, *_describe_removals(removals), *left),
        fingerprint=snapshot.fingerprint,
        goal=_find_goal(linked[-1:], (), snapshot.prefix.root),
    )


def _plan_repairs(found: Collection[Finding], snapshot: Snapshot, target: Target) -> Iterator[Plan]:
    """Plan the repair of each finding; conda's package comes back where pip's harms another."""
    harmful = {
        one.by_replaces: one
        for one in found
        if isinstance(one, ClobberedFinding) and one.by_replaces is not None
    }
    kept = [one for one in found if one not in harmful.values() and one.record not in harmful]
    if harmful:
        names = [record.name for record in harmful]
        yield plan_restore(names, snapshot=snapshot, target=target)
    yield from (plan for plan, _ in _plan_records(kept, snapshot))
    for one in kept:
        plan = None if isinstance(one, OverriddenFinding) else one.repair(snapshot)
        if plan is not None:
            yield plan


def _remove_corrupt(chosen: Iterable[LostRecordFinding]) -> Iterator[RemoveFile]:
    for one in chosen:
        if isinstance(one, CorruptRecordFinding):
            yield RemoveFile(path=one.file.path, reason="conda cannot read it")


def _leave_to_pip(steps: list[Step], target: Target) -> Iterator[str]:
    """Take out what is installed again: conda cannot be asked while it cannot read a record."""
    names = [one.name for one in steps if isinstance(one, InstallPip)]
    steps[:] = [one for one in steps if not isinstance(one, InstallPip)]
    if names:
        repair = target.command("conda", "pip", "repair", *names)
        yield f"conda's records are repaired first. To repair {', '.join(names)} then: `{repair}`."


def _describe_removals(removals: Collection[RemoveFile]) -> tuple[str, ...]:
    if not removals:
        return ()
    folders = sorted({one.path.partition("/site-packages/")[0] for one in removals})
    count = f"{len(removals)} file{'s' if len(removals) > 1 else ''}"
    return (f"Removes {count} of another Python from {', '.join(folders)}.",)


def _refuse_without_lost_record(
    names: Iterable[str], lost: Collection[LostRecordFinding], target: Target
) -> None:
    for name in names:
        if not any({name, canonicalize_name(name)} & one.names for one in lost):
            check = target.command("conda", "pip", "check")
            raise UsageError(
                "no-lost-record",
                f"No record of {name} is missing in {target.label}.",
                hints=(f"To list the findings: `{check}`.",),
            )


def _choose_broken(
    names: Collection[str], known: Collection[str], snapshot: Snapshot, target: Target
) -> tuple[Finding, ...]:
    """Choose what else is repaired: all that can be or, by name, what is broken by itself.

    `known` are the names of lost records, which are repaired too.
    """
    found = [one for one in find_all(snapshot) if not isinstance(one, LostRecordFinding)]
    if not names:
        return tuple(found)
    broken = [one for one in found if isinstance(one, _BROKEN)]
    chosen: dict[Finding, None] = {}
    for name in names:
        spelled = {name, canonicalize_name(name)}
        matching = [one for one in broken if spelled & one.names]
        if not matching and not spelled & {*known}:
            raise explain_undamaged(canonicalize_name(name), snapshot, target)
        chosen.update(dict.fromkeys(matching))
    return tuple(chosen)


def _build_record_steps(
    lost: LostRecordFinding, snapshot: Snapshot, target: Target, fetch: Fetch
) -> Iterator[Step]:
    """Write a record again; what has no files at all is linked again, too."""
    record = lost.record
    if record is not None:
        _refuse_other_python(record, snapshot, target)
    else:
        record = _fetch_record(lost, snapshot, target, fetch)
        lost = build_lost(lost.linked, record, snapshot)
    if lost.gone:
        yield build_link(record, "its record and its files are missing")
    else:
        yield Keep(
            manager="conda",
            name=lost.linked.name,
            version=lost.linked.version,
            reason=f"its record is written again; {lost.describe_rest()}",
        )
    for one in lost.by:
        if one.files is None:
            raise InteropError(
                "no-record",
                f"pip's {one.name} {one.version}, which replaced conda's {record.name}, has no "
                "RECORD, so its files are unknown.",
                hints=(f"To fix: remove {one.metadata}, then run the command again.",),
            )
    root, ownership = snapshot.prefix.root, snapshot.ownership
    if lost.by:
        override = read_override(record, lost.by, ownership=ownership, root=root)
        yield from settle_override(override, ownership=ownership, root=root)
    else:
        content = render_record_json(record.raw).encode()
        yield WriteFile(path=record.path, content=content, reason="the package is linked")


def _refuse_other_python(record: CondaRecord, snapshot: Snapshot, target: Target) -> None:
    python = snapshot.prefix.python
    here = None if python is None else f"{python.site_packages}/"
    if here is None or any(one.path.startswith(here) for one in claimed_metadata(record)):
        return
    clean_up = target.command("conda", "pip", "repair", "--clean-up", record.name)
    raise InteropError(
        "other-python",
        f"conda's {record.name} {record.version} (build {record.build}), whose record is missing, "
        f"is not for the Python of {target.label}.",
        hints=(
            f"To remove its orphaned files: `{clean_up}`.",
            f"To install one that is: `{target.command('conda', 'install', record.name)}`.",
        ),
    )


def _fetch_record(
    lost: LostRecordFinding, snapshot: Snapshot, target: Target, fetch: Fetch
) -> CondaRecord:
    folder = fetch(lost.linked)
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
                f"To install another build: `{target.command('conda', 'install', name)}`.",
            ),
        )
    return record
