"""What conda's records ask of packages in whose place pip's distributions are.

conda's solver believes the record's version; what lies there may be another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.changes.originals import read_original
from conda_pip_interop.environment.conda_records import claimed_metadata
from conda_pip_interop.findings.base import Evidence, Finding, FindingKind
from conda_pip_interop.names.conda_depends import build_requirements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplacedPackage:
    """A conda package of whose distributions one, `by`, is pip's now."""

    record: CondaRecord
    by: Distribution


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """pip's distribution `by` is in the place of what a conda package asks for, and does not do.

    `requirement` is what the package's `depends` ask for, as a requirement of PyPI's.
    """

    by: Distribution
    requirement: str


def find_replaced(snapshot: Snapshot) -> tuple[ReplacedPackage, ...]:
    """The packages in whose place pip's distributions are.

    Left out is one whose version was not that of the distribution which conda linked: the versions
    of the two are not to be compared.
    """
    return tuple(
        ReplacedPackage(record=carrier.record, by=one)
        for one in snapshot.distributions
        if (carrier := snapshot.ownership.override_of(one)) is not None
        and _counts_alike(read_original(carrier.record, snapshot.prefix.root), one.name)
    )


def _counts_alike(record: CondaRecord, project: NormalizedName) -> bool:
    """Whether conda's package and its distribution have one version."""
    versions = (own.version for own in claimed_metadata(record) if own.name == project)
    try:
        return Version(record.version) in map(Version, versions)
    except InvalidVersion:
        return False


def find_refused(
    package: str, depends: Iterable[str], replaced: Iterable[ReplacedPackage]
) -> Iterator[Refused]:
    """What a conda package with these `depends` refuses of what pip has put in others' places.

    Only what is certain. A package that is another name for the project itself has no files that
    could break (matplotlib, which asks for the one version of matplotlib-base).
    """
    for one in replaced:
        if one.by.name != canonicalize_name(package):
            yield from _find_refused_of(one, depends)


def _find_refused_of(one: ReplacedPackage, depends: Iterable[str]) -> Iterator[Refused]:
    lines = [line for line in depends if line.split(maxsplit=1)[:1] == [one.record.name]]
    for asked in build_requirements(lines, lambda _: (one.by.name,)):
        if asked.requirement is not None and asked.refuses(one.by.version):
            yield Refused(by=one.by, requirement=asked.requirement)


def describe_refused(package: str, requirement: str, by: str) -> str:
    """What a conda package refuses, in words; `package` and `by` are names with versions."""
    return f"conda's {package} requires {requirement}, but pip's {by} is in the place of conda's"


def find_refusing(snapshot: Snapshot, told: Iterable[Finding]) -> Iterator[Finding]:
    """The findings `unmet` that conda's `depends` prove; none that is among `told` already."""
    replaced = find_replaced(snapshot)
    known = {(one.conda, evidence.path) for one in told for evidence in one.evidence}
    for record in snapshot.records if replaced else ():
        for refused in find_refused(record.name, record.depends, replaced):
            if (record.name, refused.by.metadata_file) not in known:
                yield _build_finding(record, refused)


def _build_finding(record: CondaRecord, refused: Refused) -> Finding:
    by = refused.by
    told = describe_refused(
        f"{record.name} {record.version}", refused.requirement, f"{by.name} {by.version}"
    )
    return Finding(
        kind=FindingKind.UNMET,
        conda=record.name,
        distribution=None,
        conda_version=record.version,
        pip_version=None,
        metadata=None,
        evidence=(
            Evidence(
                path=by.metadata_file,
                claimed_by=(f"pip:{by.name}",),
                expected=refused.requirement,
                found=by.version,
            ),
        ),
        summary=f"{told}.",
        remedy=(
            ("conda", "pip", "restore", by.name),
            ("conda", "pip", "install", refused.requirement),
        ),
        details={"requirement": refused.requirement, "installed": by.version},
    )
