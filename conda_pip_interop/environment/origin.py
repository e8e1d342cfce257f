"""Origin: the owner and the source of an installed distribution."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from packaging.version import InvalidVersion, Version

from conda_pip_interop.environment.ownership import ByConda, ByPip
from conda_pip_interop.environment.site_packages.record import parse_file_url
from conda_pip_interop.text import strip_channel
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.ownership import Manager
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot

#: conda's names of platforms.
_SUBDIR: Final = regex(r"noarch|(?:linux|osx|win|freebsd|emscripten|wasi|zos|aix)-[a-z0-9_]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Origin:
    """The owner of a distribution, and the source it was installed from.

    `record` is conda's package, or the one that pip's distribution replaced; None, too, where
    conda owns it and its record cannot be read. `url` is a direct
    reference (PEP 508: `git+https://…@COMMIT`, an archive, a folder), None if from an index;
    `editable` is the source folder, `""` if it is unknown.
    """

    owner: Manager
    record: CondaRecord | None
    url: str | None
    editable: str | None

    @property
    def is_direct(self) -> bool:
        """Whether pip got it from a URL, a repository or a folder, and from no index."""
        return self.url is not None or self.editable is not None

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
        if self.owner == "conda" and self.record is None:
            return "a package whose record cannot be read"
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
        case ByPip(in_place_of=None) if _has_corrupt_record(snapshot, distribution):
            return Origin(owner="conda", record=None, url=None, editable=None)
        case ByConda(record=record):
            return Origin(owner="conda", record=record, url=None, editable=None)
        case ByPip(in_place_of=replaced):
            return Origin(
                owner="pip",
                record=replaced,
                url=build_direct_reference(distribution.direct_url),
                editable=distribution.editable,
            )


def is_unrecorded(distribution: Distribution) -> bool:
    """Return whether conda says that it installed what no record lists (PEP 376)."""
    return distribution.installer == "conda"


def describe_unlisted(distribution: Distribution) -> str:
    """Name a distribution that no record lists: pip's, or conda's if its record is missing."""
    name = f"{distribution.name} {distribution.version}"
    if is_unrecorded(distribution):
        return f"conda's {name} (its record is missing)"
    return f"pip's {name}"


def _has_corrupt_record(snapshot: Snapshot, distribution: Distribution) -> bool:
    """Return whether conda says that it installed it, and a record cannot be read (PEP 376)."""
    return is_unrecorded(distribution) and any(one.corrupt for one in snapshot.unreadable)


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


def find_local(url: str) -> Path | None:
    """Return the path of a `file:` URL, None for others."""
    path = parse_file_url(url)
    return Path(path) if path not in ("", url) else None


def build_install_words(distribution: Distribution) -> tuple[str, ...]:
    """Return the words that install a distribution again, for the command line of pip or ours.

    They name its source (PEP 610) if that exists or is remote, else its name: with the version if
    an index had it, which has no development and local versions (PEP 440), nor what came by path.
    """
    editable, url = distribution.editable, build_direct_reference(distribution.direct_url)
    if editable and editable.isprintable() and Path(editable).is_dir():
        return ("-e", editable)
    if url is None and editable is None and _is_release(distribution.version):
        return (f"{distribution.name}=={distribution.version}",)
    if url is None or not _can_be_shown(url):
        return (distribution.name,)
    local = find_local(url)
    if local is not None and not local.exists():
        return (distribution.name,)
    plain = local is not None and "subdirectory=" not in url
    return (str(local) if plain else f"{distribution.name} @ {url}",)


def _can_be_shown(url: str) -> bool:
    """Return whether a URL has no password and no control characters."""
    try:
        return url.isprintable() and urlsplit(url).password is None
    except ValueError:
        return False


def _is_release(version: str) -> bool:
    try:
        parsed = Version(version)
    except InvalidVersion:
        return False
    return parsed.local is None and not parsed.is_devrelease


def shorten_channel(channel: str) -> str:
    """Return a channel's name from its URL with subdir: `conda-forge`, `pkgs/main`."""
    if "/" not in channel:
        return channel
    folder, _, name = channel.rstrip("/").rpartition("/")[0].rpartition("/")
    return f"pkgs/{name}" if folder.endswith("/pkgs") else name


def find_channel(url: str) -> str:
    """Return how a channel is written into files: its name on anaconda.org, else its URL.

    Only these names mean the same with every configuration. `url` may end with the platform.
    """
    base, slash, last = strip_channel(url).rstrip("/").rpartition("/")
    if not (slash and _SUBDIR.fullmatch(last)):
        base = f"{base}{slash}{last}"
    return base.removeprefix("https://conda.anaconda.org/")


def _find_hash(archive: dict[str, object]) -> str | None:
    """Return `NAME=HEX`: the strongest of `hashes`, or the older form with one `hash`."""
    hashes, old = archive.get("hashes"), archive.get("hash")
    if isinstance(hashes, dict) and hashes:
        name, value = max(hashes.items(), key=lambda pair: (len(str(pair[1])), str(pair[0])))
        return f"{name}={value}"
    return old if isinstance(old, str) else None
