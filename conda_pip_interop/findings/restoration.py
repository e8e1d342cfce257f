"""Plan `conda pip restore`: conda's packages again in place of pip's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import drop_path_lines, exclusive_files
from conda_pip_interop.changes.originals import original_path
from conda_pip_interop.changes.plan import (
    Plan,
    RemoveFile,
    RemovePip,
    Step,
    build_title,
)
from conda_pip_interop.environment.conda_meta.records import CondaRecord, claimed_metadata
from conda_pip_interop.environment.paths import to_disk
from conda_pip_interop.environment.target import suggest_names
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.base import build_link, describe_edited, find_edited_files
from conda_pip_interop.findings.kinds.clobbered import ClobberedFinding, relink_contested
from conda_pip_interop.findings.kinds.corrupt_record import refuse_corrupt_records
from conda_pip_interop.findings.kinds.damaged import DamagedPackageFinding
from conda_pip_interop.findings.kinds.overridden import OverriddenFinding
from conda_pip_interop.findings.kinds.vanished import VanishedFinding
from conda_pip_interop.findings.manual_damage import BlockedPackageFinding
from conda_pip_interop.findings.metadata_faults import lacks_record
from conda_pip_interop.findings.registry import find_all

if TYPE_CHECKING:
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.findings.base import Finding


def plan_restore(names: Iterable[str], *, snapshot: Snapshot, target: Target) -> Plan:
    """Link conda's packages of `names` (conda's or PyPI's) again; empty if all are as conda's.

    What a person has edited of a named package is replaced, too, and said.

    Raises InteropError `not-conda` for a name that no record carries, `no-record` if pip's
    distribution does not say which files are its own.
    """
    refuse_corrupt_records(snapshot, target)
    replaced = _find_replaced(snapshot)
    known = {*snapshot.claims.by_name, *(one.name for one in snapshot.records)}
    known |= {canonicalize_name(one.name) for one in snapshot.records}
    chosen: dict[CondaRecord, tuple[Distribution, ...]] = {}
    for name in names:
        matching = [one for one in replaced if _is_about(one, name)]
        if not matching and name not in known and canonicalize_name(name) not in known:
            raise InteropError(
                "not-conda",
                f"conda has no record of {name} in {target.label}, so it cannot be restored.",
                hints=suggest_names([name], known)
                or (f"To install it: `{target.command('conda', 'pip', 'install', name)}`.",),
            )
        chosen.update({one: replaced[one] for one in matching})
        for record in snapshot.records:
            is_new = record not in chosen and _is_about(record, name)
            if is_new and find_edited_files(record, snapshot):
                chosen[record] = ()
    chosen |= {
        override.record: replaced.get(override.record, (one,))
        for found in chosen.values()
        for one in found
        if (override := snapshot.ownership.override_of(one)) is not None
    }
    going = tuple(dict.fromkeys(one for found in chosen.values() for one in found))
    removals = {
        removal.path: removal
        for record, distributions in chosen.items()
        for removal in _remove_replacements(record, distributions, snapshot, target)
    }
    reasons = {
        one: f"replaced by conda's {record.name}"
        if _is_about(record, one.name)
        else f"overwrites {record.name}"
        for record in chosen
        for one in chosen[record]
    }
    steps: list[Step] = [
        *(RemovePip(name=one.name, version=one.version, reason=reasons[one]) for one in going),
        *(build_link(record, "the package of conda's record") for record in chosen),
        *(one for one in relink_contested(going, snapshot) if one.record not in chosen),
    ]
    return Plan(
        title=build_title("restore", (record.name for record in chosen)),
        steps=(
            *steps,
            *removals.values(),
            *drop_path_lines(going, snapshot, "conda's package replaces it"),
        ),
        notes=tuple(
            note
            for record, distributions in chosen.items()
            for note in (() if distributions else describe_edited(record, snapshot))
        ),
        fingerprint=snapshot.fingerprint,
    )


def _find_replaced(snapshot: Snapshot) -> dict[CondaRecord, tuple[Distribution, ...]]:
    """Find the records that are not as conda linked them, with pip's distributions instead."""
    found: dict[CondaRecord, list[Distribution]] = {}
    for finding in find_all(snapshot):
        if isinstance(finding, OverriddenFinding | VanishedFinding):
            by = found.setdefault(finding.record, [])
            by += [finding.distribution] if isinstance(finding, OverriddenFinding) else []
        elif isinstance(finding, ClobberedFinding):
            found.setdefault(finding.record, []).append(finding.distribution)
        elif isinstance(finding, DamagedPackageFinding | BlockedPackageFinding) and finding.record:
            found.setdefault(finding.record, [])
    for record in snapshot.records:
        if record.overridden_by:
            found.setdefault(record, []).extend(_find_replacements(record, snapshot))
    return {record: tuple(dict.fromkeys(by)) for record, by in found.items()}


