"""What pip must not do: put its files over conda's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.core.conda_meta import claimed_metadata
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Collection

    from conda_pip_interop.core.distributions import Distribution
    from conda_pip_interop.core.paths import PrefixPath
    from conda_pip_interop.core.snapshot import Snapshot


def check_overlap(
    staged: Distribution, snapshot: Snapshot, *, leaving: Collection[str] = ()
) -> None:
    """Raise InteropError `would-overwrite` if a file of a staged distribution is one of conda's.

    A record that a distribution of this name is known to be in the place of lists pip's files, not
    conda's; one of `leaving` will be gone.
    """
    hits: list[tuple[PrefixPath, str]] = []
    for file in staged.files or ():
        hits += (
            (file.path, claim.record.name)
            for claim in snapshot.claims.of(file.path)
            if staged.name not in claim.record.overridden_by and claim.record.name not in leaving
        )
    if hits:
        raise _overlaps(staged, hits, snapshot)


def _overlaps(
    staged: Distribution, hits: list[tuple[PrefixPath, str]], snapshot: Snapshot
) -> InteropError:
    owners = sorted({owner for _, owner in hits})
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
