"""What others wrote over conda's files, remembered while conda's records list other content."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.files import identify_file
from conda_pip_interop.changes.state import State, read_state
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.findings.kinds.clobbered import ClobberedFinding

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.claims import Claim
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import Finding


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
