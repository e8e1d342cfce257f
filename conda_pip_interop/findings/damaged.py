"""`damaged`: files of a distribution are gone or foreign, or its RECORD cannot be relied on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from conda_pip_interop.changes.plan import InstallPip, Plan
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.record import InstalledFile
from conda_pip_interop.errors import UsageError
from conda_pip_interop.findings.base import Evidence, Finding, build_evidence
from conda_pip_interop.findings.clobbered import EMPTY_SHA256, ClobberedFinding

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.file_facts import FileFact
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target


@dataclass(frozen=True, kw_only=True)
class DamagedFinding(Finding):
    """``one`` has lost ``missing`` files, ``overwritten`` are others'; or ``fault`` of RECORD."""

    kind: ClassVar[str] = "damaged"

    one: Distribution
    missing: int = 0
    overwritten: int = 0
    fault: str | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        name = f"pip's {self.one.name} {self.one.version}"
        if self.fault is not None:
            return f"{name} does not say which files are its own: {self.fault}."
        parts = [f"{_count(self.missing)} missing"] if self.missing else []
        parts += [f"{_count(self.overwritten)} overwritten"] if self.overwritten else []
        return f"{name} is damaged: {' and '.join(parts)}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", self.one.name),)

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        if self.fault is not None:
            return {"outside": list(self.one.outside)}
        return {"missing": self.missing, "overwritten": self.overwritten}

    def fix(self, snapshot: Snapshot) -> Plan:
        """Install it again, from where it came from."""
        step = InstallPip(
            name=self.one.name,
            version=self.one.version,
            reason="its files are missing or changed",
            distribution=self.one,
        )
        return Plan(title="repair", steps=(step,), fingerprint=snapshot.fingerprint)


def find(snapshot: Snapshot, earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find pip's distributions whose files are gone, or are no longer theirs.

    A harm is reported once: not the files of a distribution that is itself replaced or left over,
    nor files that two packages list.
    """
    clobbered = {e.path for f in earlier if isinstance(f, ClobberedFinding) for e in f.evidence}
    judged = {e.path for f in earlier if not isinstance(f, ClobberedFinding) for e in f.evidence}
    for one in snapshot.distributions:
        if snapshot.claims.of(one.metadata_file) or one.metadata_file in judged:
            continue
        missing: list[Evidence] = []
        overwritten: list[Evidence] = []
        for file in one.files or ():
            if file.path in clobbered or _is_dispensable(one, file):
                continue
            fact = snapshot.facts.get(file.path)
            if fact is not None and fact.kind == "absent":
                missing.append(build_evidence(snapshot, file.path, pip=one, stated=file.sha256))
            elif _is_overwritten(snapshot, file, fact):
                overwritten.append(build_evidence(snapshot, file.path, pip=one, stated=file.sha256))
        if missing or overwritten:
            yield DamagedFinding(
                distribution=one,
                one=one,
                missing=len(missing),
                overwritten=len(overwritten),
                evidence=(*missing, *overwritten),
            )
        elif one.layout == "dist-info" and (fault := one.record_fault):
            yield DamagedFinding(
                distribution=one, one=one, fault=fault, evidence=(_record_evidence(one),)
            )


def _record_evidence(one: Distribution) -> Evidence:
    """Return the RECORD that pip would follow, or fail on, when it removes the distribution."""
    return Evidence(
        path=PrefixPath(f"{one.metadata}/RECORD"),
        claimed_by=(f"pip:{one.name}",),
        expected=None,
        found="present",
    )


def _is_overwritten(snapshot: Snapshot, file: InstalledFile, fact: FileFact | None) -> bool:
    """Return whether other content is there that a record lists: a user's edit is none."""
    if fact is None or file.sha256 is None or fact.sha256 in {None, file.sha256}:
        return False
    return bool(snapshot.claims.of(file.path))


def _is_dispensable(one: Distribution, file: InstalledFile) -> bool:
    """Return whether a file may be missing without harm: caches, installer's notes, empty files.

    Empty ``__init__.py`` are shared by namespace packages; uninstalling one removes the file.
    """
    if file.path.endswith(".pyc") or file.sha256 == EMPTY_SHA256:
        return True
    folder, _, name = file.path.rpartition("/")
    return folder == one.metadata and name in ("INSTALLER", "REQUESTED", "direct_url.json")


def _count(number: int) -> str:
    return f"{number} of its files {'is' if number == 1 else 'are'}"


def explain_undamaged(name: NormalizedName, snapshot: Snapshot, target: Target) -> UsageError:
    """Return the error `not-broken`, with what can be done about a distribution instead."""
    one = {one.name: one for one in snapshot.distributions}.get(name)
    if one is None:
        install = target.command("conda", "pip", "install", name)
        return UsageError(
            "not-broken",
            f"{name} is not installed in {target.label}.",
            hints=(f"To install it: `{install}`.",),
        )
    owner = snapshot.ownership.owner_of(one)
    record = owner.record if isinstance(owner, ByConda) else owner.in_place_of
    if record is not None:
        restore = target.command("conda", "pip", "restore", record.name)
        return UsageError(
            "not-broken",
            f"{name} {one.version} in {target.label} is not damaged; its package is conda's.",
            hints=(f"To link conda's package again: `{restore}`.",),
        )
    again = target.command("conda", "pip", "install", "--force-reinstall", name)
    return UsageError(
        "not-broken",
        f"{name} {one.version} in {target.label} is not damaged.",
        hints=(f"To install it again: `{again}`.",),
    )
