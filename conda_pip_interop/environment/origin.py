"""Origin: the owner and the source of an installed distribution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conda_pip_interop.environment.ownership import ByConda, ByPip

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.conda_records import CondaRecord
    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.snapshot import Snapshot


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The owner of a distribution, and the source it was installed from.

    `record` is conda's package, or the one that pip's distribution replaced. `url` is a direct
    reference (PEP 508: `git+https://…@COMMIT`, an archive, a folder), None if from an index;
    `editable` is the source folder, `""` if it is unknown.
    """

    owner: Manager
    record: CondaRecord | None
    url: str | None
    editable: str | None

    @property
    def channel(self) -> str | None:
        """The channel, if conda owns it."""
        if self.owner == "pip" or self.record is None:
            return None
        return shorten_channel(self.record.channel)

    @property
    def package(self) -> str | None:
        """The conda package, `NAME-VERSION-BUILD`, if conda owns it."""
        if self.owner == "pip" or self.record is None:
            return None
        return f"{self.record.name}-{self.record.version}-{self.record.build}"

    @property
    def in_place_of(self) -> str | None:
        """The conda package that it replaced, if pip owns it."""
        return self.record.name if self.owner == "pip" and self.record is not None else None

    def __str__(self) -> str:
        if self.owner == "conda":
            return f"{self.package} from {self.channel}"
        if self.editable is not None:
            text = f"editable, {self.editable or 'source unknown'}"
        else:
            text = self.url or "index"
        return f"{text}, replaces conda's {self.in_place_of}" if self.in_place_of else text

    def to_dict(self) -> dict[str, object]:
        """Return the JSON-ready form."""
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
    """Return a distribution's origin, from the records and from direct_url.json (PEP 610)."""
    match snapshot.ownership.owner_of(distribution):
        case ByConda(record=record):
            return Origin(owner="conda", record=record, url=None, editable=None)
        case ByPip(in_place_of=replaced):
            return Origin(
                owner="pip",
                record=replaced,
                url=build_direct_reference(distribution.direct_url),
                editable=distribution.editable,
            )


def find_content(direct_url: Mapping[str, object]) -> tuple[object, ...] | None:
    """Return what identifies a direct reference (PEP 610): its commit or hashes, or None."""
    vcs, archive = direct_url.get("vcs_info"), direct_url.get("archive_info")
    identity = vcs.get("commit_id") if isinstance(vcs, dict) else None
    identity = archive.get("hashes") if isinstance(archive, dict) else identity
    return (identity, direct_url.get("subdirectory")) if identity else None


def build_direct_reference(direct_url: Mapping[str, object] | None) -> str | None:
    """Build the URL of a direct reference (PEP 440) from a direct_url.json (PEP 610)."""
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
    """Return a channel's name from its URL with subdir: `conda-forge`, `pkgs/main`."""
    if "/" not in channel:
        return channel
    folder, _, name = channel.rstrip("/").rpartition("/")[0].rpartition("/")
    return f"pkgs/{name}" if folder.endswith("/pkgs") else name


def _find_hash(archive: dict[str, object]) -> str | None:
    """Return `NAME=HEX`: the strongest of `hashes`, or the older form with one `hash`."""
    hashes, old = archive.get("hashes"), archive.get("hash")
    if isinstance(hashes, dict) and hashes:
        name, value = max(hashes.items(), key=lambda pair: (len(str(pair[1])), str(pair[0])))
        return f"{name}={value}"
    return old if isinstance(old, str) else None
