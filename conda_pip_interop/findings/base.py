"""Finding: one fault between the two managers, with the objects that it was found by."""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, TypeVar

from packaging.utils import NormalizedName

from conda_pip_interop.changes.plan import LinkConda, Plan
from conda_pip_interop.environment.claims import RecordedDistribution, find_edited
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.file_facts import FactReader
from conda_pip_interop.environment.origin import shorten_channel
from conda_pip_interop.environment.paths import LinkOutside, PrefixPath, to_disk
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from pathlib import Path

    from conda_pip_interop.environment.snapshot import Snapshot

#: Builds a command line for the environment from the words of a remedy.
BuildCommand: TypeAlias = Callable[..., str]

State = TypeVar("State")

RECONCILE: Final = (("conda", "pip", "reconcile"),)
_PRESENT: Final = {"file": "present", "symlink": "present", "dir": "present"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One path: what claims it (``conda:click``, ``pip:click``), what should be there, what is.

    ``expected`` and ``found`` are hex sha256, or a plain word such as ``absent``.
    """

    path: PrefixPath
    claimed_by: tuple[str, ...] = ()
    expected: str | None = None
    found: str | None = "present"


@dataclass(frozen=True, kw_only=True)
class Finding(ABC):
    """One fault; a subclass for each kind.

    ``record`` is conda's record that it is about and ``distribution`` pip's distribution, as far
    as there is one; ``links`` have to be removed before a remedy works.
    """

    kind: ClassVar[str]
    #: Whether reconciling fixes it without being asked.
    automatic: ClassVar[bool] = False
    #: Whether its remedies change the files of the record and the distribution.
    rewrites: ClassVar[bool] = False
    #: Whether `conda pip repair` settles it; else the user has to choose how.
    repairable: ClassVar[bool] = True

    evidence: tuple[Evidence, ...]
    record: CondaRecord | None = None
    distribution: Distribution | None = None
    links: tuple[LinkOutside, ...] = ()

    @property
    @abstractmethod
    def summary(self) -> str:
        """What happened, in one sentence."""

    @property
    @abstractmethod
    def remedy(self) -> tuple[tuple[str, ...], ...]:
        """The commands that fix it as argv, the preferred one first."""

    @property
    def needs_channels(self) -> bool:
        """Whether only the channels can tell if the first command of `remedy` works."""
        return False

    @property
    def details(self) -> Mapping[str, object]:
        """What only this kind knows, JSON-ready."""
        return {}

    @property
    def conda_name(self) -> str | None:
        """The conda package that it is about."""
        return self.record.name if self.record else None

    @property
    def conda_version(self) -> str | None:
        """The version in conda's record."""
        return self.record.version if self.record else None

    @property
    def project(self) -> NormalizedName | None:
        """The project that it is about."""
        return self.distribution.name if self.distribution else None

    @property
    def pip_version(self) -> str | None:
        """The version of pip's distribution."""
        return self.distribution.version if self.distribution else None

    @property
    def label(self) -> str:
        """The package that it is about, with whose it is."""
        if self.record is not None:
            return f"conda's {self.conda_name} {self.conda_version}"
        return f"pip's {self.project} {self.pip_version}"

    @property
    def names(self) -> frozenset[str]:
        """The names that a person may call it by: conda's, and the project's."""
        return frozenset(name for name in (self.conda_name, self.project) if name)

    @property
    def key(self) -> str:
        """The identity by which a finding is reported once."""
        parts = (self.kind, self.conda_name, self.project, self.pip_version)
        return "finding:" + ":".join(part or "" for part in parts)

    def build_leave_key(self, root: Path) -> str:
        """Build the identity by which a finding is left alone after its fix was undone.

        It ends with a digest of when its files were written: what pip or conda has changed since is
        another finding.
        """
        path = self.distribution.metadata if self.distribution else self.evidence[0].path
        files = {one.path for one in self.evidence}
        files |= {self.record.path} if self.record else set()
        times = [f"{one} {_read_time(to_disk(root, one))}" for one in sorted(files)]
        digest = hashlib.sha256("\n".join(times).encode("utf-8", "surrogateescape")).hexdigest()
        return f"leave:{self.kind}:{path}:{digest[:16]}"

    @property
    def restores(self) -> CondaRecord | None:
        """The conda package whose restore repairs it, if pip replaced one and that is the fault."""
        return None

    def fix(self, snapshot: Snapshot) -> Plan | None:  # noqa: ARG002 - for the kinds that have one
        """Plan the fix; None if the kind has none. Nothing is applied."""
        return None

    def repair(self, snapshot: Snapshot) -> Plan | None:
        """Plan what `conda pip repair` does: the fix, unless the kind says otherwise."""
        return self.fix(snapshot)

    def render_commands(self, command: BuildCommand) -> list[str]:
        """Return the command lines that fix it, the preferred one first."""
        removals = [one.removal for one in self.links]
        return [" && ".join([*removals, command(*words)]) for words in self.remedy]

    def to_dict(self, command: BuildCommand) -> dict[str, object]:
        """Return the JSON-ready form, all its paths included."""
        return {
            "kind": self.kind,
            "conda": self.conda_name,
            "distribution": self.project,
            "conda_version": self.conda_version,
            "pip_version": self.pip_version,
            "summary": self.summary,
            "paths": [
                {
                    "path": one.path,
                    "claimed_by": list(one.claimed_by),
                    "expected": one.expected,
                    "found": one.found,
                }
                for one in self.evidence
            ],
            "commands": self.render_commands(command),
            "details": dict(self.details),
        }


def _read_time(path: Path) -> int | None:
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return None


def find_in_state(
    snapshot: Snapshot, state: type[State], earlier: Sequence[Finding] = ()
) -> Iterator[tuple[RecordedDistribution, State]]:
    """Find the recorded distributions in a state, once for each record and name.

    Those that ``earlier`` findings are about are left out.
    """
    seen = {(one.record.path, one.project) for one in earlier if one.record}
    for recorded in (one for entries in snapshot.claims.by_name.values() for one in entries):
        found = snapshot.ownership.state_of(recorded)
        if isinstance(found, state) and (recorded.record.path, recorded.name) not in seen:
            seen.add((recorded.record.path, recorded.name))
            yield recorded, found


def metadata_evidence(distribution: Distribution) -> Evidence:
    """Return the evidence that the metadata of a distribution of pip's is there."""
    return Evidence(path=distribution.metadata_file, claimed_by=(f"pip:{distribution.name}",))


def build_evidence(
    snapshot: Snapshot,
    path: PrefixPath,
    *,
    pip: Distribution | None = None,
    stated: str | None = None,
) -> Evidence:
    """Return who lists a path, what should be there, and what is.

    ``stated`` is the sha256 in ``pip``'s RECORD; what a record states takes precedence.
    """
    claims = snapshot.claims.of(path)
    claimed_by = [f"conda:{claim.record.name}" for claim in claims]
    expected = next((claim.file.expected_sha256 for claim in claims), None) or stated
    if pip is not None:
        claimed_by.append(f"pip:{pip.name}")
    fact = snapshot.facts.get(path)
    if fact is None:
        found = "present" if os.path.lexists(to_disk(snapshot.prefix.root, path)) else None
    else:
        found = fact.sha256 or _PRESENT.get(fact.kind, fact.kind)
    return Evidence(path=path, claimed_by=tuple(claimed_by), expected=expected, found=found)


def build_folder_evidence(
    snapshot: Snapshot, path: PrefixPath, *, pip: Distribution | None = None
) -> Evidence:
    """Return the evidence that a folder is in the place of a file."""
    return replace(build_evidence(snapshot, path, pip=pip), found="folder")


def build_link(record: CondaRecord, reason: str) -> LinkConda:
    """Build the step that links the very package of a record again."""
    return LinkConda(
        name=record.name,
        version=record.version,
        reason=reason,
        channel=shorten_channel(record.channel),
        record=record,
    )


def relink(record: CondaRecord, reason: str, snapshot: Snapshot) -> Plan:
    """Plan to link the very package of a record again."""
    return Plan(
        title="repair",
        steps=(build_link(record, reason),),
        notes=tuple(describe_edited(record, snapshot)),
        fingerprint=snapshot.fingerprint,
    )


def find_edited_files(record: CondaRecord, snapshot: Snapshot) -> tuple[PrefixPath, ...]:
    """Find what was changed of a package, hashing all of it but compiled files."""
    reader = FactReader(snapshot.prefix)
    found = find_edited(
        record, snapshot.claims, reader, judge=lambda one: not one.path.endswith(".pyc")
    )
    return tuple(found)


def describe_edited(record: CondaRecord, snapshot: Snapshot) -> Iterator[str]:
    """Say which changed files are replaced if a package is linked again."""
    edited = find_edited_files(record, snapshot)
    if edited:
        what = count(len(edited), "changed file")
        yield f"Replaces {what} of {record.name}, such as {edited[0]}."
