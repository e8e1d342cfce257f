"""`leftover`: folders that pip set aside, metadata without METADATA, half-linked packages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.version import Version

from conda_pip_interop.changes.exclusive_files import build_removals, is_moved, read_payload
from conda_pip_interop.changes.plan import Plan, RemoveFile
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.versions import parse_version
from conda_pip_interop.findings.base import RECONCILE, Evidence, Finding
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from conda_pip_interop.environment.site_packages.distributions import Leftover
    from conda_pip_interop.environment.snapshot import Snapshot

_WHAT: Final = {
    "tilde-folder": "a folder that pip set aside while it replaced a package; nothing reads it",
    "tilde-file": "a file as pip sets them aside while it replaces a package; nothing reads it",
    "conda-trash": "a file that conda moved aside and could not delete; nothing reads it",
    "no-metadata": "a metadata folder without METADATA and RECORD; nothing reads it",
}
_IGNORED: Final = ("tilde-folder", "no-metadata")
"""What pip itself writes and ignores."""
_REASON: Final = "nothing reads it"
#: What installers write into a metadata folder, by the specifications (PEP 376, 610, 639, 710, 770)
#: and by habit; anything else there is somebody's.
_METADATA: Final = regex(
    r"(INSTALLER|METADATA|RECORD|REQUESTED|WHEEL|uv_cache\.json|(direct|provenance)_url\.json"
    r"|RECORD\.(jws|p7s)|(entry_points|namespace_packages|top_level|dependency_links)\.txt"
    r"|(not-)?zip-safe|pbr\.json|((license_files|licenses|sboms)/.*)"
    r"|(LICEN[CS]E|COPYING|NOTICE|AUTHORS)[^/]*)",
    re.IGNORECASE,
)
_SHOWN: Final = 3


@dataclass(frozen=True, kw_only=True)
class LeftoverFinding(Finding):
    """``path`` is left over; for ``no-record``, ``distribution`` was linked and has no record.

    ``reason`` is ``tilde-folder``, ``no-metadata`` or ``no-record``, or one of
    `ManualLeftoverFinding`; ``beside`` is pip's distribution of the same name.
    """

    kind: ClassVar[str] = "leftover"
    automatic: ClassVar[bool] = True

    path: PrefixPath
    reason: str
    beside: Distribution | None = None

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        if self.beside is not None:
            return (
                f"{self.path} is metadata that conda linked and no record lists, beside pip's "
                f"{self.beside.name} {self.beside.version}."
            )
        return f"{self.path} is {_WHAT[self.reason]}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return RECONCILE

    @property
    def pip_version(self) -> None:
        """See `Finding.pip_version`: what is left over is not pip's."""
        return

    @property
    def key(self) -> str:
        """See `Finding.key`: most leftovers have no name."""
        return f"{super().key}:{self.path}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"reason": self.reason}

    def fix(self, snapshot: Snapshot) -> Plan:
        """Remove it, and of a half-linked package the files that only it lists."""
        return Plan(
            title="reconcile",
            steps=tuple(_build_removals(self, snapshot)),
            fingerprint=snapshot.fingerprint,
        )


@dataclass(frozen=True, kw_only=True)
class ManualLeftoverFinding(LeftoverFinding):
    """What is removed only if asked for: it may be somebody's, or is read until then.

    ``reason`` is ``tilde-file``, ``conda-trash``, ``no-metadata`` with ``foreign`` files that no
    installer writes there, or ``superseded``: ``distribution`` is older metadata of ``beside``.
    """

    automatic: ClassVar[bool] = False

    foreign: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        if self.distribution is not None and self.beside is not None:
            return (
                f"pip's {self.project} is there twice: {self.path} is left over beside "
                f"{self.beside.version}, whose files are installed."
            )
        if self.foreign:
            shown = ", ".join(self.foreign[:_SHOWN]) + (" …" if self.foreign[_SHOWN:] else "")
            return f"{super().summary[:-1]}. It has files that no package wrote: {shown}."
        return super().summary

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "repair", *((self.project,) if self.project else ())),)

    def repair(self, snapshot: Snapshot) -> Plan:
        """See `Finding.repair`: what goes with it is said before."""
        plan = self.fix(snapshot)
        if not self.foreign:
            return plan
        return replace(plan, notes=(f"Removes {', '.join(self.foreign)} with {self.path}.",))


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find remains that no record claims; claimed ones belong to another finding.

    While a record cannot be read, it is not known what is claimed.
    """
    if any(one.corrupt for one in snapshot.unreadable):
        return
    yield from _find_half_linked(snapshot)
    yield from _find_superseded(snapshot)
    if not snapshot.leftovers:
        return
    depths = {one.path.count("/") + 1 for one in snapshot.leftovers}
    claimed = {
        "/".join(key.split("/")[:depth]) for key in snapshot.claims.by_path for depth in depths
    }
    for one in snapshot.leftovers:
        if snapshot.claims.key(one.path) not in claimed:
            evidence = Evidence(path=one.path, expected="absent")
            foreign = tuple(_find_foreign(snapshot.prefix.root, one))
            if foreign or one.reason not in _IGNORED:
                yield ManualLeftoverFinding(
                    path=one.path, reason=one.reason, foreign=foreign, evidence=(evidence,)
                )
            else:
                yield LeftoverFinding(path=one.path, reason=one.reason, evidence=(evidence,))


def _find_foreign(root: Path, leftover: Leftover) -> Iterator[str]:
    """Find what no installer writes into a metadata folder: it may be somebody's only copy."""
    top = to_disk(root, leftover.path)
    if leftover.reason != "no-metadata" or top.is_symlink():
        return
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        is_file = path.is_symlink() or not path.is_dir()
        if is_file and path.suffix != ".pyc" and not _METADATA.fullmatch(name):
            yield name


