"""Contents: what an environment contains, of both managers, as it is written to files."""

from __future__ import annotations

import hashlib
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from conda_pip_interop.changes.origins import read_provenance
from conda_pip_interop.dependencies.requirements import find_subdir, marker_environment
from conda_pip_interop.environment.conda_meta.history import read_requested_specs
from conda_pip_interop.environment.conda_meta.variables import UNSET, read_variables
from conda_pip_interop.environment.origin import find_channel, find_origin
from conda_pip_interop.environment.paths import read_regular, to_disk
from conda_pip_interop.environment.site_packages.distributions import read_all_headers
from conda_pip_interop.environment.site_packages.provenance import SHA256, parse_provenance_url
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    Source,
    Unknown,
    build_folder,
    build_source,
    parse_clone,
)
from conda_pip_interop.grammar import is_name
from conda_pip_interop.text import strip_channel, strip_credentials
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.metadata import Metadata
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.site_packages.provenance import Provenance
    from conda_pip_interop.environment.snapshot import Snapshot

_WORD: Final = regex(r"[A-Za-z0-9_.!+~-]+")
#: conda writes `<unknown>` for a package that was installed from a file.
_CHANNEL: Final = regex(r"[^<>\s]+")
_SPEC: Final = regex(r"[ -~]+")
_MD5: Final = regex(r"[0-9a-f]{32}")


