"""Requirements across both managers: what an installed distribution asks for and does not find."""

from __future__ import annotations

from collections.abc import Callable

from conda_pip_interop.core.distributions import Distribution
from conda_pip_interop.core.findings import Finding
from conda_pip_interop.core.metadata import Metadata
from conda_pip_interop.core.prefix import Prefix
from conda_pip_interop.core.snapshot import Snapshot


def marker_environment(prefix: Prefix, *, subdir: str | None = None) -> dict[str, str]:
    """Build the PEP 508 marker environment of the prefix's Python without running it.

    ``subdir`` is conda's platform word (``linux-64``); without it, this machine's is taken.
    """
    raise NotImplementedError


def find_unmet(
    snapshot: Snapshot, read_metadata: Callable[[Distribution], Metadata]
) -> tuple[Finding, ...]:
    """Find requirements that no installed distribution satisfies and where pip has a part.

    ``read_metadata`` is asked only for the distributions that matter; requirements between two
    conda packages are conda's affair.
    """
    raise NotImplementedError
