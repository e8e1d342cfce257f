"""`unmet`: a requirement across the managers is not satisfied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependencies.replaced import (
    RefusedDepend,
    describe_refused,
    find_refused,
    find_replaced,
)
from conda_pip_interop.dependencies.requirements import (
    find_subdir,
    marker_environment,
    parse_applying,
    satisfies,
)
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.findings.base import Evidence, Finding

if TYPE_CHECKING:
    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.snapshot import Snapshot

_NAME: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")


@dataclass(frozen=True, kw_only=True)
class UnmetFinding(Finding):
    """``one`` has ``requirement``, which ``installed`` does not satisfy, or nothing does.

    ``manager`` owns ``one``, ``other_manager`` what is installed.
    """

    kind: ClassVar[str] = "unmet"

    one: Distribution
    requirement: Requirement
    installed: Distribution | None
    manager: str
    other_manager: str

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        name = canonicalize_name(self.requirement.name)
        state = (
            f"{name} is not installed"
            if self.installed is None
            else f"{self.other_manager}'s {name} is {self.installed.version}"
        )
        one, required = self.one, _render(self.requirement)
        return f"{self.manager}'s {one.name} {one.version} requires {required}, but {state}."

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (("conda", "pip", "install", _render(self.requirement)),)

    @property
    def pip_version(self) -> str | None:
        """See `Finding.pip_version`."""
        return self.one.version if self.manager == "pip" else None

    @property
    def key(self) -> str:
        """See `Finding.key`: a distribution may have several unmet requirements."""
        return f"{super().key}:{self.requirement}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        installed = self.installed.version if self.installed else None
        return {"requirement": str(self.requirement), "installed": installed}


@dataclass(frozen=True, kw_only=True)
class RefusedDependFinding(Finding):
    """``refused`` replaced a package whose record's ``depends`` do not accept it."""

    kind: ClassVar[str] = "unmet"

    refusing: CondaRecord
    refused: RefusedDepend

    @property
    def summary(self) -> str:
        """See `Finding.summary`."""
        by = self.refused.by
        return (
            describe_refused(
                f"{self.refusing.name} {self.refusing.version}",
                self.refused.requirement,
                f"{by.name} {by.version}",
            )
            + "."
        )

    @property
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """See `Finding.remedy`."""
        return (
            ("conda", "pip", "restore", self.refused.by.name),
            ("conda", "pip", "install", self.refused.requirement),
        )

    @property
    def key(self) -> str:
        """See `Finding.key`: a package may refuse several distributions."""
        return f"{super().key}:{self.refused.requirement}"

    @property
    def details(self) -> Mapping[str, object]:
        """See `Finding.details`."""
        return {"requirement": self.refused.requirement, "installed": self.refused.by.version}


def find(snapshot: Snapshot, _earlier: Sequence[Finding]) -> Iterator[Finding]:
    """Find requirements that no installed distribution satisfies and where pip has a part.

    Requirements between two conda packages, or of a conda package on something that is not
    installed, are conda's affair. Extras are not checked: nothing records which were requested.
    """
    unmet = tuple(_find_unmet(snapshot))
    yield from unmet
    yield from _find_refusing(snapshot, unmet)


@dataclass(frozen=True, kw_only=True, slots=True)
class _InstalledSet:
    """What is installed by name, and which part of it is pip's.

    ``bare`` are the names of conda packages without Python metadata, in a version that is unknown.
    """

    by_name: Mapping[NormalizedName, Distribution]
    pips: frozenset[NormalizedName]
    bare: frozenset[NormalizedName]

    def manager_of(self, name: NormalizedName) -> str:
        return "pip" if name in self.pips else "conda"


def _find_unmet(snapshot: Snapshot) -> Iterator[UnmetFinding]:
    installed = _build_installed(snapshot)
    if not installed.pips:
        return
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    for name, one in sorted(installed.by_name.items()):
        texts = snapshot.read_metadata(one).requires_dist
        concerned = [text for text in texts if _concerns_pip(installed, name, text)]
        for requirement in parse_applying(concerned, environment):
            if not _is_met(installed, requirement):
                yield _build(snapshot, installed, one, requirement)


def _build_installed(snapshot: Snapshot) -> _InstalledSet:
    """Take one distribution a name: conda's, unless pip's replaced it or conda has none."""
    owners = [(one, snapshot.ownership.owner_of(one)) for one in snapshot.distributions]
    condas = {one.name for one, owner in owners if isinstance(owner, ByConda)}
    by_name: dict[NormalizedName, Distribution] = {}
    pips: set[NormalizedName] = set()
    for one, owner in owners:
        if isinstance(owner, ByConda):
            by_name.setdefault(one.name, one)
        elif owner.in_place_of is not None or one.name not in condas:
            by_name[one.name] = one
            pips.add(one.name)
    carrying = {entry.record for found in snapshot.claims.by_name.values() for entry in found}
    bare = {canonicalize_name(one.name) for one in snapshot.records if one not in carrying}
    return _InstalledSet(by_name=by_name, pips=frozenset(pips), bare=frozenset(bare))


def _concerns_pip(installed: _InstalledSet, name: NormalizedName, text: str) -> bool:
    """Return, before the costly parsing, whether either side of a requirement is pip's."""
    if name in installed.pips:
        return True
    match = _NAME.match(text)
    return match is not None and canonicalize_name(match[1]) in installed.pips


def _is_met(installed: _InstalledSet, requirement: Requirement) -> bool:
    name = canonicalize_name(requirement.name)
    one = installed.by_name.get(name)
    if one is None:
        return name in installed.bare
    return requirement.url is not None or satisfies(requirement.specifier, one.version) is not False


def _build(
    snapshot: Snapshot, installed: _InstalledSet, one: Distribution, requirement: Requirement
) -> UnmetFinding:
    name = canonicalize_name(requirement.name)
    there = installed.by_name.get(name)
    manager = installed.manager_of(one.name)
    claims = snapshot.claims.of(one.metadata_file) if manager == "conda" else ()
    evidence = [_build_evidence(one, manager, None)]
    if there is not None:
        evidence.append(_build_evidence(there, installed.manager_of(name), _render(requirement)))
    return UnmetFinding(
        record=claims[0].record if claims else None,
        distribution=one,
        one=one,
        requirement=requirement,
        installed=there,
        manager=manager,
        other_manager=installed.manager_of(name),
        evidence=tuple(evidence),
    )


def _render(requirement: Requirement) -> str:
    return f"{canonicalize_name(requirement.name)}{requirement.specifier}"


def _build_evidence(one: Distribution, manager: str, expected: str | None) -> Evidence:
    return Evidence(
        path=one.metadata_file,
        claimed_by=(f"{manager}:{one.name}",),
        expected=expected,
        found=one.version,
    )


def _find_refusing(
    snapshot: Snapshot, unmet: Sequence[UnmetFinding]
) -> Iterator[RefusedDependFinding]:
    """Find what conda's ``depends`` prove, and no Requires-Dist has proved already."""
    replaced = find_replaced(snapshot)
    known = {(one.record, evidence.path) for one in unmet for evidence in one.evidence}
    for record in snapshot.records if replaced else ():
        for refused in find_refused(record.name, record.depends, replaced):
            by = refused.by
            if (record, by.metadata_file) not in known:
                evidence = Evidence(
                    path=by.metadata_file,
                    claimed_by=(f"pip:{by.name}",),
                    expected=refused.requirement,
                    found=by.version,
                )
                yield RefusedDependFinding(
                    record=record, refusing=record, refused=refused, evidence=(evidence,)
                )
