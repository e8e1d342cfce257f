"""Whether an environment is as it was when the hooks last checked it: then they check nothing."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from conda_pip_interop import __version__
from conda_pip_interop.changes.atomic.journal import read_folder_times
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.quick_check import read_fingerprint, read_stamps
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.changes.state import State


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """What a check depends on, as a digest; not reliable if it may change without a sign."""

    digest: str
    is_reliable: bool

    def note(self, state: State) -> State:
        """Return the state after this check found no more to do."""
        return dataclasses.replace(state, checked=self.digest if self.is_reliable else "")


def read_check(root: Path) -> Check:
    """Read what a check of the environment depends on; call it before the check."""
    found = read_fingerprint(root)
    times = read_folder_times(root)
    parts = (__version__, read_policy().reconcile, root, found.digest, *times)
    digest = hashlib.sha256("\0".join(map(str, parts)).encode(errors="surrogateescape"))
    return Check(digest=digest.hexdigest(), is_reliable=found.is_reliable)


def is_unchanged(root: Path) -> bool:
    """Return whether nothing has changed since a check that was noted in the state."""
    checked, stamps = read_state(root).checked, _read_stamps(root)
    if not checked or checked != read_check(root).digest:
        return False
    current_session().unchanged[root] = stamps
    return True


def has_no_transaction(root: Path) -> bool:
    """Return whether what `is_unchanged` was true of has had no transaction of conda's since.

    conda writes each into its history. What pip changed meanwhile is found before the next command.
    """
    return current_session().unchanged.get(root) == _read_stamps(root)


def _read_stamps(root: Path) -> list[str]:
    return read_stamps([f"{root}/conda-meta", f"{root}/conda-meta/history"])[0]
