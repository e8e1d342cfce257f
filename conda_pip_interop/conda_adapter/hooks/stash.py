"""Move pip's files aside before conda links packages of the same name; put back on failure.

`conda pip undo` of the command puts them back, too.
"""

from __future__ import annotations

import atexit
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from conda.core.package_cache_data import PackageCacheData

from conda_pip_interop.changes.atomic.lock import is_operating
from conda_pip_interop.changes.atomic.transaction import open_operation
from conda_pip_interop.changes.exclusive_files import StashPlan, plan_stash
from conda_pip_interop.changes.plan import RemoveFile, WriteFile, build_title
from conda_pip_interop.changes.replacing import find_overrides
from conda_pip_interop.conda_adapter.console import notify
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.session import OpenStash, current_session
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.conda_adapter.transactions.solution import find_goal
from conda_pip_interop.environment.conda_meta.records import find_packaged_names
from conda_pip_interop.environment.origin import describe_unlisted, is_unrecorded
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda.models.records import PackageRecord
    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_meta.records import CondaRecord


class _TransactionFailedError(Exception):
    """Makes the stash's operation roll back; never shown."""


def open_stash(
    root: Path, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> None:
    """Move pip's files aside where conda is about to link a distribution of the same name.

    Those in the place of packages that it unlinks, too: their records list them.
    """
    put_back(root)  # of an earlier transaction of this process that failed
    if read_policy().reconcile != "auto" or is_operating(root):
        return
    snapshot = read_snapshot(root)
    plan = plan_stash(snapshot, _find_coming(linked))
    leaving = {one.name for one in unlinked}
    overridden = [one for one in snapshot.records if one.overridden_by and one.name in leaving]
    if not (plan.removals or overridden):
        return
    title = build_title("replaced by conda:", _find_names(plan, overridden))
    with ExitStack() as stack:
        operation = stack.enter_context(
            open_operation(
                root,
                title,
                fingerprint=snapshot.fingerprint,
                goal=find_goal(root, linked),
                automatic="aside",
                on_wait=lambda: _go_on(root),
            )
        )
        records = ((one.path, read_regular(root / one.path)) for one in overridden)
        operation.apply(
            (
                *plan.removals,
                *find_overrides(overridden, snapshot),
                *(WriteFile(path=path, content=text, reason="kept") for path, text in records),
            )
        )
        current_session().stashes[root] = OpenStash(plan=plan, operation=stack.pop_all())
    atexit.register(put_back, root)


def put_back(root: Path) -> None:
    """Put pip's files back: the transaction failed, or did not end.

    Runs at exit, when conda has unlinked what it had linked.
    """
    stash = current_session().stashes.pop(root, None)
    if stash is not None:
        stash.operation.__exit__(_TransactionFailedError, _TransactionFailedError(), None)


def drop_stash(root: Path) -> None:
    """The transaction is complete: conda's package replaces pip's."""
    stash = current_session().stashes.pop(root, None)
    if stash is None:
        return
    stash.operation.close()
    if not stash.plan.distributions:
        return
    label = build_target(root).label
    notify(
        *(
            f"conda-pip-interop: {label}: conda installed {package} over {describe_unlisted(one)}."
            for one, package in stash.plan.distributions
        ),
        f"  removed {_count_removed(stash.plan)}",
    )


def _count_removed(plan: StashPlan) -> str:
    removed = sum(isinstance(one, RemoveFile) for one in plan.removals)
    if all(is_unrecorded(one) for one, _ in plan.distributions):
        return count(removed, "orphaned file")
    return f"{count(removed, 'file')} that pip had installed"


def _find_names(plan: StashPlan, overridden: Iterable[CondaRecord]) -> Iterator[str]:
    yield from (one.name for one, _ in plan.distributions)
    for record in overridden:
        yield from record.overridden_by


def _find_coming(linked: Iterable[PackageRecord]) -> dict[NormalizedName, str]:
    """Find the distributions that the packages carry, in their extracted archives."""
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


def _go_on(root: Path) -> NoReturn:
    raise InteropError("busy", f"another process changes {root}")
