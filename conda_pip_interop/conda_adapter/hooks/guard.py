"""The guard: find what a conda transaction breaks of what pip has installed."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.exceptions import CondaError
from conda.models.match_spec import MatchSpec

from conda_pip_interop.conda_adapter.channels import ChannelNames
from conda_pip_interop.conda_adapter.console import print_stderr
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.dependencies.guard import build_refusal, find_breakages, render_warning
from conda_pip_interop.dependencies.impact import PackageChange
from conda_pip_interop.environment.snapshot import read_snapshot

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from conda.models.records import PackageRecord
    from packaging.utils import NormalizedName

    from conda_pip_interop.errors import InteropError
    from conda_pip_interop.resolve.solver import CondaPackage


def judge_transaction(
    root: Path,
    unlinked: Iterable[PackageRecord | CondaPackage],
    linked: Iterable[PackageRecord | CondaPackage],
    *,
    replaced: Collection[NormalizedName] = (),
) -> InteropError | None:
    """Warn of what a transaction breaks, or return the refusal if the policy says `error`.

    `replaced`: distributions that are about to be replaced themselves, and cannot break.
    """
    mode = read_policy().guard
    if mode == "off":
        return None
    target = build_target(root)
    breakages = tuple(
        one
        for one in find_breakages(read_snapshot(root), _build_changes(unlinked, linked))
        if one.distribution not in replaced
    )
    if breakages and mode == "error":
        return build_refusal(breakages, target)
    if breakages and not context.quiet:
        print_stderr(render_warning(breakages, target))
    return None


def _build_changes(
    unlinked: Iterable[PackageRecord | CondaPackage],
    linked: Iterable[PackageRecord | CondaPackage],
) -> list[PackageChange]:
    before = {record.name: record.version for record in unlinked}
    after = {record.name: record for record in linked}
    naming = ChannelNames(with_channels=False)
    named = _find_named()
    return [
        PackageChange(
            name=name,
            before=before.get(name),
            after=after[name].version if name in after else None,
            distributions=naming.guess_projects(name),
            depends=tuple(after[name].depends) if name in after else (),
            named=name in named,
        )
        for name in sorted(before.keys() | after.keys())
    ]


def _find_named() -> frozenset[str]:
    """Return the packages that the command line names."""
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    return frozenset(_parse_names(arguments.get("package_names") or arguments.get("packages")))


def _parse_names(specs: Iterable[str] | None) -> Iterator[str]:
    for spec in specs or ():
        with contextlib.suppress(CondaError):  # a file or a URL, which conda reads otherwise
            yield MatchSpec(spec).name
