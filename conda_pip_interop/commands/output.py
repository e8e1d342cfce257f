"""Plans, findings and listings as text for a person, or as a JSON-ready dict. Never prints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from conda_pip_interop.changes.plan import PackageAction
    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.findings.registry import Finding

#: Paths shown of a finding before the rest is only counted.
SHOWN_PATHS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Output:
    """What a command answers: text for stdout, the `--json` document, and the exit code."""

    text: str
    document: dict[str, object]
    exit_code: int = 0


def render_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Columns, left-aligned, under a header line as `conda list` writes it."""
    lines = [tuple(header), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    padded = ["  ".join(map(str.ljust, line, widths)).rstrip() for line in lines]
    return "\n".join([f"# {padded[0]}", *(f"  {line}" for line in padded[1:])])


def render_findings(
    label: str, prefix: str, findings: Iterable[Finding], command: Callable[..., str]
) -> Output:
    """The answer of `conda pip check`; exit code 1 if there are findings.

    `command` makes a command line for the environment out of the words of a remedy.
    """
    findings = tuple(findings)
    documents = [finding_to_dict(finding, command) for finding in findings]
    if not findings:
        return Output(
            text=f"{label}: no findings; conda and pip agree.",
            document={"prefix": prefix, "findings": documents},
        )
    noun = "finding" if len(findings) == 1 else "findings"
    blocks = [f"{label}: {len(findings)} {noun}"]
    blocks += [render_finding(finding, command) for finding in findings]
    return Output(
        text="\n\n".join(blocks),
        document={"prefix": prefix, "findings": documents},
        exit_code=1,
    )


def render_finding(finding: Finding, command: Callable[..., str]) -> str:
    """A finding as a person reads it: what, some of its paths, and the commands that settle it."""
    lines = [f"{finding.kind.value}: {finding.summary}"]
    lines += [f"    {one.path}" for one in finding.evidence[:SHOWN_PATHS]]
    rest = len(finding.evidence) - SHOWN_PATHS
    if rest > 0:
        lines.append(f"    and {rest} more {'path' if rest == 1 else 'paths'}")
    lines += [
        f"  {'to settle it' if number == 0 else 'or'}: {command(*words)}"
        for number, words in enumerate(finding.remedy)
    ]
    return "\n".join(lines)


def finding_to_dict(finding: Finding, command: Callable[..., str]) -> dict[str, object]:
    """The JSON-ready form of a finding, all its paths included."""
    return {
        "kind": finding.kind.value,
        "conda": finding.conda,
        "distribution": finding.distribution,
        "conda_version": finding.conda_version,
        "pip_version": finding.pip_version,
        "summary": finding.summary,
        "paths": [
            {
                "path": one.path,
                "claimed_by": list(one.claimed_by),
                "expected": one.expected,
                "found": one.found,
            }
            for one in finding.evidence
        ],
        "commands": [command(*words) for words in finding.remedy],
        "details": dict(finding.details or {}),
    }


_VERBS = {
    ("conda", "install"): "conda installs",
    ("conda", "upgrade"): "conda upgrades",
    ("conda", "downgrade"): "conda downgrades",
    ("conda", "change"): "conda changes the build of",
    ("conda", "remove"): "conda removes",
    ("conda", "keep"): "conda keeps",
    ("pip", "install"): "pip installs",
    ("pip", "upgrade"): "pip upgrades",
    ("pip", "downgrade"): "pip downgrades",
    ("pip", "change"): "pip changes",
    ("pip", "remove"): "pip removes",
    ("pip", "keep"): "pip keeps",
}


def render_plan(label: str, actions: Iterable[PackageAction]) -> str:
    """A plan, grouped by who does what; each package with its reason."""
    groups: dict[tuple[str, str], list[PackageAction]] = {}
    for action in actions:
        groups.setdefault((action.manager, action.verb), []).append(action)
    every = [action for group in groups.values() for action in group]
    name_width = max((len(action.name) for action in every), default=0)
    version_width = max((len(_versions(action)) for action in every), default=0)
    blocks = [f"## Plan for {label}"]
    for key, heading in _VERBS.items():
        lines = [
            f"  {action.name.ljust(name_width)}  {_versions(action).ljust(version_width)}"
            f"  {_reason(action)}"
            for action in groups.get(key, ())
        ]
        if lines:
            blocks.append("\n".join([f"{heading}:", *lines]))
    return "\n\n".join(blocks)


def _versions(action: PackageAction) -> str:
    if action.verb in ("upgrade", "downgrade"):
        return f"{action.previous} -> {action.version}"
    return action.version or action.previous or ""


def _reason(action: PackageAction) -> str:
    return f"{action.reason}; from {action.source}" if action.source else action.reason


def plan_to_list(actions: Iterable[PackageAction]) -> list[dict[str, object]]:
    """The JSON-ready form of a plan."""
    return [
        {
            "manager": action.manager,
            "action": action.verb,
            "name": action.name,
            "version": action.version,
            "previous": action.previous,
            "reason": action.reason,
            "source": action.source,
        }
        for action in actions
    ]


def render_error(error: InteropError) -> str:
    """An error as a person reads it: what happened, then what to do next."""
    return "\n".join([f"Error: {error.message}", *(f"  - {hint}" for hint in error.hints)])
