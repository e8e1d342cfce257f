"""Files with content that is not their owner's: others' over conda's, and conda's over pip's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.atomic.files import identify_file
from conda_pip_interop.changes.originals import read_original
from conda_pip_interop.changes.state import State, read_state
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.findings.kinds.clobbered import ClobberedFinding

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.claims import Claim
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import Finding

#: A larger file of the size that pip's has is taken for pip's: hashing takes too long.
_HASHED_SIZE: Final = 1 << 20


def note_overwritten(findings: Iterable[Finding], snapshot: Snapshot, state: State) -> State:
    """Return the state with the files of conda's that have another package's content now.

    What was noted stays while a record lists it with other content: an undo may bring it back.
    """
    known = {
        path: sha256
        for path, sha256 in state.overwritten.items()
        if _find_claims(PrefixPath(path), sha256, snapshot)
    }
    known |= {
        path: sha256
        for path in _list_contested(findings, snapshot)
        if (fact := snapshot.facts.get(path)) is not None
        and (sha256 := fact.sha256) is not None
        and not all(claim.allows(sha256) for claim in snapshot.claims.of(path))
    }
    return state if known == state.overwritten else replace(state, overwritten=known)


def find_overwritten(snapshot: Snapshot) -> frozenset[PrefixPath]:
    """Find the files of conda's with the content of a package that does not list them any more."""
    return frozenset(
        claim.file.path
        for path, sha256 in read_state(snapshot.prefix.root).overwritten.items()
        for claim in _find_claims(PrefixPath(path), sha256, snapshot)
        if not any(one.allows(sha256) for one in snapshot.claims.of(claim.file.path))
        and not any(isinstance(one, ByPip) for one in snapshot.ownership.claimants(claim.file.path))
        and _has_content(to_disk(snapshot.prefix.root, claim.file.path), sha256)
    )


def _find_claims(path: PrefixPath, sha256: str, snapshot: Snapshot) -> tuple[Claim, ...]:
    """Find the claims on a path that state other content."""
    claims = snapshot.claims.of(path)
    return tuple(one for one in claims if one.states_hash and not one.allows(sha256))


def _has_content(file: Path, sha256: str) -> bool:
    try:
        return identify_file(file) == sha256
    except OSError:
        return False


def _list_contested(findings: Iterable[Finding], snapshot: Snapshot) -> Iterator[PrefixPath]:
    for one in findings:
        if isinstance(one, ClobberedFinding):
            yield from (evidence.path for evidence in one.evidence)
    yield from filter(snapshot.claims.is_disputed, snapshot.facts)


def find_conda_content(snapshot: Snapshot, one: Distribution) -> Iterator[PrefixPath]:
    """Find the files of an override that have the content of conda's package, not pip's.

    conda-pack takes what a record of conda's lists from the package cache.
    """
    override = snapshot.ownership.override_of(one)
    if override is None or one.name not in override.record.overridden_by:
        return
    record, root = override.record, snapshot.prefix.root
    pips = {file.path: file for file in record.files}
    for file in read_original(record, root).files:
        ours, condas = pips.get(file.path), {file.sha256, file.sha256_in_prefix} - {None}
        if ours is None or ours.sha256 is None or not condas or ours.sha256 in condas:
            continue
        with contextlib.suppress(OSError):
            on_disk = to_disk(root, file.path)
            size = on_disk.lstat().st_size
            is_alike = size == ours.size and size > _HASHED_SIZE
            if not is_alike and identify_file(on_disk) in condas:
                yield file.path
