"""The stash around a transaction of conda's: opened before it links, put back or dropped after."""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from conda.core.package_cache_data import PackageCacheData

from conda_pip_interop.changes.lock import is_operating
from conda_pip_interop.changes.stash import StashPlan, plan_stash
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.conda_adapter.boundary import notify
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.conda_records import find_packaged_names
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda.models.records import PackageRecord
    from packaging.utils import NormalizedName


class _PutBack(Exception):  # noqa: N818 - never seen by anybody: it makes the operation roll back
    """The transaction has failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stash:
    plan: StashPlan
    operation: ExitStack


_open: dict[Path, _Stash] = {}


def open_stash(root: Path, linked: tuple[PackageRecord, ...]) -> None:
    """Move pip's payload aside where conda is about to link a distribution of the same name."""
    put_back(root)  # of an earlier transaction of this process that failed
    if read_policy().reconcile != "auto" or is_operating(root):
        return
    snapshot = read_snapshot(root)
    plan = plan_stash(snapshot, _find_coming(linked))
    if not plan.removals:
        return
    names = " ".join(one.name for one, _ in plan.distributions)
    with ExitStack() as stack:
        operation = stack.enter_context(
            open_operation(
                root,
                f"make way for conda's {names}",
                fingerprint=snapshot.fingerprint,
                goal=_find_goal(root, linked),
                keep=False,
                on_wait=lambda: _go_on(root),
            )
        )
        operation.apply(plan.removals)
        _open[root] = _Stash(plan=plan, operation=stack.pop_all())
    atexit.register(put_back, root)


def put_back(root: Path) -> None:
    """The transaction failed, or never came to its end: pip's payload is where it was.

    At exit, when conda has taken back what it had linked.
    """
    stash = _open.pop(root, None)
    if stash is not None:
        stash.operation.__exit__(_PutBack, _PutBack(), None)


def drop_stash(root: Path) -> None:
    """The transaction is done: conda's package is in the place of pip's."""
    stash = _open.pop(root, None)
    if stash is None:
        return
    stash.operation.close()
    label = build_target(root).label
    notify(
        *(
            f"conda-pip-interop: {label}: conda installed {package} over pip's {one.name} "
            f"{one.version}."
            for one, package in stash.plan.distributions
        ),
        f"  cleaned up: {len(stash.plan.removals)} files of pip's",
    )


def _find_coming(linked: Iterable[PackageRecord]) -> dict[NormalizedName, str]:
    """The distributions that the packages carry, as their extracted archives say."""
    coming: dict[NormalizedName, str] = {}
    for record in linked:
        folder = PackageCacheData.get_entry_to_link(record).extracted_package_dir
        try:
            paths = Path(folder, "info", "paths.json").read_bytes()
        except OSError:
            continue
        package = f"{record.name} {record.version}"
        coming.update(dict.fromkeys(find_packaged_names(paths), package))
    return coming


def _find_goal(root: Path, linked: tuple[PackageRecord, ...]) -> PrefixPath | None:
    """A record that conda writes at the very end; None where one of that name is there already."""
    record = linked[-1]
    path = PrefixPath(f"conda-meta/{record.name}-{record.version}-{record.build}.json")
    return None if (root / path).exists() else path


def _go_on(root: Path) -> NoReturn:
    raise InteropError("busy", f"another process works in {root}")
