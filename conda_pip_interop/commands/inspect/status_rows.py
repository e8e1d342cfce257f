"""Rows of `conda pip status`: what is read of each environment, and how it is shown."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from conda_pip_interop.changes.journal import JOURNAL_FOLDER
from conda_pip_interop.changes.originals import count_originals
from conda_pip_interop.changes.rollback import read_journals
from conda_pip_interop.commands.output import Output, render_table
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.protection.markers import (
    Absent,
    Foreign,
    MarkerState,
    Ours,
    read_snapshot_marker,
)
from conda_pip_interop.protection.protect import is_wanted
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.protection.policy import Policy

_HEADER = ("Environment", "Python", "Protected by", "Policy", "Findings", "Kept", "Last change")


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentStatus:
    """A row of `conda pip status`; `problem` is why an environment could not be read.

    `findings` counts by kind; `changed` is when conda, or a command of ours, last changed it
    (ISO 8601, UTC). Kept are `operations`, which can be undone, and `originals`, records as conda
    wrote them.
    """

    label: str
    prefix: str
    python: str | None = None
    protected_by: str | None = None
    policy: str = ""
    findings: Mapping[str, int]
    operations: int = 0
    originals: int = 0
    changed: str | None = None
    problem: str | None = None

    def to_dict(self) -> dict[str, object]:
        """The JSON-ready form."""
        return {
            "name": self.label,
            "prefix": self.prefix,
            "python": self.python,
            "protected_by": self.protected_by,
            "policy": self.policy,
            "findings": dict(self.findings),
            "operations": self.operations,
            "originals": self.originals,
            "last_change": self.changed,
            "problem": self.problem,
        }


def read_status(target: Target, policy: Policy) -> EnvironmentStatus:
    """Read the row of an environment; an error becomes its `problem`."""
    try:
        snapshot = read_snapshot(target.prefix)
        python = snapshot.prefix.python
        wanted = is_wanted(target, policy)
        counts = Counter(finding.kind for finding in find_all(snapshot))
        return EnvironmentStatus(
            label=target.label,
            prefix=str(target.prefix),
            python=None if python is None else python.version,
            protected_by=_protector(read_snapshot_marker(snapshot)),
            policy=f"{'protect' if wanted else 'leave'} ({policy.protect_source})",
            findings=dict(sorted(counts.items())),
            operations=sum(one.closed for one in read_journals(target.prefix)),
            originals=count_originals(target.prefix),
            changed=_last_change(target.prefix),
        )
    except (InteropError, OSError) as error:
        return EnvironmentStatus(
            label=target.label, prefix=str(target.prefix), findings={}, problem=str(error)
        )


def render_status(rows: Iterable[EnvironmentStatus], *, colours: bool = False) -> Output:
    """Render a table, with environments that have findings or a problem in red."""
    rows = sorted(rows, key=lambda row: (row.label != "base", row.label))
    table = render_table(_HEADER, [_cells(row) for row in rows]).splitlines()
    lines = table[:1]
    for row, line in zip(rows, table[1:], strict=True):
        marked = colours and (row.findings or row.problem)
        lines.append(f"\033[31m{line}\033[0m" if marked else line)
    return Output(
        text="\n".join(lines),
        document={"environments": [row.to_dict() for row in rows]},
        requested=True,
    )


def _cells(row: EnvironmentStatus) -> tuple[str, ...]:
    if row.problem is not None:
        return (row.label, "?", "?", "?", f"cannot be read: {row.problem}", "", "")
    findings = ", ".join(f"{count} {kind}" for kind, count in row.findings.items())
    return (
        row.label,
        row.python or "-",
        row.protected_by or "-",
        row.policy,
        findings or "-",
        _describe_kept(row),
        row.changed or "-",
    )


def _describe_kept(row: EnvironmentStatus) -> str:
    counts = ((row.operations, "operation"), (row.originals, "original"))
    return ", ".join(count(n, what) for n, what in counts if n) or "-"


def _protector(marker: MarkerState) -> str | None:
    match marker:
        case Absent():
            return None
        case Ours():
            return "conda-pip-interop"
        case Foreign(owner=owner):
            return owner or "another program"


def _last_change(prefix: Path) -> str | None:
    """Return when conda's history or one of our journals was last written."""
    journals = (prefix / JOURNAL_FOLDER).glob("*/journal.jsonl")
    times = []
    for file in (prefix / "conda-meta" / "history", *journals):
        with contextlib.suppress(OSError):
            times.append(file.stat().st_mtime)
    if not times:
        return None
    return datetime.fromtimestamp(max(times), timezone.utc).isoformat(timespec="minutes")
