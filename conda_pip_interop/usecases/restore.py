"""`conda pip restore`: conda's package back where pip's payload is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.core.apply import open_operation
from conda_pip_interop.core.conda_meta import claimed_metadata
from conda_pip_interop.core.findings import FindingKind, find_findings
from conda_pip_interop.core.ownership import ByConda, owners_of
from conda_pip_interop.core.plan import PackageAction, RemoveFile
from conda_pip_interop.errors import InteropError
from conda_pip_interop.usecases.listing import shorten_channel
from conda_pip_interop.usecases.payload import read_payload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from conda_pip_interop.core.conda_meta import CondaRecord
    from conda_pip_interop.core.findings import Finding
    from conda_pip_interop.core.paths import PrefixPath
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.usecases.conda import Conda
    from conda_pip_interop.usecases.target import Target

_RESTORABLE = (FindingKind.OVERRIDDEN, FindingKind.VANISHED)


@dataclass(frozen=True, kw_only=True, slots=True)
class RestorePlan:
    """Which records are linked anew, and which files of pip's make way for them."""

    actions: tuple[PackageAction, ...]
    records: tuple[CondaRecord, ...]
    removals: tuple[RemoveFile, ...]


def plan_restore(names: Iterable[str], *, snapshot: Snapshot, target: Target) -> RestorePlan:
    """Find what must be done for `names` (conda's or PyPI's); empty where all is conda's already.

    Raises InteropError `not-conda` for a name that no record carries, `no-record` where pip's
    distribution does not say which files are its own.
    """
    findings = [one for one in find_findings(snapshot) if one.kind in _RESTORABLE]
    records = {one.name: one for one in snapshot.records}
    chosen: dict[str, Finding] = {}
    for name in names:
        matching = [one for one in findings if _is_about(one, name)]
        if not matching and name not in records and not _carried_by(name, snapshot):
            raise InteropError(
                "not-conda",
                f"conda has no record of {name} in {target.label}, so there is nothing to restore.",
                hints=(f"Install it: `{target.command('conda', 'install', name)}`.",),
            )
        chosen.update({one.conda: one for one in matching if one.conda is not None})
    return RestorePlan(
        actions=tuple(_build_actions(chosen.values(), records)),
        records=tuple(records[name] for name in chosen),
        removals=tuple(
            removal for one in chosen.values() for removal in _build_removals(one, snapshot, target)
        ),
    )


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
        goal=_find_goal(plan, target),
        on_wait=on_wait,
    ) as operation:
        operation.apply(plan.removals)
        conda.relink(plan.records)


def _find_goal(plan: RestorePlan, target: Target) -> PrefixPath | None:
    """The metadata that only conda's link brings back: with it there, conda's part is done."""
    removed = {removal.path for removal in plan.removals}
    for claimed in claimed_metadata(plan.records[-1]):
        if claimed.path in removed or not os.path.lexists(target.prefix / claimed.path):
            return claimed.path
    return None


def _is_about(finding: Finding, name: str) -> bool:
    return finding.conda == name or finding.distribution == canonicalize_name(name)


def _carried_by(name: str, snapshot: Snapshot) -> bool:
    wanted = canonicalize_name(name)
    return any(canonicalize_name(one.name) == wanted for one in snapshot.records)


def _build_actions(
    findings: Iterable[Finding], records: dict[str, CondaRecord]
) -> Iterable[PackageAction]:
    for finding in findings:
        if finding.distribution is not None and finding.kind is FindingKind.OVERRIDDEN:
            yield PackageAction(
                manager="pip",
                verb="remove",
                name=finding.distribution,
                version=None,
                previous=finding.pip_version,
                reason="makes way for conda's",
            )
        if finding.conda is not None:
            record = records[finding.conda]
            yield PackageAction(
                manager="conda",
                verb="install",
                name=record.name,
                version=record.version,
                previous=None,
                reason="the package that the record names",
                source=shorten_channel(record.channel),
            )


def _build_removals(finding: Finding, snapshot: Snapshot, target: Target) -> Iterable[RemoveFile]:
    if finding.metadata is None:
        return
    distribution = next(one for one in snapshot.distributions if one.metadata == finding.metadata)
    if distribution.files is None:
        raise InteropError(
            "no-record",
            f"pip's {distribution.name} {distribution.version} in {target.label} has no RECORD, "
            "so which files are its own cannot be told.",
            hints=(f"Remove {distribution.metadata} by hand, then run the command again.",),
        )
    ownership = owners_of(snapshot)
    concerned = (ByConda(record=str(finding.conda)), distribution.name)
    for path in read_payload(distribution, snapshot.prefix.root):
        claims = ownership.claims(path)
        if all(
            (one if isinstance(one, ByConda) else one.distribution) in concerned for one in claims
        ):
            yield RemoveFile(path=path, reason=f"pip's {distribution.name} {distribution.version}")
