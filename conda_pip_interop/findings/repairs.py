"""Plan `conda pip repair`: one plan for all findings, or for those about some names."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.override import read_override, settle_override
from conda_pip_interop.changes.plan import (
    InstallPip,
    Keep,
    LinkConda,
    Plan,
    RemoveFile,
    RemovePip,
    Step,
    WriteFile,
    build_title,
    merge_plans,
)
from conda_pip_interop.environment.conda_meta.packaged_record import read_packaged_record
from conda_pip_interop.environment.conda_meta.records import (
    CondaRecord,
    claimed_metadata,
    render_record_json,
)
from conda_pip_interop.environment.origin import build_install_words
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import to_disk
from conda_pip_interop.environment.target import not_installed
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.findings.base import build_link
from conda_pip_interop.findings.kinds.corrupt_record import (
    CorruptRecordFinding,
    StrayRecordFinding,
)
from conda_pip_interop.findings.kinds.damaged import DamagedFinding, DamagedPackageFinding
from conda_pip_interop.findings.kinds.duplicate_record import DuplicateRecordFinding
from conda_pip_interop.findings.kinds.leftover import ManualLeftoverFinding
from conda_pip_interop.findings.kinds.lost_record import (
    LostRecordFinding,
    build_clean_up,
    build_lost,
)
from conda_pip_interop.findings.kinds.refused_depend import RefusedDependFinding
from conda_pip_interop.findings.kinds.stranded import StrandedFinding, remove_stranded
from conda_pip_interop.findings.kinds.unmet import UnmetFinding
from conda_pip_interop.findings.kinds.vanished import VanishedFinding
from conda_pip_interop.findings.reconciliation import plan_overrides
from conda_pip_interop.findings.registry import find_all, find_asked
from conda_pip_interop.findings.restoration import (
    find_restored,
    plan_restore,
    refuse_other_python,
)
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_meta.history import Linked
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
    RefusedDependFinding,
    StrandedFinding,
    StrayRecordFinding,
    UnmetFinding,
    VanishedFinding,
)


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
        return Plan(
            title=build_title("repair --clean-up", (one.linked.name for one in chosen)),
            steps=(*build_clean_up(chosen, snapshot.prefix.root), *_remove_corrupt(chosen)),
            fingerprint=snapshot.fingerprint,
        )
    found = _choose_broken(names, chosen, snapshot, target)
    merged = merge_plans(
        "repair", _plan_repairs(found, snapshot, target), fingerprint=snapshot.fingerprint
    )
    steps = [step for one in chosen for step in _build_record_steps(one, snapshot, target, fetch)]
    steps += merged.steps
    requirements = tuple(_find_missing(merged.requirements, steps))
    left: tuple[str, ...] = ()
    if any(isinstance(one, CorruptRecordFinding | StrayRecordFinding) for one in (*chosen, *found)):
        left = tuple(_leave_to_pip(steps, requirements, target))
        requirements = ()
    installs = {one.name for one in steps if isinstance(one, InstallPip)}
    removals = remove_stranded(snapshot, installs) if installs or not names else ()
    repaired = [one.linked.name for one in chosen]
    named = (one.conda_name or one.project for one in found if one.repairable)
    repaired += [name for name in named if name is not None]
    return Plan(
        title=build_title("repair", repaired),
        steps=(*steps, *removals),
        notes=(
            *merged.notes,
            *_describe_removals(removals),
            *left,
            *(_describe_left(one, target) for one in found if not one.repairable),
        ),
        requirements=requirements,
        fingerprint=snapshot.fingerprint,
    )


def _plan_repairs(found: Collection[Finding], snapshot: Snapshot, target: Target) -> Iterator[Plan]:
    """Plan the repair of each finding; conda's package comes back where pip's harms another.

    What else is wrong with a distribution that is removed needs no repair.
    """
    restored = find_restored(found, snapshot)
    kept = [one for one in found if one.restores is None and one.record not in restored]
    if restored:
        names = [record.name for record in restored]
        yield plan_restore(names, snapshot=snapshot, target=target)
    yield from plan_overrides(kept, snapshot, target)
    planned = [(one, plan) for one in kept if (plan := one.repair(snapshot)) is not None]
    removing = [one for one, plan in planned if any(isinstance(s, RemovePip) for s in plan.steps)]
    gone = {one.distribution for one in removing} - {None}
    yield from (p for one, p in planned if one in removing or one.distribution not in gone)


def _describe_left(finding: Finding, target: Target) -> str:
    fix = [f"  To fix: {one}" for one in finding.render_commands(target.command)[:1]]
    return "\n".join([f"Not repaired: {finding.summary}", *fix])


def _remove_corrupt(chosen: Iterable[LostRecordFinding]) -> Iterator[RemoveFile]:
    for one in chosen:
        if isinstance(one, CorruptRecordFinding):
            yield RemoveFile(path=one.file.path, reason="conda cannot read it")


def _find_missing(requirements: Iterable[str], steps: Iterable[Step]) -> Iterator[str]:
    """Leave out the requirements on what the steps bring back."""
    back: set[NormalizedName] = set()
    for step in steps:
        if isinstance(step, LinkConda) and step.record is not None:
            back |= {canonicalize_name(step.name)}
            back |= {one.name for one in claimed_metadata(step.record)}
        elif isinstance(step, InstallPip):
            back.add(canonicalize_name(step.name))
    for one in requirements:
        if canonicalize_name(Requirement(one).name) not in back:
            yield one


def _leave_to_pip(
    steps: list[Step], requirements: Collection[str], target: Target
) -> Iterator[str]:
    """Take out what is installed again: conda cannot be asked while it cannot read a record."""
    names = [one.name for one in steps if isinstance(one, InstallPip)]
    steps[:] = [one for one in steps if not isinstance(one, InstallPip)]
    if names or requirements:
        yield "conda's records are repaired first."
    for name in names:
        yield f"To repair {name} then: `{target.command('conda', 'pip', 'repair', name)}`."
    if requirements:
        every = target.command("conda", "pip", "repair")
        yield f"To install {', '.join(requirements)} then: `{every}`."


def _describe_removals(removals: Collection[RemoveFile]) -> tuple[str, ...]:
    if not removals:
        return ()
    folders = sorted({one.path.partition("/site-packages/")[0] for one in removals})
    files = count(len(removals), "file")
    return (f"Removes {files} of another Python from {', '.join(folders)}.",)


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
    names: Collection[str],
    lost: Collection[LostRecordFinding],
    snapshot: Snapshot,
    target: Target,
) -> tuple[Finding, ...]:
    """Choose what else is repaired: all that can be or, by name, what is broken by itself.

    The records that are `lost` are repaired, too: what looks like pip's of theirs is conda's.
    """
    known = {name for one in lost for name in one.names}
    condas = known - {other.name for one in lost for other in one.by}
    found = [
        one
        for one in find_asked(snapshot)
        if not isinstance(one, LostRecordFinding)
        and not (isinstance(one, DamagedFinding) and one.distribution.name in condas)
    ]
    if not names:
        return tuple(found)
    broken = [one for one in found if isinstance(one, _BROKEN)]
    chosen: dict[Finding, None] = {}
    for name in names:
        spelled = {name, canonicalize_name(name)}
        matching = [one for one in broken if spelled & one.names]
        if not matching and not spelled & {*known}:
            raise _explain_unrepaired(name, found, target) or _explain_undamaged(
                canonicalize_name(name), snapshot, target
            )
        chosen.update(dict.fromkeys(matching))
    return tuple(chosen)


def _explain_unrepaired(name: str, found: Iterable[Finding], target: Target) -> InteropError | None:
    """Return the error where the user has to choose how to fix what is about a name."""
    for one in found:
        if not one.repairable and one.names & {name, canonicalize_name(name)}:
            first = one.render_commands(target.command)[:1]
            return InteropError(
                "not-repairable",
                f"Nothing was repaired in {target.label}: {one.summary}",
                hints=tuple(f"To fix: `{command}`." for command in first),
            )
    return None


def _explain_undamaged(name: NormalizedName, snapshot: Snapshot, target: Target) -> UsageError:
    """Return the error `not-broken`, with what can be done about a distribution instead."""
    one = {one.name: one for one in snapshot.distributions}.get(name)
    if one is None:
        return UsageError(
            "not-broken",
            f"{name} is not installed in {target.label}.",
            hints=not_installed([name], target, installed=snapshot.names).hints,
        )
    owner = snapshot.ownership.owner_of(one)
    record = owner.record if isinstance(owner, ByConda) else owner.in_place_of
    if record is not None:
        restore = target.command("conda", "pip", "restore", record.name)
        return UsageError(
            "not-broken",
            f"{name} {one.version} in {target.label} is not damaged; its package is conda's.",
            hints=(f"To link conda's package again: `{restore}`.",),
        )
    words = build_install_words(one)
    again = target.command("conda", "pip", "install", "--force-reinstall", *words)
    return UsageError(
        "not-broken",
        f"{name} {one.version} in {target.label} is not damaged.",
        hints=(f"To install it again: `{again}`.",),
    )


def _build_record_steps(
    lost: LostRecordFinding, snapshot: Snapshot, target: Target, fetch: Fetch
) -> Iterator[Step]:
    """Write a record again; what has no files at all is linked again, too."""
    record = lost.record
    if record is not None:
        refuse_other_python(record, snapshot, target)
    else:
        record = _fetch_record(lost, snapshot, target, fetch)
        lost = build_lost(lost.linked, record, snapshot)
    root = snapshot.prefix.root
    sources = (one.path for one in record.files if not one.path.endswith(".pyc"))
    if not lost.by and not all(os.path.lexists(to_disk(root, one)) for one in sources):
        yield build_link(record, "its record and files of it are missing")
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
    if lost.by:
        yield from settle_override(read_override(record, lost.by, snapshot), snapshot)
    else:
        content = render_record_json(record.raw).encode()
        yield WriteFile(path=record.path, content=content, reason="the package is linked")


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