def _find_half_linked(snapshot: Snapshot) -> Iterator[Finding]:
    """Find metadata that conda linked and no record lists, beside pip's of that name.

    conda writes a package's record after its files: it was killed between the two. Nothing is
    reported if a file is not as pip's distribution states it: then it may be conda's.
    """
    unlisted = [one for one in snapshot.distributions if not snapshot.claims.of(one.metadata_file)]
    pips = [one for one in unlisted if one.installer != "conda"]
    for one in unlisted:
        if one.installer != "conda" or one.name in snapshot.claims.by_name:
            continue
        beside = next((d for d in pips if d.name == one.name and _prevails(snapshot, d, one)), None)
        if beside is not None:
            yield LeftoverFinding(
                distribution=one,
                path=one.metadata,
                reason="no-record",
                beside=beside,
                evidence=(Evidence(path=one.metadata_file, expected="absent"),),
            )


def _find_superseded(snapshot: Snapshot) -> Iterator[Finding]:
    """Find metadata of pip's beside newer metadata of pip's whose files are installed."""
    named: dict[str, list[Distribution]] = {}
    for one in snapshot.distributions:
        if one.installer != "conda" and snapshot.ownership.owner_of(one) == ByPip(distribution=one):
            named.setdefault(one.name, []).append(one)
    for several in (found for found in named.values() if len(found) > 1):
        valid = [
            one for one in several if all(_prevails(snapshot, one, other) for other in several)
        ]
        newest = max(valid, key=_get_version, default=None)
        for one in several if newest is not None else ():
            if one is not newest:
                yield ManualLeftoverFinding(
                    distribution=one,
                    path=one.metadata,
                    reason="superseded",
                    beside=newest,
                    evidence=(Evidence(path=one.metadata_file, expected="absent"),),
                )


def _get_version(one: Distribution) -> Version:
    return parse_version(one.version) or Version("0")


def _prevails(snapshot: Snapshot, one: Distribution, other: Distribution) -> bool:
    """Return whether all files on which two distributions disagree are as the first states.

    In a copy of an environment what an installer wrote its path into is as neither states.
    """
    stated = {file.path: file.sha256 for file in other.files or ()}
    disputed = [f for f in one.files or () if f.sha256 and stated.get(f.path, f.sha256) != f.sha256]
    facts = (snapshot.facts.get(file.path) for file in disputed)
    return one.files is not None and all(
        fact is not None
        and (fact.sha256 == file.sha256 or is_moved(one, file.path, snapshot.prefix.root))
        for file, fact in zip(disputed, facts, strict=True)
    )


def _build_removals(finding: LeftoverFinding, snapshot: Snapshot) -> Iterable[RemoveFile]:
    root = snapshot.prefix.root
    top = to_disk(root, finding.path)
    inside = () if top.is_symlink() else sorted(top.rglob("*"))
    for path in (top, *inside):
        if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
            yield RemoveFile(path=PrefixPath(path.relative_to(root).as_posix()), reason=_REASON)
    going = finding.distribution
    if going is not None:
        same = [one for one in snapshot.distributions if one.name == going.name]
        kept = {p for one in same if one is not going for p in read_payload(one, root)}
        for removal in build_removals(going, snapshot, _REASON):
            if removal.path not in kept:
                yield removal
