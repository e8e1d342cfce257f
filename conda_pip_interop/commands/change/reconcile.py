"""`conda pip reconcile`, and what follows a transaction by itself: the books tell the truth again.

A record whose payload pip has replaced is rewritten to what is there. Only what nobody answers for
is removed: files of a distribution over which conda has installed its own, and remains that pip
itself would ignore. All of it stays in the journal.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import build_removals, read_payload
from conda_pip_interop.changes.originals import keep_original
from conda_pip_interop.changes.override import read_override, settle_override
from conda_pip_interop.changes.plan import FileAction, RemoveFile, WriteFile
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.environment.ownership import Ownership
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.findings.registry import Finding, FindingKind, find_findings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

#: What an action is called in a plan.
VERBS: Final[Mapping[type[FileAction], str]] = {WriteFile: "write", RemoveFile: "remove"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconcilePlan:
    """What is done to files, and the findings that end with it (a `vanished` one is backed up)."""

    findings: tuple[Finding, ...]
    actions: tuple[FileAction, ...]


def key_of(finding: Finding) -> str:
    """The key under which a prefix's state remembers that a finding is to be left alone."""
    path = finding.metadata or finding.evidence[0].path
    return f"leave:{finding.kind.value}:{path}"


def plan_reconcile(
    snapshot: Snapshot, *, left_alone: frozenset[str] = frozenset()
) -> ReconcilePlan:
    """What ends `overridden`, `stale-metadata` and `leftover`; reads, changes nothing.

    Findings whose `key_of` is in `left_alone` are passed over: somebody has undone their treatment.
    """
    ownership = snapshot.ownership
    root = snapshot.prefix.root
    findings = [one for one in find_findings(snapshot) if key_of(one) not in left_alone]
    treated: list[Finding] = []
    actions: dict[PrefixPath, FileAction] = {}

    def treat(found: Iterable[Finding], built: Iterable[FileAction]) -> None:
        new = {action.path: action for action in built}
        actions.update(new)
        treated.extend(found if new else ())

    taken: set[PrefixPath] = set()
    for record, overridden in _group_by_record(findings, snapshot):
        treat(overridden, _override_actions(record, overridden, snapshot, ownership, taken))
    for finding in findings:
        match finding.kind:
            case FindingKind.STALE_METADATA:
                treat([finding], _stale_removals(finding, snapshot))
            case FindingKind.LEFTOVER:
                treat([finding], _leftover_removals(finding, snapshot))
            case FindingKind.VANISHED:
                (record,) = (one for one in snapshot.records if one.name == finding.conda)
                treat([finding], keep_original(record, root))
            case _:
                pass
    return ReconcilePlan(findings=tuple(treated), actions=tuple(actions.values()))


def _group_by_record(
    findings: Iterable[Finding], snapshot: Snapshot
) -> list[tuple[CondaRecord, list[Finding]]]:
    """The `overridden` findings by record.

    Of several records that carry one distribution, the one of its own name comes first: it gets
    pip's payload.
    """
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.kind is FindingKind.OVERRIDDEN and finding.conda is not None:
            groups.setdefault(finding.conda, []).append(finding)
    grouped = [(one, groups[one.name]) for one in snapshot.records if one.name in groups]
    return sorted(grouped, key=lambda pair: not any(map(_is_namesake, pair[1])))


def _is_namesake(finding: Finding) -> bool:
    return finding.conda is not None and canonicalize_name(finding.conda) == finding.distribution


def carry_out(
    plan: ReconcilePlan,
    *,
    snapshot: Snapshot,
    target: Target,
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Do what the plan says, by way of the journal."""
    with open_operation(
        target.prefix,
        "reconcile",
        fingerprint=snapshot.fingerprint,
        on_wait=on_wait,
    ) as operation:
        operation.apply(plan.actions)


def render_reconcile(plan: ReconcilePlan) -> str:
    """The plan as text: each finding, and what is done to which files for it."""
    lines = [f"{finding.kind.value}: {finding.summary}" for finding in plan.findings]
    for kind, verb in VERBS.items():
        paths = [action.path for action in plan.actions if isinstance(action, kind)]
        if paths:
            lines.append(f"Will {verb} {len(paths)} {'file' if len(paths) == 1 else 'files'}:")
            lines += [f"    {path}" for path in paths]
    return "\n".join(lines)


def _override_actions(
    record: CondaRecord,
    findings: list[Finding],
    snapshot: Snapshot,
    ownership: Ownership,
    taken: set[PrefixPath],
) -> Iterable[FileAction]:
    """The record is rewritten; what further distributions of the name have to themselves goes.

    `taken` is what other records have got of pip's files; it grows.
    """
    by = _find_distributions({one.metadata for one in findings}, snapshot)
    if any(one.files is None for one in by):
        return
    root = snapshot.prefix.root
    override = read_override(record, by, ownership=ownership, root=root)
    override = dataclasses.replace(override, payload=override.payload - taken)
    taken |= override.payload
    yield from settle_override(override, ownership=ownership, root=root)
    for finding in findings:
        others = (finding.details or {}).get("others", ())
        for other in _find_distributions(others, snapshot):
            reason = f"pip's {finding.distribution} {finding.pip_version} has taken its place"
            for removal in build_removals(other, snapshot, reason):
                if removal.path not in override.payload:
                    yield removal


def _find_distributions(metadata: object, snapshot: Snapshot) -> tuple[Distribution, ...]:
    folders = metadata if isinstance(metadata, (set, list)) else ()
    return tuple(one for one in snapshot.distributions if one.metadata in folders)


def _stale_removals(finding: Finding, snapshot: Snapshot) -> Iterable[RemoveFile]:
    others = (finding.details or {}).get("others", ())
    folders = {finding.metadata, *(others if isinstance(others, list) else ())}
    reason = f"conda has installed {finding.conda} over it"
    for distribution in _find_distributions(folders, snapshot):
        yield from build_removals(distribution, snapshot, reason)


def _leftover_removals(finding: Finding, snapshot: Snapshot) -> Iterable[RemoveFile]:
    """The file or folder, and of what conda has left half linked the files that only it lists."""
    root, reason = snapshot.prefix.root, "nothing reads it"
    top = to_disk(root, finding.metadata or finding.evidence[0].path)
    inside = () if top.is_symlink() else sorted(top.rglob("*"))
    for path in (top, *inside):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            yield RemoveFile(path=PrefixPath(path.relative_to(root).as_posix()), reason=reason)
    for distribution in _find_distributions({finding.metadata}, snapshot):
        others = (one for one in snapshot.distributions if one.name == distribution.name)
        kept = {p for one in others if one is not distribution for p in read_payload(one, root)}
        for removal in build_removals(distribution, snapshot, reason):
            if removal.path not in kept:
                yield removal
