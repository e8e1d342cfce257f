"""The part of `conda doctor` that is about conda and pip, in its style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import render_finding
from conda_pip_interop.text import escape_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding

#: conda's own marks.
OK_MARK: Final = "✅"
X_MARK: Final = "❌"


def render_health(findings: Sequence[Finding], target: Target, *, verbose: bool) -> str:
    """Render a line for each finding, with `verbose` its paths and commands too; else one line."""
    if not findings:
        return f"{OK_MARK} conda and pip agree on what is installed.\n"
    lines = [f"{X_MARK} conda and pip do not agree on what is installed:\n"]
    if verbose:
        lines += [f"{render_finding(one, target.command)}\n" for one in findings]
    else:
        lines += [f"{one.kind}: {escape_line(one.summary)}" for one in findings]
        lines.append(f"\nTo see how to fix it: {target.command('conda', 'pip', 'check')}\n")
    return "\n".join(lines)
