"""What conda's records require of packages that pip has replaced.

conda's solver goes by the record's version; what is installed may be another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.originals import read_original
from conda_pip_interop.environment.conda_meta.records import claimed_metadata
from conda_pip_interop.environment.versions import is_plausible, parse_version
from conda_pip_interop.names.conda_depends import build_requirements
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplacedPackage:
    """A conda package one of whose distributions pip's `by` replaced."""

    record: CondaRecord
    by: Distribution


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusedDepend:
    """pip's `by` replaced what a conda package depends on, in a version that it does not accept.

    `record` is what it replaced, `requirement` the package's `depends` as a PEP 508 requirement.
    """

    record: CondaRecord
    by: Distribution
    requirement: str


def find_replaced(snapshot: Snapshot) -> tuple[ReplacedPackage, ...]:
    """Find the packages that pip has replaced.

    A package whose version was not that of the distribution which conda linked is left out: the
    two versions cannot be compared.
    """
    return tuple(
        ReplacedPackage(record=carrier.record, by=one)
        for one in snapshot.distributions
        if (carrier := snapshot.ownership.override_of(one)) is not None
        and _counts_alike(read_original(carrier.record, snapshot.prefix.root), one.name)
    )


def _counts_alike(record: CondaRecord, project: NormalizedName) -> bool:
    """Return whether conda's package and its distribution have one version."""
    recorded = parse_version(record.version)
    return recorded is not None and any(
        not is_plausible(own.version) or parse_version(own.version) == recorded
        for own in claimed_metadata(record)
        if own.name == project
    )


def find_refused(
    package: str, depends: Iterable[str], replaced: Iterable[ReplacedPackage]
) -> Iterator[RefusedDepend]:
    """Find the replacements that a conda package with these `depends` does not accept.

    Only what is certain. A package that is another name for the project itself has no files that
    could break (matplotlib, which requires one version of matplotlib-base).
    """
    for one in replaced:
        if one.by.name != canonicalize_name(package):
            yield from _find_refused_of(one, depends)


def _find_refused_of(one: ReplacedPackage, depends: Iterable[str]) -> Iterator[RefusedDepend]:
    lines = [line for line in depends if line.split(maxsplit=1)[:1] == [one.record.name]]
    for asked in build_requirements(lines, lambda _: (one.by.name,)):
        if asked.requirement is not None and asked.refuses(one.by.version):
            yield RefusedDepend(record=one.record, by=one.by, requirement=asked.requirement)


def describe_refused(package: str, requirement: str, by: str) -> str:
    """Describe what a conda package does not accept; `package` and `by` are names with versions."""
    return f"conda's {package} requires {requirement}, but pip's {by} replaced conda's"
