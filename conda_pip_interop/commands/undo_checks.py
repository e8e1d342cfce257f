"""Whether operations can be undone: the same answer for `undo`, its dry run, and `history`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from conda_pip_interop.changes.undoing.changed_since import (
    explain_command,
    refuse_after_conda,
    refuse_any_changed,
)
from conda_pip_interop.changes.undoing.conda_commands import complete_commands
from conda_pip_interop.changes.undoing.operations import list_operations
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.after_undo import find_brought
from conda_pip_interop.findings.kinds.unmet import UnmetFinding
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.changes.undoing.conda_commands import PackageCache
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.conda_meta.history import Linked
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding


@dataclass(frozen=True, kw_only=True, slots=True)
class CachedOnly:
    """A `PackageCache` that downloads nothing."""

    host: Host

    def fetch(self, linked: Linked) -> Path | None:
        """See `PackageCache.fetch`."""
        return self.host.fetch(linked, cached=True)


def check_undo(
    operations: Sequence[Sequence[Journal]],
    target: Target,
    cache: PackageCache,
    *,
    is_last: bool,
) -> tuple[tuple[Journal, ...], ...]:
    """Return the operations (newest first) with all that undoing them needs.

    `is_last`: nobody named an operation, so it must be what the person did last. Raises
    InteropError `conda-was-last`, `would-break`, and what `complete_commands` and `refuse_changed`
    raise.
    """
    if is_last:
        refuse_after_conda(target, operations[0])
    try:
        completed = tuple(complete_commands(target.prefix, one, cache) for one in operations)
        refuse_any_changed(target.prefix, completed, target=target)
        _refuse_findings(completed, target)
    except InteropError as error:
        head = operations[0][0]
        last = list_operations(target.prefix)[-1][0]
        if len(operations) > 1 or head.conda is None or head.identifier != last.identifier:
            raise
        raise explain_command(target, operations[0], error) from error
    return completed


def _refuse_findings(operations: Sequence[Sequence[Journal]], target: Target) -> None:
    """Raise InteropError `would-break` if undoing brings findings that were not there before."""
    brought = find_brought(target.prefix, operations)
    if not brought:
        return
    head = operations[-1][0]
    what = f"{head.identifier} ({head.title})" if len(operations) == 1 else "these operations"
    lines = [f"  {one.kind}: {one.summary}" for one in brought]
    raise InteropError(
        "would-break",
        f"Nothing was undone in {target.label}: without {what} there would be "
        f"{count(len(brought), 'new finding')}:\n" + "\n".join(lines),
        hints=tuple(dict.fromkeys(_find_ways(brought, operations, target))),
    )


def _find_ways(
    brought: Sequence[Finding], operations: Sequence[Sequence[Journal]], target: Target
) -> Iterator[str]:
    every = list_operations(target.prefix)
    heads = {one[0].identifier for one in operations}
    later = [*itertools.takewhile(lambda one: one[0].identifier not in heads, reversed(every))]
    if later and not later[0][0].automatic:
        first = target.command("conda", "pip", "undo", later[0][0].identifier)
        yield f"To undo first what followed: `{first}`."
    for one in brought:
        if isinstance(one, UnmetFinding) and one.drops is not None:
            yield f"To remove first what needs it: `{target.command(*one.drops)}`."
