"""What is wrong with METADATA or RECORD: pip would fail on it, or follow it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import PrefixPath, read_regular, to_disk
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.site_packages.record import read_limited_text

if TYPE_CHECKING:
    from conda_pip_interop.environment.snapshot import Snapshot

#: They write a RECORD always; without one they cannot uninstall what they have installed.
_RECORDING: Final = ("pip", "uv")


def find_package_faults(
    snapshot: Snapshot,
) -> Iterator[tuple[CondaRecord, tuple[PrefixPath, str]]]:
    """Find conda's packages with a METADATA or RECORD that cannot be relied on.

    One that is so in the package is no damage.
    """
    root = snapshot.prefix.root
    for one in snapshot.distributions:
        owner = snapshot.ownership.owner_of(one)
        if not isinstance(owner, ByConda) or (found := find_fault(snapshot, one)) is None:
            continue
        with contextlib.suppress(OSError):
            sha256 = hashlib.sha256(read_regular(to_disk(root, found[0]))).hexdigest()
            claims = snapshot.claims.of(found[0])
            if not any(claim.allows(sha256) or not claim.states_hash for claim in claims):
                yield owner.record, found


def find_fault(snapshot: Snapshot, one: Distribution) -> tuple[PrefixPath, str] | None:
    """Find what pip would follow, or fail on: a RECORD or METADATA that cannot be relied on."""
    if one.record_fault:
        return PrefixPath(f"{one.metadata}/RECORD"), one.record_fault
    problems = [one.metadata_fault] if one.metadata_fault else []
    read_limited_text(to_disk(snapshot.prefix.root, one.metadata_file), problems)
    return (one.metadata_file, problems[0]) if problems else None


def find_missing_record(snapshot: Snapshot, one: Distribution) -> tuple[PrefixPath, str] | None:
    """Find the RECORD that somebody has deleted; other installers need not write one (PEP 627)."""
    path = PrefixPath(f"{one.metadata}/RECORD")
    if not lacks_record(one) or os.path.lexists(to_disk(snapshot.prefix.root, path)):
        return None
    return path, "RECORD is missing"


def lacks_record(one: Distribution) -> bool:
    """Return whether a distribution does not say which files are its own, but should."""
    return (
        one.files is None
        and one.layout == "dist-info"
        and (one.record_fault is not None or one.installer in _RECORDING)
    )


def describe_fault(name: str, fault: str) -> str:
    """Describe in one sentence what is wrong."""
    if fault.startswith("RECORD"):
        return f"{name} does not say which files are its own: {fault}."
    return f"{name} cannot be read: {fault}; `pip list` and `conda list` may fail."