@dataclass(frozen=True, kw_only=True, slots=True)
class CondaPackage:
    """A package of conda's. `channel` is its name or URL, without credentials.

    `requested` is the spec that was requested last, None if nobody did. `replaced_by` are pip's
    distributions in its place: name → version.
    """

    record: CondaRecord
    channel: str
    requested: str | None = None
    replaced_by: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def spec(self) -> str:
        """Its name, version and build as conda's spec."""
        return f"{self.record.name}={self.record.version}={self.record.build}"

    @property
    def url(self) -> str:
        """The URL of its archive, without credentials."""
        return strip_channel(self.record.url).partition("#")[0]

    @property
    def md5(self) -> str:
        """The MD5 (hex) of its archive; empty if it is unknown."""
        return self._find_hash("md5", _MD5)

    @property
    def sha256(self) -> str:
        """The SHA-256 (hex) of its archive; empty if it is unknown."""
        return self._find_hash("sha256", SHA256)

    def _find_hash(self, algorithm: str, pattern: re.Pattern[str]) -> str:
        found = self.record.raw.get(algorithm)
        return found if isinstance(found, str) and pattern.fullmatch(found) else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PipPackage:
    """A distribution of pip's. `name` is spelled as in its metadata.

    `asked` is how it was requested, with the constraint that limited it; None if it was not, or not
    through us. `requested` is what pip recorded (PEP 376). `options` are index options of its
    installation. `in_place_of` is the conda package whose files it replaced.
    """

    name: str
    version: str
    source: Source
    metadata: Metadata
    requested: bool = False
    asked: Requirement | None = None
    options: tuple[str, ...] = ()
    in_place_of: str | None = None
    licence: str = ""

    @property
    def key(self) -> NormalizedName:
        """Its normalized name."""
        return canonicalize_name(self.name)

    @property
    def extras(self) -> str:
        """The extras that were requested, in brackets; empty if there are none."""
        found = sorted(self.asked.extras) if self.asked is not None else []
        return f"[{','.join(found)}]" if found else ""

    @property
    def pin(self) -> str:
        """Its version as a specifier; `===` for a version that is not PEP 440."""
        try:
            Version(self.version)
        except InvalidVersion:
            return f"==={self.version}"
        return f"=={self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """All that is written. `notes` are what is not known, or cannot be written, in sentences.

    `environment` are the values of markers (PEP 508). `channels` come in their order of priority.
    `snapshot` is what all of it was read from.
    """

    name: str | None
    subdir: str
    python: str
    environment: Mapping[str, str]
    snapshot: Snapshot
    conda: tuple[CondaPackage, ...]
    pip: tuple[PipPackage, ...]
    channels: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict, hash=False)
    notes: tuple[str, ...] = ()

    @property
    def unknown_files(self) -> tuple[PipPackage, ...]:
        """The distributions from an index whose file is not known."""
        return tuple(
            one for one in self.pip if isinstance(one.source, FromIndex) and one.source.url is None
        )


def read_contents(
    snapshot: Snapshot,
    *,
    name: str | None = None,
    subdir: str | None = None,
    priority: Iterable[str] = (),
    clones: Mapping[NormalizedName, str] | None = None,
    notes: Iterable[str] = (),
) -> Contents:
    """Read what an environment contains.

    `subdir` is the platform if no package tells it. `priority` has the URLs of channels in their
    order. `clones` are pip's own lines for editable installs from repositories, `notes` what is
    known of them beside that.
    """
    pip, found_in_pip = _read_pip(snapshot, clones or {})
    replaced: dict[str, dict[str, str]] = {}
    for one in pip:
        if one.in_place_of is not None:
            replaced.setdefault(one.in_place_of, {})[one.name] = one.version
    conda, found_in_conda = _read_conda(snapshot, replaced)
    order = {channel: number for number, channel in enumerate(map(find_channel, priority))}
    named = {one.channel for one in conda if _CHANNEL.fullmatch(one.channel)}
    found = sorted(named, key=lambda one: (order.get(one, len(order)), one))
    where = find_subdir(snapshot) or subdir or ""
    python = snapshot.prefix.python
    return Contents(
        name=name,
        subdir=where,
        python=python.version if python is not None else "",
        environment=marker_environment(snapshot.prefix, subdir=where or None),
        snapshot=snapshot,
        conda=conda,
        pip=pip,
        channels=tuple(found),
        variables={
            name: value
            for name, value in sorted(read_variables(snapshot.prefix.root).items())
            if value != UNSET
        },
        notes=(*notes, *found_in_pip, *found_in_conda),
    )


def _read_conda(
    snapshot: Snapshot, replaced: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[CondaPackage, ...], list[str]]:
    asked = read_requested_specs(snapshot.prefix.root)
    notes = [
        f"{one.path} cannot be read, so its package is left out." for one in snapshot.unreadable
    ]
    found: list[CondaPackage] = []
    for record in sorted(snapshot.records, key=lambda one: one.name):
        if not all(map(_WORD.fullmatch, (record.name, record.version, record.build))):
            notes.append(f"{record.path} has no valid name, version and build.")
            continue
        spec = asked.get(record.name)
        found.append(
            CondaPackage(
                record=record,
                channel=find_channel(record.channel),
                requested=spec.rstrip("=") if spec is not None and _SPEC.fullmatch(spec) else None,
                replaced_by=replaced.get(record.name, {}),
            )
        )
    return tuple(found), notes


def _read_pip(
    snapshot: Snapshot, clones: Mapping[NormalizedName, str]
) -> tuple[tuple[PipPackage, ...], list[str]]:
    """Read what pip owns; metadata that conda has overwritten, and doubles, do not count."""
    rows = [(one, find_origin(snapshot, one)) for one in snapshot.distributions]
    condas = {one.name for one, origin in rows if origin.owner == "conda"}
    known = read_provenance(
        snapshot.prefix.root, (one for one, origin in rows if origin.owner == "pip")
    )
    packages: dict[NormalizedName, PipPackage] = {}
    notes = [
        f"{one.name} {one.version} was installed for another Python, so it is left out."
        for one in snapshot.stranded
    ]
    for one, origin in sorted(rows, key=lambda row: (row[0].name, row[0].metadata)):
        if origin.owner == "conda" or (origin.record is None and one.name in condas):
            continue
        if not (is_name(one.name) and _WORD.fullmatch(one.version)):
            notes.append(f"{one.metadata} has no valid name and version.")
            continue
        package = _build_package(snapshot, one, known.get(one.name), clones.get(one.name))
        packages.setdefault(one.name, replace(package, in_place_of=origin.in_place_of))
    notes += [
        f"{one.name} {one.version}: {one.source.reason}."
        for one in packages.values()
        if isinstance(one.source, Unknown)
    ]
    return tuple(packages.values()), notes


def _build_package(
    snapshot: Snapshot, one: Distribution, known: Provenance | None, clone: str | None
) -> PipPackage:
    headers = read_all_headers(snapshot.prefix, one)
    name = next(iter(headers.get("name", ())), "")
    asked = None
    if known is not None and known.requested:
        asked = Requirement(known.requested)
        asked.specifier &= SpecifierSet(known.constraint)
    licences = (*headers.get("license-expression", ()), *headers.get("license", ()), "")
    return PipPackage(
        name=name if is_name(name) else one.name,
        version=one.version,
        source=_find_source(snapshot.prefix.root, one, known, clone),
        metadata=snapshot.read_metadata(one),
        requested=one.requested,
        asked=asked,
        options=known.options if known is not None else (),
        licence=licences[0],
    )


def _find_source(
    root: Path, one: Distribution, known: Provenance | None, clone: str | None
) -> Source:
    if clone is not None and (cloned := parse_clone(clone)) is not None:
        return cloned
    if one.direct_url is not None:
        return build_source(one.direct_url)
    if one.editable is not None:
        return build_folder(one.editable)
    if known is not None:
        return FromIndex(url=known.url, sha256=known.sha256)
    return _read_provenance_url(to_disk(root, one.metadata) / "provenance_url.json")


def _read_provenance_url(file: Path) -> FromIndex:
    """Read what another tool wrote (PEP 710)."""
    try:
        stated = parse_provenance_url(read_regular(file).decode())
    except (OSError, UnicodeDecodeError):
        stated = None
    if stated is None:
        return FromIndex()
    return FromIndex(url=strip_credentials(stated[0]), sha256=stated[1])


def digest_contents(contents: Contents) -> str:
    """Return one SHA-256 (hex) of the platform, and of each package with its file."""
    text = "".join(f"{line}\n" for line in (contents.subdir, *sorted(_list_lines(contents))))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _list_lines(contents: Contents) -> Iterator[str]:
    for package in contents.conda:
        replaced = "".join(sorted(package.replaced_by))
        yield f"conda {package.spec} {package.md5} {replaced}"
    for one in contents.pip:
        yield f"pip {one.key} {one.version} {_identify_content(one.source)}"


def _identify_content(source: Source) -> str:
    """Return what tells its content; where a folder is differs between machines."""
    match source:
        case FromIndex(sha256=digest):
            return digest or ""
        case FromRepository(commit=commit, subdirectory=within):
            return f"{commit} {within}"
        case FromArchive(digest=digest, subdirectory=within):
            return f"{digest} {within}"
        case FromFolder(editable=editable):
            return "editable" if editable else "folder"
    return ""
