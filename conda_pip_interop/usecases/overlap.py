"""What pip must not do, unless it is let: put its files over conda's."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conda_pip_interop.core.conda_meta import claimed_metadata
from conda_pip_interop.core.ownership import ByPip, owner_of_distribution, owners_of
from conda_pip_interop.errors import InteropError
from conda_pip_interop.usecases.override import read_override, settle_override

if TYPE_CHECKING:
    from collections.abc import Collection

    from packaging.utils import NormalizedName

    from conda_pip_interop.core.conda_meta import CondaRecord
    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.paths import PrefixPath
    from conda_pip_interop.core.plan import FileAction
    from conda_pip_interop.core.snapshot import Snapshot


def find_overlaps(
    staged: Distribution, snapshot: Snapshot, *, leaving: Collection[str] = ()
) -> tuple[tuple[PrefixPath, CondaRecord], ...]:
    """The files of a distribution that are conda's, each with the record that lists it.

    A record that a distribution of this name is known to be in the place of lists pip's files, not
    conda's; one of `leaving` will be gone.
    """
    return tuple(
        (file.path, claim.record)
        for file in staged.files or ()
        for claim in snapshot.claims.of(file.path)
        if staged.name not in claim.record.overridden_by and claim.record.name not in leaving
    )


def check_overlap(
    staged: Distribution, snapshot: Snapshot, *, leaving: Collection[str] = ()
) -> None:
    """Raise InteropError `would-overwrite` if a file of a staged distribution is one of conda's."""
    hits = find_overlaps(staged, snapshot, leaving=leaving)
    if hits:
        raise _overlaps(staged, hits, snapshot)


def settle_overlaps(
    names: Collection[NormalizedName], snapshot: Snapshot
) -> tuple[FileAction, ...]:
    """The actions that tell the records of differently named packages what pip has put over them.

    `names` are distributions that were allowed to: each becomes an override of such a record, as
    it would be of one that carries it. That one `reconcile` finds by itself.
    """
    ownership, root = owners_of(snapshot), snapshot.prefix.root
    actions: list[FileAction] = []
    taken: set[PrefixPath] = set()
    for one in snapshot.distributions:
        if one.name not in names or not isinstance(owner_of_distribution(snapshot, one), ByPip):
            continue
        carrying = {carrier.record.path for carrier in snapshot.claims.by_name.get(one.name, ())}
        records = {record.path: record for _, record in find_overlaps(one, snapshot)}
        for path, record in records.items():
            if path not in carrying:
                override = read_override(record, (one,), ownership=ownership, root=root)
                override = replace(override, payload=override.payload - taken)
                taken |= override.payload
                actions += settle_override(override, ownership=ownership, root=root)
    return tuple(actions)


def _overlaps(
    staged: Distribution, hits: tuple[tuple[PrefixPath, CondaRecord], ...], snapshot: Snapshot
) -> InteropError:
    owners = sorted({record.name for _, record in hits})
    carried = {
        one.name
        for record in snapshot.records
        if record.name in owners
        for one in claimed_metadata(record)
    }
    what = "another version of it" if staged.name in carried else "something else"
    count = "1 file" if len(hits) == 1 else f"{len(hits)} files"
    return InteropError(
        "would-overwrite",
        f"pip's {staged.name} would overwrite {count} of conda's {', '.join(owners)} ({what}) "
        f"in {snapshot.prefix.root}, {hits[0][0]} for one.",
        hints=(
            f"Use conda's {', '.join(owners)} as it is, or remove it with conda first.",
            "Install into an environment of its own: `conda create -n NEW python pip`.",
            f"To overwrite it all the same: `--break-other-managers {staged.name}`.",
        ),
    )