def find_restored(found: Iterable[Finding], snapshot: Snapshot) -> tuple[CondaRecord, ...]:
    """Find the packages whose restore repairs findings.

    What is only linked again replaces also what pip put in the place of a part of it, unsaid.
    """
    records = {
        one.restores or one.record: None
        for one in found
        if one.restores is not None
        or (
            isinstance(one, DamagedPackageFinding | VanishedFinding)
            and one.record is not None
            and _find_replacements(one.record, snapshot)
        )
    }
    return tuple(one for one in records if one is not None)


def _find_replacements(record: CondaRecord, snapshot: Snapshot) -> tuple[Distribution, ...]:
    """Find the distributions of pip that a record notes as overriding it.

    Of several records that contain a distribution, one lists the files of pip's.
    """
    return tuple(
        one
        for one in snapshot.distributions
        if one.name in record.overridden_by and snapshot.ownership.override_of(one) is not None
    )


def _is_about(record: CondaRecord, name: str) -> bool:
    wanted = canonicalize_name(name)
    carried = {one.name for one in claimed_metadata(record)}
    return record.name == name or wanted in carried | record.overridden_by.keys()


def _remove_replacements(
    record: CondaRecord,
    distributions: Collection[Distribution],
    snapshot: Snapshot,
    target: Target,
) -> Iterator[RemoveFile]:
    names = [one.name for one in distributions]
    for one in distributions:
        if one.files is None:
            fix = f"remove {to_disk(snapshot.prefix.root, one.metadata)}"
            if lacks_record(one):
                fix = f"`{target.command('conda', 'pip', 'repair', one.name)}`"
            raise InteropError(
                "no-record",
                f"pip's {one.name} {one.version} in {target.label}: "
                f"{one.record_fault or 'it has no RECORD'}, so its files are unknown.",
                hints=(f"To fix: {fix}, then run the command again.",),
            )
        for path in exclusive_files(one, snapshot, records=(record,), names=names):
            yield RemoveFile(path=path, reason=f"pip's {one.name} {one.version}")
    if record.overridden_by:
        yield RemoveFile(path=original_path(record), reason="conda writes its record again")


def refuse_other_python(record: CondaRecord, snapshot: Snapshot, target: Target) -> None:
    """Raise InteropError `other-python` for a lost package of another Python."""
    python = snapshot.prefix.python
    modules = [file.path for file in record.files if "/site-packages/" in file.path]
    here = None if python is None else f"{python.site_packages}/"
    if here is None or not modules or any(path.startswith(here) for path in modules):
        return
    clean_up = target.command("conda", "pip", "repair", "--clean-up", record.name)
    raise InteropError(
        "other-python",
        f"conda's {record.name} {record.version} (build {record.build}), whose record is missing, "
        f"is not for the Python of {target.label}.",
        hints=(
            f"To remove its orphaned files: `{clean_up}`.",
            f"To install one that is: `{target.command('conda', 'install', record.name)}`.",
        ),
    )
