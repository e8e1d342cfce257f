"""Rows of `conda pip status`: the facts of each environment with the policy, and how shown."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from conda_pip_interop.commands.inspect.status_facts import EnvironmentFacts, Problem
from conda_pip_interop.commands.output import Output, render_table
from conda_pip_interop.protection.protect import is_wanted
from conda_pip_interop.text import count, escape_line
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.protection.policy import Policy

_HEADER = ("Environment", "Python", "Protected", "Findings", "Last change")
#: With which a row has at most 80 columns.
_WIDTHS = (20, 7, 15, 18, 11)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentStatus:
    """A row of `conda pip status`; without facts, `problem` is why it could not be read.

    `user` owns the prefix. `wanted` is whether the policy, which `policy_source` set, requires a
    marker.
    """

    target: Target
    user: str | None
    wanted: bool
    policy_source: str
    facts: EnvironmentFacts | None
    problem: Problem | None

    @property
    def is_problem(self) -> bool:
        """Whether it has findings or could not be read."""
        return self.facts is None or bool(self.facts.findings)

    @property
    def findings(self) -> Mapping[str, int]:
        """The number of findings of each kind."""
        return self.facts.findings if self.facts is not None else {}

    @property
    def next_command(self) -> str | None:
        """The command that shows or settles what is not as it should be."""
        if self.findings:
            return self.target.command("conda", "pip", "check")
        if self.facts is not None and self.wanted and self.facts.protected_by is None:
            return self.target.command("conda", "pip", "protect")
        return None

    def to_dict(self) -> dict[str, object]:
        """The JSON-ready form."""
        facts = self.facts
        return {
            "name": self.target.label,
            "prefix": str(self.target.prefix),
            "user": self.user,
            "python": facts and facts.python,
            "protected_by": facts and facts.protected_by,
            "policy": f"{'protect' if self.wanted else 'leave'} ({self.policy_source})",
            "findings": dict(self.findings),
            "pip_distributions": facts and facts.pip_distributions,
            "operations": facts.operations if facts else 0,
            "originals": facts.originals if facts else 0,
            "last_change": facts and facts.changed,
            "last_reconcile": facts and facts.reconciled,
            "next_command": self.next_command,
            "problem": self.problem,
        }


def build_status(
    target: Target, found: EnvironmentFacts | Problem, policy: Policy
) -> EnvironmentStatus:
    """Add the owner of an environment and what the policy wants of it."""
    facts = found if isinstance(found, EnvironmentFacts) else None
    return EnvironmentStatus(
        target=target,
        user=_find_user(target.prefix),
        wanted=is_wanted(target, policy),
        policy_source=policy.protect_source,
        facts=facts,
        problem=None if isinstance(found, EnvironmentFacts) else found,
    )


def _find_user(prefix: Path) -> str | None:
    """Return the name of the prefix's owner, or the number if it has no name."""
    try:
        owner = os.stat(prefix).st_uid
    except OSError:
        return None
    try:
        from pwd import getpwuid

        return getpwuid(owner).pw_name
    except (ImportError, KeyError):  # Windows has neither the module nor the number
        return str(owner) if hasattr(os, "getuid") else None


_SORT_KEYS: Final[Mapping[str, Callable[[EnvironmentStatus], Any]]] = {
    "name": lambda row: (not row.target.is_base, row.target.label),
    "findings": lambda row: (
        row.problem is None,
        -sum(row.findings.values()),
        row.target.label,
    ),
    "changed": lambda row: (
        row.facts.changed or "" if row.facts is not None else "",
        row.target.label,
    ),
}


def sort_rows(rows: Iterable[EnvironmentStatus], by: str) -> list[EnvironmentStatus]:
    """Sort rows by `name` (base first), `findings` (most first) or `changed` (latest first)."""
    return sorted(rows, key=_SORT_KEYS[by], reverse=by == "changed")


def render_status(
    rows: Iterable[EnvironmentStatus], *, colours: bool = False, exit_code: int = 0
) -> Output:
    """Render a table, with environments that have findings or a problem in red."""
    rows = tuple(rows)
    lines = [render_table(_HEADER, [_render_cells(row) for row in rows])]
    marks = [number for number, row in enumerate(rows, 1) if row.is_problem]
    problems = [f"{row.target.label}: {row.problem}" for row in rows if row.problem is not None]
    if problems:
        lines += ["", "Not read:", *(f"  {escape_line(one)}" for one in problems)]
    open_rows = [row for row in rows if row.next_command is not None]
    if open_rows:
        purpose = "see more" if open_rows[0].findings else "protect it"
        lines += ["", f"To {purpose}: {escape_line(open_rows[0].next_command or '')}"]
    return Output(
        text="\n".join(lines) if rows else "No environment has findings.",
        document={"environments": [row.to_dict() for row in rows]},
        requested=True,
        exit_code=exit_code,
        marks=tuple(marks) if colours else (),
    )


def _render_cells(row: EnvironmentStatus) -> tuple[str, ...]:
    facts = row.facts
    cells = (
        row.target.label if len(row.target.label) <= _WIDTHS[0] else _shorten_path(row),
        facts.python or "-" if facts else "?",
        _describe_protection(row, facts) if facts else "?",
        _describe_findings(row.findings) if facts else "not read",
        (facts.changed or "-")[:10] if facts else "?",
    )
    return tuple(
        one if len(one) <= width else f"{one[: width - 1]}…"
        for one, width in zip(cells, _WIDTHS, strict=True)
    )


def _shorten_path(row: EnvironmentStatus) -> str:
    return f"…{row.target.label[1 - _WIDTHS[0] :]}"


def _describe_protection(row: EnvironmentStatus, facts: EnvironmentFacts) -> str:
    """Describe whether there is a marker, and what the policy says if that differs.

    One that the user requested does not differ from the policy, which it overrides.
    """
    if facts.protected_by not in (None, "conda-pip-interop"):
        return f"by {facts.protected_by}"
    protected = facts.protected_by is not None
    if facts.protection_requested and not row.wanted:
        return "yes, requested"
    differs = {(True, False): ", not wanted", (False, True): ", but wanted"}
    return ("yes" if protected else "no") + differs.get((protected, row.wanted), "")


def _describe_findings(findings: Mapping[str, int]) -> str:
    text = ", ".join(f"{number} {kind}" for kind, number in findings.items())
    if len(text) > _WIDTHS[3]:
        return count(sum(findings.values()), "finding")
    return text or "-"
