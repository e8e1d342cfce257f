"""Whether an environment is as it was when the hooks last checked it: then they check nothing."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import TYPE_CHECKING

from conda_pip_interop import __version__
from conda_pip_interop.changes.atomic.journal import read_folder_times
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.quick_check import read_fingerprint

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.changes.state import State


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
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
    checked = read_state(root).checked
    return bool(checked) and checked == read_check(root).digest
