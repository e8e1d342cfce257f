"""`conda pip check`: the findings of an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.core.distributions import read_requirements
from conda_pip_interop.core.findings import find_findings
from conda_pip_interop.core.requirements import find_unmet
from conda_pip_interop.render import Output, render_findings
from conda_pip_interop.usecases.lost import find_lost_records
from conda_pip_interop.usecases.replaced import find_refusing

if TYPE_CHECKING:
    from conda_pip_interop.core.findings import Finding
    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.usecases.target import Target


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
