"""The guard: find what a conda transaction breaks of what pip has installed."""

from __future__ import annotations

import contextlib
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from conda.base.context import context
from conda.exceptions import CondaError
from conda.models.match_spec import MatchSpec
from packaging.utils import canonicalize_name

from conda_pip_interop.conda_adapter.channels.channel_names import ChannelNames
from conda_pip_interop.conda_adapter.console import print_stderr
from conda_pip_interop.conda_adapter.environments import (
    build_target,
    list_files,
    locate_file,
    read_yaml,
)
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.conda_adapter.transactions.extracted_packages import read_contained
from conda_pip_interop.dependencies.guard import (
    build_refusal,
    find_breakages,
    render_expected,
    render_warning,
)
from conda_pip_interop.dependencies.impact import PackageChange
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.resolve.solver import CondaPackage

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    from conda.models.records import PackageRecord
    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.errors import InteropError

_ARCHIVES: Final = (".conda", ".tar.bz2")


def judge_transaction(
    root: Path,
    unlinked: Iterable[PackageRecord | CondaPackage],
    linked: Iterable[PackageRecord | CondaPackage],
    replaced: Mapping[NormalizedName, str] = MappingProxyType({}),
    snapshot: Snapshot | None = None,
) -> InteropError | None:
    """Warn of what a transaction breaks, or return the refusal if the policy says `error`.

    `replaced`: see `find_breakages`. Without a `snapshot` the environment is read.
    """
    mode = read_policy().guard
    if mode == "off":
        return None
    target = build_target(root)
    snapshot = snapshot or read_snapshot(root)
    changes = _build_changes(unlinked, linked, pips=_find_pips(snapshot))
    found = find_breakages(snapshot, changes, replaced)
    breakages = tuple(one for one in found if not one.expected)
    if breakages and mode == "error":
        return build_refusal(breakages, target)
    expected = tuple(one for one in found if one.expected)
    if expected and not context.quiet:
        print_stderr(render_expected(expected, target))
    if breakages and not context.quiet:
        print_stderr(render_warning(breakages, target))
    return None


def _find_pips(snapshot: Snapshot) -> frozenset[NormalizedName]:
    owner_of = snapshot.ownership.owner_of
    return frozenset(one.name for one in snapshot.distributions if isinstance(owner_of(one), ByPip))


def _build_changes(
    unlinked: Iterable[PackageRecord | CondaPackage],
    linked: Iterable[PackageRecord | CondaPackage],
    *,
    pips: Collection[NormalizedName],
) -> list[PackageChange]:
    before = {record.name: record for record in unlinked}
    after = {record.name: record for record in linked}
    naming = ChannelNames(with_channels=False)
    named = _find_named()
    projects = {project for name in named for project in naming.guess_projects(name)}
    projects |= {canonicalize_name(name) for name in named}
    changes = []
    for name in sorted(before.keys() | after.keys()):
        distributions = naming.guess_projects(name)
        if name in after and not set(distributions).isdisjoint(pips):
            contained = _read_contained(after[name])
            distributions = distributions if contained is None else contained
        changes.append(
            PackageChange(
                name=name,
                before=before[name].version if name in before else None,
                after=after[name].version if name in after else None,
                distributions=distributions,
                depends=tuple(after[name].depends) if name in after else (),
                named=name in named or not projects.isdisjoint(distributions),
                builds=(_read_build(before.get(name)), _read_build(after.get(name))),
            )
        )
    return changes


def _read_contained(
    record: PackageRecord | CondaPackage,
) -> tuple[NormalizedName, ...] | None:
    """Read the distributions of a package; None if it is not downloaded yet."""
    contained = record.contained if isinstance(record, CondaPackage) else read_contained(record)
    return None if contained is None else tuple(name for name, _ in contained)


def _read_build(record: PackageRecord | CondaPackage | None) -> str:
    return "" if record is None else str(record.build)


def _find_named() -> frozenset[str]:
    """Return the conda names of the packages that the command line and its files name."""
    arguments = context._argparse_args or {}  # noqa: SLF001 - conda has no other way to ask
    listed = arguments.get("package_names") or arguments.get("packages") or ()
    specs = [*listed, *(spec for file in list_files() for spec in _read_specs(file))]
    return frozenset(_parse_names(map(str, specs)))


def _read_specs(file: str) -> Iterator[str]:
    """Read the specs of an environment file, or of a list of specs or URLs; none if unreadable."""
    if file.endswith((".yml", ".yaml")):
        listed = read_yaml(file).get("dependencies")
        texts = listed if isinstance(listed, list) else ()
        yield from (one for one in texts if isinstance(one, str))
        return
    with contextlib.suppress(OSError, UnicodeDecodeError):
        yield from locate_file(file).read_text(encoding="utf-8").splitlines()


def _parse_names(specs: Iterable[str]) -> Iterator[str]:
    for spec in specs:
        text = spec.partition("#")[0].strip()
        if text.endswith(_ARCHIVES):
            yield text.rsplit("/", 1)[-1].rsplit("-", 2)[0]
        elif text:
            with contextlib.suppress(CondaError, ValueError):  # conda itself says what is wrong
                yield MatchSpec(text).name
