"""`stranded`: Python changed its minor version, and pip's distributions stayed behind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.exclusive_files import exclusive_files
from conda_pip_interop.changes.plan import InstallPip, Plan, RemoveFile
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.findings.base import Finding, metadata_evidence
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True)
class StrandedFinding(Finding):
    """``distribution`` is in the site-packages of another Python than ``python`` (a minor version).

    ``present_version`` is the version that the Python of the environment has of it.
    """

    kind: ClassVar[str] = "stranded"

    distribution: Distribution
    python: str | None
    present_version: str | None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        now = f"the environment now has Python {self.python}" if self.python else "Python is gone"
        one = self.distribution
        return f"pip's {one.name} {one.version} is still in {one.site_packages}: {now}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        name = () if self.present_version else (self.distribution.name,)
        return (("conda", "pip", "repair", *name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"present_version": self.present_version}

    def fix(self, snapshot: Snapshot) -> Plan | None:
        """Install it again for the Python of the environment, unless it is there already."""
        if self.present_version is not None:
            return None
        step = InstallPip(
            name=self.distribution.name,
            version=self.distribution.version,
            reason=f"still in {self.distribution.site_packages}",
            distribution=self.distribution,
        )
        return Plan(title="repair", steps=(step,), fingerprint=snapshot.fingerprint)


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find the distributions in other Pythons' site-packages."""
    python = snapshot.prefix.python
    version_of = snapshot.ownership.version_of
    versions = {one.name: version_of(one) for one in snapshot.distributions}
    for one in snapshot.stranded:
        yield StrandedFinding(
            distribution=one,
            python=python.minor if python else None,
            present_version=versions.get(one.name),
            evidence=(metadata_evidence(one),),
        )


def remove_stranded(snapshot: Snapshot, coming: Collection[str]) -> tuple[RemoveFile, ...]:
    """Remove what is left in other Pythons' site-packages, once all of it is here or `coming`.

    Only what the RECORDs there list, and no record or distribution of this Python.
    """
    here = {one.name for one in snapshot.distributions} | {*coming}
    if not snapshot.stranded or any(one.name not in here for one in snapshot.stranded):
        return ()
    names = {one.name for one in snapshot.stranded}
    folders = tuple({f"{one.site_packages}/" for one in snapshot.stranded})
    removals = {}
    for one in snapshot.stranded:
        for path in exclusive_files(one, snapshot, names=names):
            if path.startswith(folders):
                reason = f"{one.name} is installed for the environment's Python"
                removals[path] = RemoveFile(path=path, reason=reason)
    return tuple(removals.values())
