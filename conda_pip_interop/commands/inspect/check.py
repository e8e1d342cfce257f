"""`conda pip check`: the findings of an environment, of several, or of all."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence
    from pathlib import Path

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding

HELP: Final = "Find problems between conda and pip; exit code 1 if any"
EXAMPLES: Final = "conda pip check -n web\nconda pip check -n web -n data\nconda pip check --all"
_COLUMNS: Final = 80


def configure(parser: CommandParser) -> None:
    """Take several environments; all, where conda knows them."""
    parser.takes_several = True
    parser.description = f"{HELP}.\n\n-n and -p may be given several times."
    parser.add_all("check all environments that conda knows")


def execute(args: Namespace, host: Host) -> Output:
    """Report every finding; of all environments, what cannot be read is reported, too."""
    from conda_pip_interop.commands.inspect.status_facts import (
        find_cache,
        is_known_clean,
        read_and_keep,
    )
    from conda_pip_interop.commands.output import find_columns, fold, render_findings

    cache = find_cache(host)
    if args.all:
        targets = host.list_targets()
    elif args.also:
        targets = [*(_find_target(*one, host=host) for one in args.also), host.target]
    else:
        target = host.target
        if is_known_clean(target, cache=cache):
            return render_findings((), target)
        from conda_pip_interop.findings.registry import find_asked  # slow, and seldom needed

        snapshot = read_and_keep(target, cache=cache)
        findings = tuple(ask_channels(one, target, host) for one in find_asked(snapshot))
        output = render_findings(findings, target)
        output = _add_layer(output, snapshot)
        return replace(output, text=fold(output.text, find_columns()))
    unique = list({target.prefix: target for target in targets}.values())
    rows = [
        replace(row, findings=tuple(ask_channels(one, row.target, host) for one in row.findings))
        for row in host.for_each(unique, partial(check_environment, cache=cache))
    ]
    return render_environments(rows, named=not args.all)


def _add_layer(output: Output, snapshot: Snapshot) -> Output:
    """Add what a virtual environment hides of the one below it; the others stay as they are."""
    from conda_pip_interop.environment.layers import read_layer_below

    below = read_layer_below(snapshot)
    if below is None:
        return output
    own = {one.name: one.version for one in snapshot.distributions}
    hidden = {
        one.name: below.ownership.version_of(one) for one in below.distributions if one.name in own
    }
    told = ", ".join(f"{name} {version} by {own[name]}" for name, version in hidden.items())
    root = str(below.prefix.root)
    rows = [{"name": name, "version": one, "by": own[name]} for name, one in hidden.items()]
    return replace(
        output,
        text=f"{output.text}\n\nBelow it: {root}\n  hidden there: {told or 'nothing'}",
        document={**output.document, "layer": {"prefix": root, "hidden": rows}},
    )


def _find_target(option: str, value: str, *, host: Host) -> Target:
    target = host.find_target(option, value)
    if not target.prefix.is_dir():
        raise InteropError(
            "no-such-environment",
            f"There is no environment {value}.",
            hints=("To list the environments: `conda env list`.",),
        )
    return target


def ask_channels(finding: Finding, target: Target, host: Host) -> Finding:
    """Learn whether the channels have what the remedy of a finding would install."""
    from packaging.utils import canonicalize_name

    from conda_pip_interop.dependencies.requirements import satisfies
    from conda_pip_interop.findings.kinds.unmet import UnmetFinding

    if not isinstance(finding, UnmetFinding) or not finding.needs_channels:
        return finding
    wanted = finding.requirement
    with host.progress("Searching the channels"):
        versions = host.find_versions(canonicalize_name(wanted.name), target)
    if versions is None:
        return finding
    return replace(finding, in_channels=any(satisfies(wanted.specifier, one) for one in versions))


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckedEnvironment:
    """The findings of an environment; `problem` is why it could not be read."""

    target: Target
    findings: tuple[Finding, ...] = ()
    problem: str | None = None

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form."""
        return {
            "name": self.target.label,
            "prefix": str(self.target.prefix),
            "findings": [one.to_dict(self.target.command) for one in self.findings],
            "problem": self.problem,
        }


def check_environment(target: Target, *, cache: Path | None) -> CheckedEnvironment:
    """Check an environment, if it may have changed; an error becomes its `problem`."""
    from conda_pip_interop.commands.inspect.status_facts import is_known_clean, read_and_keep
    from conda_pip_interop.findings.registry import find_asked

    try:
        if is_known_clean(target, cache=cache):
            return CheckedEnvironment(target=target)
        findings = find_asked(read_and_keep(target, cache=cache))
        return CheckedEnvironment(target=target, findings=findings)
    except (InteropError, OSError) as error:
        return CheckedEnvironment(target=target, problem=str(error))


def render_environments(rows: Sequence[CheckedEnvironment], *, named: bool) -> Output:
    """Render those without findings, then the findings by environment, and their number.

    Exit code 1 if there are any, or if one that the user `named` could not be read.
    """
    from conda_pip_interop.commands.output import Output

    number = sum(len(row.findings) for row in rows)
    affected = sum(bool(row.findings) for row in rows)
    unread = sum(row.problem is not None for row in rows)
    total = f"{count(number, 'finding')} in {affected} of {count(len(rows), 'environment')}"
    if unread:
        total += f"; {unread} could not be read"
    clean = [_render(row) for row in rows if not row.findings]
    blocks = [_render(row) for row in rows if row.findings]
    return Output(
        text="\n\n".join(["\n".join(clean), *blocks, total]).strip(),
        document={"environments": [row.to_dict() for row in rows]},
        exit_code=1 if number or (named and unread) else 0,
        requested=True,
    )


def _render(row: CheckedEnvironment) -> str:
    from conda_pip_interop.commands.output import find_columns, fold, render_findings

    text = (
        f"{row.target.label}: not read: {row.problem}"
        if row.problem is not None
        else render_findings(row.findings, row.target).text
    )
    return fold(text, find_columns() or _COLUMNS)
