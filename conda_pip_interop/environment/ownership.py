"""Ownership: which manager owns a path and a distribution, and where it came from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from packaging.utils import NormalizedName

from conda_pip_interop.environment.claims import (
    Claims,
    RecordedDistribution,
    is_absent,
    is_rewritten,
)
from conda_pip_interop.environment.distributions import Distribution
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.snapshot import Snapshot, find_recorded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.changes.plan import Manager
    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Intact:
    """It is there as conda linked it, or another record of the name has taken its place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Overridden:
    """pip's ``by`` is in its place; ``others`` are further distributions of the name, unclaimed.

    ``metadata_kept``: conda's metadata is still there (``pip install --ignore-installed``), but
    the files that both list are pip's.
    """

    by: Distribution
    others: tuple[Distribution, ...]
    metadata_kept: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Doubled:
    """It is there, and beside it the metadata of pip's ``others``, over which conda installed."""

    others: tuple[Distribution, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Vanished:
    """Its metadata is gone, and nothing has its name."""


PayloadState: TypeAlias = Intact | Overridden | Doubled | Vanished


def judge_payload(snapshot: Snapshot, carrier: RecordedDistribution) -> PayloadState:
    """Tell how the distribution that a record carries fares; only what is proven counts."""
    claims, facts = snapshot.claims, snapshot.facts
    named = [d for d in snapshot.distributions if d.name == carrier.name]
    rivals = tuple(d for d in named if not claims.of(d.metadata_file))
    if is_absent(carrier, facts):
        if rivals:
            return _build_overridden(snapshot, rivals)
        return Intact() if named else Vanished()
    own = next((d for d in named if claims.same(d.metadata_file, carrier.path)), None)
    if own is not None and is_rewritten(claims, carrier, own, facts):
        return Overridden(by=own, others=rivals, metadata_kept=False)
    beside = tuple(d for d in rivals if claims.same(d.site_packages, carrier.site_packages))
    if not beside:
        return Intact()
    for rival in beside:
        if _is_payload_of(snapshot, carrier, rival):
            others = tuple(d for d in beside if d is not rival)
            return Overridden(by=rival, others=others, metadata_kept=True)
    return Doubled(others=beside)


def find_override(snapshot: Snapshot, distribution: Distribution) -> RecordedDistribution | None:
    """Return the record in whose place pip's distribution is; None if it is in no one's.

    Covers an override that is already written into its record as well as one only found.
    """
    claims = snapshot.claims
    own = find_recorded(claims, distribution)
    if own is not None:
        return (
            own if is_settled(own, distribution) or _rewrote(snapshot, own, distribution) else None
        )
    for carrier in claims.by_name.get(distribution.name, ()):
        standing = judge_payload(snapshot, carrier)
        if isinstance(standing, Overridden) and standing.by.metadata == distribution.metadata:
            return carrier
    return None


def is_settled(carrier: RecordedDistribution, distribution: Distribution) -> bool:
    """Tell whether the record says itself that this distribution is in its place."""
    return distribution.name in carrier.record.overridden_by


def _rewrote(snapshot: Snapshot, carrier: RecordedDistribution, distribution: Distribution) -> bool:
    return is_rewritten(snapshot.claims, carrier, distribution, snapshot.facts)


def _build_overridden(snapshot: Snapshot, rivals: tuple[Distribution, ...]) -> Overridden:
    """Take of several the one that has most of its files on disk as it states them."""
    best = max(rivals, key=lambda rival: _count_own_files(snapshot, rival))
    others = tuple(rival for rival in rivals if rival is not best)
    return Overridden(by=best, others=others, metadata_kept=False)


def _count_own_files(snapshot: Snapshot, distribution: Distribution) -> int:
    facts = snapshot.facts
    return sum(
        file.sha256 is not None and file.path in facts and facts[file.path].sha256 == file.sha256
        for file in distribution.files or ()
    )


def _is_payload_of(snapshot: Snapshot, carrier: RecordedDistribution, rival: Distribution) -> bool:
    """Tell whether every file on which record and rival disagree is as the rival states it."""
    disagreed = 0
    for file in rival.files or ():
        allowed = _stated_by(snapshot.claims, carrier, file.path)
        if file.sha256 is None or not allowed or file.sha256 in allowed:
            continue
        fact = snapshot.facts.get(file.path)
        if fact is None or fact.sha256 != file.sha256:
            return False
        disagreed += 1
    return disagreed > 0


def _stated_by(claims: Claims, carrier: RecordedDistribution, path: PrefixPath) -> set[str | None]:
    return {
        sha256
        for claim in claims.of(path)
        if claim.record is carrier.record and claim.states_hash
        for sha256 in (claim.file.sha256, claim.file.sha256_in_prefix)
    }


_CACHED = re.compile(r"(?P<folder>(?:.*/)?)__pycache__/(?P<stem>[^/.]+)\.[^/]+\.pyc")


@dataclass(frozen=True, kw_only=True, slots=True)
class ByConda:
    """A conda record lists it."""

    record: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ByPip:
    """A distribution's RECORD lists it and no conda record does.

    ``in_place_of`` is said of a distribution only: the conda record whose payload it has replaced,
    whether that is already written into the record (CondaRecord.overridden_by) or only found.
    """

    distribution: NormalizedName
    in_place_of: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Unowned:
    """Neither a record nor a RECORD lists it."""


Owner: TypeAlias = ByConda | ByPip | Unowned


@dataclass(frozen=True, kw_only=True, slots=True)
class Ownership:
    """The owners of all paths of one snapshot; build it once with `owners_of`."""

    conda: Claims
    pip: Mapping[str, tuple[NormalizedName, ...]]

    def owner(self, path: PrefixPath) -> Owner:
        """Return the one owner: conda's record before pip's distribution before nobody."""
        found = self.claims(path)
        return found[0] if found else Unowned()

    def claims(self, path: PrefixPath) -> tuple[ByConda | ByPip, ...]:
        """Return all that list the path, records first, each once.

        An unlisted ``.pyc`` is whose its source is.
        """
        key = self.conda.key(path)
        found: list[ByConda | ByPip] = []
        found += (ByConda(record=claim.record.name) for claim in self.conda.by_path.get(key, ()))
        found += (ByPip(distribution=name) for name in self.pip.get(key, ()))
        if not found and (match := _CACHED.fullmatch(path)):
            return self.claims(PrefixPath(f"{match['folder']}{match['stem']}.py"))
        return tuple(dict.fromkeys(found))


def owners_of(snapshot: Snapshot) -> Ownership:
    """Index the claims of a snapshot: all records', and the RECORDs of what is pip's."""
    pip: dict[str, tuple[NormalizedName, ...]] = {}
    for distribution in (*snapshot.distributions, *snapshot.stranded):
        if isinstance(owner_of_distribution(snapshot, distribution), ByPip):
            paths = [file.path for file in distribution.files or ()]
            for path in (*paths, distribution.metadata_file):
                key = snapshot.claims.key(path)
                pip[key] = (*pip.get(key, ()), distribution.name)
    return Ownership(conda=snapshot.claims, pip=pip)


def owner_of_distribution(snapshot: Snapshot, distribution: Distribution) -> ByConda | ByPip:
    """Tell whose a distribution is: conda's if, and only if, it is what a record linked."""
    override = find_override(snapshot, distribution)
    if override is not None:
        return ByPip(distribution=distribution.name, in_place_of=override.record.name)
    carrier = find_recorded(snapshot.claims, distribution)
    if carrier is not None:
        return ByConda(record=carrier.record.name)
    return ByPip(distribution=distribution.name)


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """Whose a distribution is, and where its owner got it.

    `record` is conda's package, or the one in whose place pip's distribution is. `url` is a direct
    reference (PEP 508: `git+https://…@COMMIT`, an archive, a folder) where it was not an index;
    `editable` is the place of the source, `""` where it is not told.
    """

    owner: Manager
    record: CondaRecord | None
    url: str | None
    editable: str | None

    @property
    def channel(self) -> str | None:
        """The channel of conda's package."""
        if self.owner == "pip" or self.record is None:
            return None
        return shorten_channel(self.record.channel)

    @property
    def package(self) -> str | None:
        """conda's package, `NAME-VERSION-BUILD`, where it is conda's."""
        if self.owner == "pip" or self.record is None:
            return None
        return f"{self.record.name}-{self.record.version}-{self.record.build}"

    @property
    def in_place_of(self) -> str | None:
        """The package of conda's in whose place pip's distribution is."""
        return self.record.name if self.owner == "pip" and self.record is not None else None

    def __str__(self) -> str:
        if self.owner == "conda":
            return f"{self.package} from {self.channel}"
        if self.editable is not None:
            text = f"editable, {self.editable or 'place unknown'}"
        else:
            text = self.url or "index"
        return f"{text}, in the place of conda's {self.in_place_of}" if self.in_place_of else text

    def to_dict(self) -> dict[str, object]:
        """The JSON-ready form."""
        return {
            "owner": self.owner,
            "source": str(self),
            "channel": self.channel,
            "package": self.package,
            "in_place_of": self.in_place_of,
            "url": self.url,
            "editable": self.editable,
        }


def find_origin(snapshot: Snapshot, distribution: Distribution) -> Origin:
    """Tell by the records, and by pip's direct_url.json (PEP 610)."""
    match owner_of_distribution(snapshot, distribution):
        case ByConda(record=name):
            return Origin(owner="conda", record=_find(snapshot, name), url=None, editable=None)
        case found:
            replaced = found.in_place_of
            return Origin(
                owner="pip",
                record=None if replaced is None else _find(snapshot, replaced),
                url=build_direct_reference(distribution.direct_url),
                editable=distribution.editable,
            )


def find_content(direct_url: Mapping[str, object]) -> tuple[object, ...] | None:
    """What tells the very content of a direct reference (PEP 610): a commit or hashes; or None."""
    vcs, archive = direct_url.get("vcs_info"), direct_url.get("archive_info")
    told = vcs.get("commit_id") if isinstance(vcs, dict) else None
    told = archive.get("hashes") if isinstance(archive, dict) else told
    return (told, direct_url.get("subdirectory")) if told else None


def build_direct_reference(direct_url: Mapping[str, object] | None) -> str | None:
    """The URL of a direct reference (PEP 440) out of a direct_url.json (PEP 610)."""
    url = (direct_url or {}).get("url")
    if direct_url is None or not isinstance(url, str):
        return None
    vcs, archive = direct_url.get("vcs_info"), direct_url.get("archive_info")
    fragments = []
    if isinstance(vcs, dict):
        url = f"{vcs.get('vcs')}+{url}@{vcs.get('commit_id')}"
    elif isinstance(archive, dict) and (found := _find_hash(archive)) is not None:
        fragments.append(found)
    if direct_url.get("subdirectory"):
        fragments.append(f"subdirectory={direct_url['subdirectory']}")
    return f"{url}#{'&'.join(fragments)}" if fragments else url


def shorten_channel(channel: str) -> str:
    """A channel's name out of its URL, which ends with the subdir: `conda-forge`, `pkgs/main`."""
    if "/" not in channel:
        return channel
    folder, _, name = channel.rstrip("/").rpartition("/")[0].rpartition("/")
    return f"pkgs/{name}" if folder.endswith("/pkgs") else name


def _find_hash(archive: dict[str, object]) -> str | None:
    """`NAME=HEX`: the strongest of `hashes`, or the older form of one `hash`."""
    hashes, old = archive.get("hashes"), archive.get("hash")
    if isinstance(hashes, dict) and hashes:
        name, value = max(hashes.items(), key=lambda pair: (len(str(pair[1])), str(pair[0])))
        return f"{name}={value}"
    return old if isinstance(old, str) else None


def _find(snapshot: Snapshot, name: str) -> CondaRecord:
    return next(one for one in snapshot.records if one.name == name)
