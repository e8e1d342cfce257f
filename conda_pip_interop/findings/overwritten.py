"""What others wrote over conda's files, remembered until conda's content is back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.files import hash_file
from conda_pip_interop.changes.state import State, read_state
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.findings.kinds.clobbered import ClobberedFinding

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.findings.base import Finding


def note_overwritten(findings: Iterable[Finding], snapshot: Snapshot, state: State) -> State:
    """Return the state with the files of conda's that have another package's content now."""
    known = dict[str, str](_find_remaining(snapshot, state))
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
    remaining = dict(_find_remaining(snapshot, read_state(snapshot.prefix.root)))
    return frozenset(
        claim.file.path
        for path, sha256 in remaining.items()
        if not any(one.allows(sha256) for one in snapshot.claims.of(path))
        and not any(isinstance(one, ByPip) for one in snapshot.ownership.claimants(path))
        for claim in snapshot.claims.of(path)
    )


def _list_contested(findings: Iterable[Finding], snapshot: Snapshot) -> Iterator[PrefixPath]:
    for one in findings:
        if isinstance(one, ClobberedFinding):
            yield from (evidence.path for evidence in one.evidence)
    yield from filter(snapshot.claims.is_disputed, snapshot.facts)


def _find_remaining(snapshot: Snapshot, state: State) -> Iterator[tuple[PrefixPath, str]]:
    """Find the remembered files that a record lists with other content, as they were left."""
    for text, sha256 in state.overwritten.items():
        path = PrefixPath(text)
        claims = snapshot.claims.of(path)
        if any(claim.states_hash and not claim.allows(sha256) for claim in claims):
            with contextlib.suppress(OSError):
                if hash_file(to_disk(snapshot.prefix.root, path)) == sha256:
                    yield path, sha256
