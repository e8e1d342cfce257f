"""Ownership: which manager owns a path or a distribution."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Literal, TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.environment.claims import (
    Claims,
    RecordedDistribution,
    is_absent,
    is_rewritten,
)
from conda_pip_interop.environment.conda_meta.records import CondaRecord
from conda_pip_interop.environment.file_facts import FileFact
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.versions import choose_version
from conda_pip_interop.values import dataclass, regex

Manager: TypeAlias = Literal["conda", "pip"]

_COMPILED = regex(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/.]+)\.[^/]+\.pyc")


@dataclass(frozen=True, kw_only=True, slots=True)
class ByConda:
    """A conda record lists it."""

    record: CondaRecord


@dataclass(frozen=True, kw_only=True, slots=True)
class ByPip:
    """A distribution's RECORD lists it, and no conda record does.

    ``in_place_of`` is set for a distribution only: the conda record whose payload it replaced,
    whether the record says so already (CondaRecord.overridden_by) or not yet.
    """

    distribution: Distribution
    in_place_of: CondaRecord | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Intact:
    """It is as conda linked it, or another record replaced it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overridden:
    """pip's ``by`` replaced it; ``others`` are more unrecorded distributions of that name.

    ``metadata_kept``: conda's metadata still exists (``pip install --ignore-installed``), but the
    files that both list are pip's.
    """

    by: Distribution
    others: tuple[Distribution, ...]
    metadata_kept: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubled:
    """It exists, and so does stale metadata of pip's ``others``, which conda overwrote."""

    others: tuple[Distribution, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Vanished:
    """Its metadata is missing, and no distribution has its name."""


PayloadState: TypeAlias = Intact | Overridden | Doubled | Vanished


class Ownership:
    """The owners of all paths and distributions of one snapshot (`Snapshot.ownership`)."""

    def __init__(
        self,
        claims: Claims,
        facts: Mapping[PrefixPath, FileFact],
        distributions: tuple[Distribution, ...],
        stranded: tuple[Distribution, ...] = (),
    ) -> None:
        self._claims = claims
        self._facts = facts
        self._distributions = distributions
        self._stranded = stranded
        self._by_name: defaultdict[NormalizedName, list[Distribution]] = defaultdict(list)
        for one in distributions:
            self._by_name[one.name].append(one)
        self._owners: dict[Distribution, ByConda | ByPip] = {}
        self._states: dict[RecordedDistribution, PayloadState] = {}

    def owner_of(self, distribution: Distribution) -> ByConda | ByPip:
        """Return the owner of a distribution: conda if, and only if, a record linked it."""
        owner = self._owners.get(distribution)
        if owner is None:
            owner = self._owners[distribution] = self._find_owner(distribution)
        return owner

    def version_of(self, distribution: Distribution) -> str:
        """Return the version of a distribution that counts; see `choose_version` for conda's."""
        owner = self.owner_of(distribution)
        if isinstance(owner, ByPip):
            return distribution.version
        return choose_version(
            distribution.name,
            distribution.version,
            package=owner.record.name,
            package_version=owner.record.version,
        )

    def _find_owner(self, distribution: Distribution) -> ByConda | ByPip:
        override = self.override_of(distribution)
        if override is not None:
            return ByPip(distribution=distribution, in_place_of=override.record)
        recorded = self._claims.find_recorded(distribution)
        if recorded is not None:
            return ByConda(record=recorded.record)
        return ByPip(distribution=distribution)

    def claimants(self, path: PrefixPath) -> tuple[ByConda | ByPip, ...]:
        """Return all records and distributions that list the path, its owner first.

        A record comes before a distribution; a path without claimants has no owner.
        An unlisted ``.pyc`` has the claimants of its source.
        """
        key = self._claims.key(path)
        found: list[ByConda | ByPip] = [
            ByConda(record=claim.record) for claim in self._claims.by_path.get(key, ())
        ]
        found += (ByPip(distribution=one) for one in self._listed_by_pip.get(key, ()))
        if not found and (match := _COMPILED.fullmatch(path)):
            return self.claimants(PrefixPath(f"{match['folder']}{match['stem']}.py"))
        return tuple(dict.fromkeys(found))

    def is_shared(
        self,
        path: PrefixPath,
        *,
        records: Iterable[CondaRecord] = (),
        names: Iterable[NormalizedName] = (),
    ) -> bool:
        """Return whether a record not in ``records``, or a name not in ``names``, lists it too."""
        own_records, own_names = tuple(records), frozenset(names)
        return any(
            one.record not in own_records
            if isinstance(one, ByConda)
            else one.distribution.name not in own_names
            for one in self.claimants(path)
        )

    @cached_property
    def _listed_by_pip(self) -> Mapping[str, tuple[Distribution, ...]]:
        listed: dict[str, tuple[Distribution, ...]] = {}
        for one in (*self._distributions, *self._stranded):
            if isinstance(self.owner_of(one), ByPip):
                alone = (one,)  # one for all of its files: there may be a million
                for path in (*(file.path for file in one.files or ()), one.metadata_file):
                    key = self._claims.key(path)
                    listed[key] = (*listed[key], one) if key in listed else alone
        return listed

    def state_of(self, recorded: RecordedDistribution) -> PayloadState:
        """Return the state of a recorded distribution; without evidence it is intact."""
        state = self._states.get(recorded)
        if state is None:
            state = self._states[recorded] = self._find_state(recorded)
        return state

    def _find_state(self, recorded: RecordedDistribution) -> PayloadState:
        claims, facts = self._claims, self._facts
        named = self._by_name.get(recorded.name, [])
        rivals = tuple(one for one in named if not claims.of(one.metadata_file))
        if is_absent(recorded, facts):
            if rivals:
                return self._build_overridden(rivals)
            return Intact() if named else Vanished()
        own = next((one for one in named if claims.same(one.metadata_file, recorded.path)), None)
        if own is not None and is_rewritten(claims, recorded, own, facts):
            return Overridden(by=own, others=rivals, metadata_kept=False)
        beside = tuple(
            one for one in rivals if claims.same(one.site_packages, recorded.site_packages)
        )
        if not beside:
            return Intact()
        for rival in beside:
            if self._is_payload_of(recorded, rival):
                others = tuple(one for one in beside if one is not rival)
                return Overridden(by=rival, others=others, metadata_kept=True)
        return Doubled(others=beside)

    def override_of(self, distribution: Distribution) -> RecordedDistribution | None:
        """Return the recorded distribution that pip's distribution replaced, if any.

        Includes overrides that are already noted in the record.
        """
        claims = self._claims
        own = claims.find_recorded(distribution)
        if own is not None:
            settled = distribution.name in own.record.overridden_by
            rewritten = settled or is_rewritten(claims, own, distribution, self._facts)
            return own if rewritten else None
        for recorded in claims.by_name.get(distribution.name, ()):
            state = self.state_of(recorded)
            if isinstance(state, Overridden) and state.by is distribution:
                return recorded
        return None

    def _build_overridden(self, rivals: tuple[Distribution, ...]) -> Overridden:
        """Choose the rival with the most files on disk that match its RECORD."""
        best = max(rivals, key=self._count_own_files)
        others = tuple(rival for rival in rivals if rival is not best)
        return Overridden(by=best, others=others, metadata_kept=False)

    def _count_own_files(self, distribution: Distribution) -> int:
        facts = self._facts
        return sum(
            file.sha256 is not None
            and file.path in facts
            and facts[file.path].sha256 == file.sha256
            for file in distribution.files or ()
        )

    def _is_payload_of(self, recorded: RecordedDistribution, rival: Distribution) -> bool:
        """Return whether all files whose hashes in record and rival differ are the rival's."""
        disagreed = 0
        for file in rival.files or ():
            allowed = {
                sha256
                for claim in self._claims.of(file.path)
                if claim.record is recorded.record and claim.states_hash
                for sha256 in (claim.file.sha256, claim.file.sha256_in_prefix)
            }
            if file.sha256 is None or not allowed or file.sha256 in allowed:
                continue
            fact = self._facts.get(file.path)
            if fact is None or fact.sha256 != file.sha256:
                return False
            disagreed += 1
        return disagreed > 0
