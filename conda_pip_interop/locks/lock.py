"""A lock: each package of an environment with where it is and its hash. Pure values."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.requirements_txt import unreadable
from conda_pip_interop.environment.site_packages.provenance import FILE_URL, SHA256
from conda_pip_interop.environment.versions import parse_file_version
from conda_pip_interop.exports.sources import FromArchive, FromIndex, Source, Unknown
from conda_pip_interop.grammar import is_conda_name, is_line, is_name, is_word
from conda_pip_interop.text import quoted
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.errors import UsageError

#: `linux-64`, `noarch`: the folder of a channel, and of what is downloaded from it.
_SUBDIR: Final = regex(r"[a-z0-9][a-z0-9_-]*")
_PACKAGE_URL: Final = regex(r"[a-z][a-z0-9+.-]*://[!-~]+\.(?:conda|tar\.bz2)")
_MD5: Final = regex(r"[0-9a-f]{32}")
#: The parts of the file name of a conda package: `NAME-VERSION-BUILD`.
_PARTS: Final = 3
#: The folder of a channel for all platforms.
NOARCH: Final = "noarch"


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedPackage:
    """A conda package. `md5` and `sha256` (hex) are those of its file; at least one is known.

    `requested` is the spec that was requested, empty for a dependency; None if the lock does not
    say.
    """

    name: str
    version: str
    build: str
    subdir: str
    url: str
    md5: str = ""
    sha256: str = ""
    requested: str | None = None

    @property
    def channel_url(self) -> str:
        """The URL of its channel, which has a folder for each platform."""
        return self.url.rsplit("/", 2)[0]

    @property
    def file_name(self) -> str:
        """The name of its file; an epoch is `1%212.0` in URLs."""
        return unquote(self.url.rpartition("/")[2])

    @property
    def algorithm(self) -> Literal["sha256", "md5"]:
        """The algorithm of the hash by which its file is checked."""
        return "sha256" if self.sha256 else "md5"

    @property
    def digest(self) -> str:
        """The hash by which its file is checked."""
        return self.sha256 or self.md5


@dataclass(frozen=True, kw_only=True, slots=True)
class LockedDistribution:
    """A distribution of pip's. `version` is empty where only its build tells it.

    `requested` is the requirement (PEP 508) that requested it, empty for a dependency; None if the
    lock does not say. `in_place_of` is the conda package that it replaces.
    """

    name: NormalizedName
    source: Source
    version: str = ""
    requested: str | None = None
    in_place_of: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """All packages of an environment for one platform. `origin` are the files that it is from.

    `platforms` are all that these have.
    """

    origin: str
    platform: str
    conda: tuple[LockedPackage, ...]
    pip: tuple[LockedDistribution, ...]
    channels: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()

    def is_for(self, subdir: str) -> bool:
        """Return whether it can be installed on a platform of conda's."""
        return self.platform in (subdir, "", NOARCH)


def build_package(
    url: str, origin: str, *, md5: str = "", sha256: str = "", requested: str | None = None
) -> LockedPackage:
    """Build a package from its URL; raises UsageError `unreadable-file`."""
    file = unquote(url.rpartition("/")[2])  # an epoch is `1%212.0` in URLs
    stem = file.removesuffix(".conda").removesuffix(".tar.bz2")
    parts = stem.rsplit("-", _PARTS - 1)
    subdir = url.split("/")[-2] if "/" in url else ""
    hashes = [(md5, _MD5), (sha256, SHA256)]
    is_valid = (
        _PACKAGE_URL.fullmatch(url)
        and _SUBDIR.fullmatch(subdir)
        and len(parts) == _PARTS
        and is_conda_name(parts[0])
        and all(map(is_word, parts))
        and all(not value or pattern.fullmatch(value) for value, pattern in hashes)
        and is_line(requested or "")
    )
    if not is_valid:
        raise unreadable(origin, f"{quoted(url)} is not the URL of a conda package with its hash")
    if not (md5 or sha256):
        raise unreadable(origin, f"{parts[0]} has no hash, so its file cannot be checked")
    return LockedPackage(
        name=parts[0],
        version=parts[1],
        build=parts[2],
        subdir=subdir,
        url=url,
        md5=md5,
        sha256=sha256,
        requested=requested,
    )


def build_distribution(
    name: str,
    source: Source,
    origin: str,
    *,
    version: str = "",
    requested: str | None = None,
    in_place_of: str = "",
) -> LockedDistribution:
    """Build a distribution; the file name tells the version. Raises UsageError `unreadable-file`.

    What is from an index needs the URL and the hash of its file.
    """
    if not is_name(name):
        raise unreadable(origin, f"{quoted(name)} is not the name of a project")
    if isinstance(source, Unknown):
        raise unreadable(origin, f"it does not say where {name} comes from")
    if isinstance(source, FromIndex):
        if not (FILE_URL.fullmatch(source.url or "") and SHA256.fullmatch(source.sha256 or "")):
            raise unreadable(origin, f"{name} has no URL with a SHA-256, so it cannot be checked")
        version = version or parse_file_version(source.file_name)
    if isinstance(source, FromArchive) and not source.digest:
        raise unreadable(origin, f"{name} has no hash, so its archive cannot be checked")
    if version and not is_word(version):
        raise unreadable(origin, f"the version of {name} is not valid")
    if requested:
        _check_request(name, requested, origin)
    return LockedDistribution(
        name=canonicalize_name(name),
        source=source,
        version=version,
        requested=requested,
        in_place_of=in_place_of,
    )


def add_replaced(
    pip: Iterable[LockedDistribution], conda: Iterable[LockedPackage]
) -> tuple[LockedDistribution, ...]:
    """Add what each replaces where a format has no word for it: conda's package of its name."""
    names = {canonicalize_name(one.name): one.name for one in conda}
    return tuple(replace(one, in_place_of=names.get(one.name, "")) for one in pip)


def _check_request(name: str, requested: str, origin: str) -> None:
    try:
        asked = canonicalize_name(Requirement(requested).name) if is_line(requested) else ""
    except (InvalidRequirement, RecursionError):
        asked = ""
    if asked != canonicalize_name(name):
        raise not_valid(name, origin)


def not_valid(name: object, origin: str) -> UsageError:
    """Build the error for a package that is not as the format wants it."""
    return unreadable(origin, f"its package {quoted(name)} is not valid")
