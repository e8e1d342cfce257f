"""`conda pip check`: the findings of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.commands.output import Output, render_findings
from conda_pip_interop.dependencies.replaced import find_refusing
from conda_pip_interop.dependencies.requirements import find_unmet
from conda_pip_interop.environment.distributions import read_requirements
from conda_pip_interop.findings.lost_record import find_lost_records
from conda_pip_interop.findings.registry import find_findings

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.registry import Finding


def find_all(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Every finding, lost records and unmet requirements included."""
    unmet = find_unmet(snapshot, lambda one: read_requirements(snapshot.prefix, one))
    return (
        *find_findings(snapshot),
        *find_lost_records(snapshot),
        *unmet,
        *find_refusing(snapshot, told=unmet),
    )


def check(snapshot: Snapshot, target: Target) -> Output:
    """What `conda pip check` answers; exit code 1 if there is a finding."""
    return render_findings(target.label, str(target.prefix), find_all(snapshot), target.command)
