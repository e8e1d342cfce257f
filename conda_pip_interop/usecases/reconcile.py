"""`conda pip reconcile`, and what follows a transaction by itself: leftovers go.

Only what nobody answers for is removed: files of a distribution over which conda has installed its
own, and remains that pip itself would ignore. All of it stays in the journal.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.core.apply import open_operation
from conda_pip_interop.core.findings import Finding, FindingKind, find_findings
from conda_pip_interop.core.ownership import ByConda, Ownership, owners_of
from conda_pip_interop.core.paths import PrefixPath, to_disk
from conda_pip_interop.core.plan import RemoveFile
from conda_pip_interop.usecases.payload import read_compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.usecases.target import Target


@dataclass(frozen=True, kw_only=True, slots=True)
class ReconcilePlan:
    """What is removed, and the findings that end with it."""

    findings: tuple[Finding, ...]
    removals: tuple[RemoveFile, ...]


def key_of(finding: Finding) -> str:
    """The key under which a prefix's state remembers that a finding is to be left alone."""
    path = finding.metadata or finding.evidence[0].path
    return f"leave:{finding.kind.value}:{path}"


def plan_reconcile(
    snapshot: Snapshot, *, left_alone: frozenset[str] = frozenset()
) -> ReconcilePlan:
    """The removals that end `stale-metadata` and `leftover` findings; reads, changes nothing.

    Findings whose `key_of` is in `left_alone` are passed over: somebody has undone their removal.
    """
    ownership = owners_of(snapshot)
    settled: list[Finding] = []
    removals: dict[PrefixPath, RemoveFile] = {}
    for finding in find_findings(snapshot):
        if key_of(finding) in left_alone:
            continue
        match finding.kind:
            case FindingKind.STALE_METADATA:
                found = _stale_removals(finding, snapshot, ownership)
            case FindingKind.LEFTOVER:
                found = _leftover_removals(finding, snapshot.prefix.root)
            case _:
                continue
        actions = tuple(found)
        if actions:
            settled.append(finding)
            removals.update({action.path: action for action in actions})
    return ReconcilePlan(findings=tuple(settled), removals=tuple(removals.values()))


def carry_out(
    plan: ReconcilePlan,
    *,
    snapshot: Snapshot,
    target: Target,
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Remove what the plan says, by way of the journal."""
    with open_operation(
        target.prefix,
        "reconcile",
        fingerprint=snapshot.fingerprint,
        on_wait=on_wait,
    ) as operation:
        operation.apply(plan.removals)


def render_reconcile(plan: ReconcilePlan) -> str:
    """The plan as text: each finding, and how many files go for it."""
    lines = [f"{finding.kind.value}: {finding.summary}" for finding in plan.findings]
    count = len(plan.removals)
    lines.append(f"{count} {'file' if count == 1 else 'files'} will be removed:")
    lines += [f"    {removal.path}" for removal in plan.removals]
    return "\n".join(lines)


def _stale_removals(
    finding: Finding, snapshot: Snapshot, ownership: Ownership
) -> Iterable[RemoveFile]:
    details = finding.details or {}
    others = details.get("others", ())
    folders = {finding.metadata, *(others if isinstance(others, list) else ())}
    stale = [one for one in snapshot.distributions if one.metadata in folders]
    reason = f"conda has installed {finding.conda} over it"
    for distribution in stale:
        yield from _distribution_removals(distribution, snapshot, ownership, reason)


def _distribution_removals(
    distribution: Distribution, snapshot: Snapshot, ownership: Ownership, reason: str
) -> Iterable[RemoveFile]:
    """What only this distribution lists, and only as it was installed."""
    root = snapshot.prefix.root
    for file in distribution.files or ():
        others = [
            claim
            for claim in ownership.claims(file.path)
            if isinstance(claim, ByConda) or claim.distribution != distribution.name
        ]
        on_disk = to_disk(root, file.path)
        if others or not on_disk.is_file() or not _is_as_installed(on_disk, file.sha256):
            continue
        yield RemoveFile(path=file.path, reason=reason)
        if file.path.endswith(".py"):
            for compiled in read_compiled(file.path, root):
                yield RemoveFile(path=compiled, reason=reason)


def _is_as_installed(path: Path, sha256: str | None) -> bool:
    return sha256 is None or hashlib.sha256(path.read_bytes()).hexdigest() == sha256


def _leftover_removals(finding: Finding, root: Path) -> Iterable[RemoveFile]:
    for evidence in finding.evidence:
        folder = to_disk(root, evidence.path)
        if folder.is_symlink() or folder.is_file():
            yield RemoveFile(path=evidence.path, reason="nothing reads it")
            continue
        for path in sorted(folder.rglob("*")):
            if path.is_symlink() or not path.is_dir():
                relative = PrefixPath(path.relative_to(root).as_posix())
                yield RemoveFile(path=relative, reason="nothing reads it")
