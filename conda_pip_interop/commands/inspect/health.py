"""What `conda doctor` prints of ours, in its own style."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import render_finding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.registry import Finding

#: conda's own marks.
OK_MARK: Final = "✅"
X_MARK: Final = "❌"


def render_health(findings: Sequence[Finding], target: Target, *, verbose: bool) -> str:
    """A line where all is well; else one a finding, with `verbose` its paths and remedies too."""
    if not findings:
        return f"{OK_MARK} conda and pip agree about what is installed.\n"
    lines = [f"{X_MARK} conda and pip do not agree about what is installed:\n"]
    if verbose:
        lines += [f"{render_finding(one, target.command)}\n" for one in findings]
    else:
        lines += [f"{one.kind.value}: {one.summary}" for one in findings]
        lines.append(f"\nHow to settle it: {target.command('conda', 'pip', 'check')}\n")
    return "\n".join(lines)
