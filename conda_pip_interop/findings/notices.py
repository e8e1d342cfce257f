"""What to say, once, after a transaction."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from conda_pip_interop.changes.plan import RemoveFile
from conda_pip_interop.changes.state import State
from conda_pip_interop.findings.registry import FindingKind

#: What is left behind and is removed.
_CLEANED = (FindingKind.STALE_METADATA, FindingKind.LEFTOVER)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.commands.change.reconcile import ReconcilePlan
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.registry import Finding


def build_notice(
    findings: Iterable[Finding], state: State, target: Target
) -> tuple[tuple[str, ...], State]:
    """The lines to say, and the state that remembers them.

    What has been told and is still so is not told again; what has gone is forgotten, so that it is
    told should it come back.
    """
    keys = {_key(finding): finding for finding in findings}
    new = [finding for key, finding in keys.items() if key not in state.told]
    other = {key for key in state.told if not key.startswith("finding:")}
    remembered = dataclasses.replace(state, told=frozenset(other | keys.keys()))
    if not new:
        return (), remembered
    return (*_render_lines(new, target),), remembered


def build_report(plan: ReconcilePlan, target: Target) -> tuple[str, ...]:
    """The lines to say of what has been set right."""
    overridden = [one for one in plan.findings if one.kind is FindingKind.OVERRIDDEN]
    told = [*overridden, *(one for one in plan.findings if one.kind in _CLEANED)]
    lines = [f"conda-pip-interop: {target.label}: {one.summary}" for one in told]
    if overridden:
        names = [one.conda for one in overridden if one.conda is not None]
        lines.append("  conda's records list pip's files now, so that neither breaks the other")
        lines.append(f"  conda's own back: {target.command('conda', 'pip', 'restore', *names)}")
    count = sum(isinstance(action, RemoveFile) for action in plan.actions)
    if count:
        files = "file" if count == 1 else "files"
        lines.append(f"  cleaned up: {count} {files} that nobody answers for")
    return tuple(lines)


def _key(finding: Finding) -> str:
    parts = (finding.kind.value, finding.conda, finding.distribution, finding.pip_version)
    return "finding:" + ":".join(part or "" for part in parts)


def _render_lines(findings: list[Finding], target: Target) -> Iterable[str]:
    """One line for one finding; for more, a line that counts and the command that tells all."""
    if len(findings) == 1:
        (finding,) = findings
        yield f"conda-pip-interop: {target.label}: {finding.summary}"
        if finding.remedy:
            yield f"  to settle it: {target.command(*finding.remedy[0])}"
        return
    counts: dict[FindingKind, list[str]] = {}
    for finding in findings:
        counts.setdefault(finding.kind, []).append(finding.distribution or finding.conda or "?")
    told = "; ".join(f"{kind.value}: {_shorten(names)}" for kind, names in counts.items())
    yield f"conda-pip-interop: {target.label}: {len(findings)} findings ({told})"
    yield f"  to see them: {target.command('conda', 'pip', 'check')}"


def _shorten(names: list[str], shown: int = 3) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
