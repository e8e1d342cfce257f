"""Report new findings once, and what reconciling has changed."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from conda_pip_interop.changes.plan import RemoveFile
from conda_pip_interop.findings.kinds.leftover import LeftoverFinding
from conda_pip_interop.findings.kinds.overridden import OverriddenFinding
from conda_pip_interop.findings.kinds.stale_metadata import StaleMetadataFinding
from conda_pip_interop.text import count, escape_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.changes.state import State
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding


def build_notice(
    findings: Iterable[Finding], state: State, target: Target
) -> tuple[tuple[str, ...], State]:
    """Return the lines to print, and the state that remembers them.

    A finding that was reported is not reported again while it lasts; one that is gone is
    forgotten, so that it is reported if it comes back.
    """
    by_key = {finding.key: finding for finding in findings}
    new = [finding for key, finding in by_key.items() if key not in state.told]
    remembered = dataclasses.replace(state, told=frozenset(by_key))
    return (tuple(map(escape_line, _render_lines(new, target))) if new else ()), remembered


def build_report(plan: Plan, fixed: Collection[Finding], target: Target) -> tuple[str, ...]:
    """Return the lines to print about what reconciling has changed."""
    overridden = [one for one in fixed if isinstance(one, OverriddenFinding)]
    cleaned = [one for one in fixed if isinstance(one, StaleMetadataFinding | LeftoverFinding)]
    told = (
        f"{one.event}." if isinstance(one, StaleMetadataFinding) else one.summary
        for one in (*overridden, *cleaned)
    )
    lines = [f"conda-pip-interop: {target.label}: {one}" for one in told]
    if overridden:
        lines.append("  conda's records were updated to list pip's files.")
        for name in dict.fromkeys(one.record.name for one in overridden):
            restore = target.command("conda", "pip", "restore", name)
            lines.append(f"  To go back to conda's version: {restore}")
    orphaned = sum(isinstance(action, RemoveFile) for action in plan.files)
    if orphaned:
        lines.append(f"  removed {count(orphaned, 'orphaned file')}")
    return tuple(map(escape_line, lines))


def _render_lines(findings: list[Finding], target: Target) -> Iterator[str]:
    """Render a line for one finding; for more, their counts and the command that lists them."""
    if len(findings) == 1:
        (finding,) = findings
        yield f"conda-pip-interop: {target.label}: {finding.summary}"
        if finding.needs_channels:
            check = target.command("conda", "pip", "check")
            yield f"  To see how to fix it: {check}"
        elif finding.remedy:
            yield f"  To fix: {finding.render_commands(target.command)[0]}"
        return
    counts: dict[str, list[str]] = {}
    for finding in findings:
        counts.setdefault(finding.kind, []).append(finding.project or finding.conda_name or "?")
    told = "; ".join(f"{kind}: {_shorten(names)}" for kind, names in counts.items())
    yield f"conda-pip-interop: {target.label}: {len(findings)} findings ({told})"
    yield f"  To list them: {target.command('conda', 'pip', 'check')}"


def _shorten(names: list[str], shown: int = 3) -> str:
    rest = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {rest} more" if rest > 0 else "")
