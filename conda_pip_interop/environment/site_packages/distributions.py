"""Distributions: the installed Python projects of a site-packages folder, with duplicates."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.environment.metadata import (
    Headers,
    Metadata,
    build_metadata,
    parse_metadata_name,
    parse_requires_txt,
    read_header_file,
)
from conda_pip_interop.environment.paths import PrefixPath, path_below, to_disk
from conda_pip_interop.environment.prefix import Prefix
from conda_pip_interop.environment.site_packages.record import (
    NOT_RECORDED,
    InstalledFile,
    RecordRow,
    find_editable,
    locate_rows,
    parse_record,
    read_direct_url,
    read_limited_text,
    read_text,
)
from conda_pip_interop.grammar import is_name, is_word
from conda_pip_interop.values import dataclass

Layout: TypeAlias = Literal["dist-info", "egg-info", "egg-info-file", "egg-link"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Distribution:
    """An installed project as its metadata describes it; see `Ownership` for its owner.

    ``metadata`` is the ``.dist-info``/``.egg-info``/``.egg-link`` path; ``files`` is None if there
    is no readable RECORD, or if it was not read; ``outside`` are RECORD rows outside of the prefix
    or in ``conda-meta``; ``editable`` is the source location, ``""`` if unknown, None if not
    editable; ``size`` are the bytes of ``files`` as RECORD states them.
    """

    name: NormalizedName
    version: str
    metadata: PrefixPath
    layout: Layout
    site_packages: PrefixPath
    installer: str | None
    requested: bool
    direct_url: Mapping[str, object] | None
    editable: str | None
    files: tuple[InstalledFile, ...] | None
    outside: tuple[str, ...]
    problems: tuple[str, ...]
    size: int | None = None

    @property
    def metadata_file(self) -> PrefixPath:
        """The file that makes it a distribution: ``METADATA``, ``PKG-INFO``, or the flat file."""
        name = {"dist-info": "/METADATA", "egg-info": "/PKG-INFO"}.get(self.layout, "")
        return PrefixPath(self.metadata + name)

    @property
    def record_fault(self) -> str | None:
        """What is wrong with an existing RECORD, None if nothing or if it does not exist."""
        if self.outside:
            more = f" and {len(self.outside) - 1} more" if len(self.outside) > 1 else ""
            return f"RECORD lists {self.outside[0]}{more}, outside of the environment"
        if self.files is not None:
            return None
        return next((one for one in self.problems if one.startswith("RECORD")), None)

    @property
    def metadata_fault(self) -> str | None:
        """What is wrong with the headers of METADATA, None if nothing."""
        return next((one for one in self.problems if one.startswith("METADATA")), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """A remnant of pip or conda in site-packages that no tool reads."""

    path: PrefixPath
    reason: Literal["tilde-folder", "tilde-file", "conda-trash", "no-metadata"]


def read_distributions(
    prefix: Prefix,
    site_packages: PrefixPath,
    *,
    unread: Container[PrefixPath] = (),
    headers: Mapping[str, Headers] | None = None,
) -> tuple[tuple[Distribution, ...], tuple[Leftover, ...]]:
    """Read every distribution of one site-packages folder, sorted by metadata path.

    Duplicates of a name are all included. The RECORD of the dist-info folders in ``unread`` is not
    read, since that takes longest. ``headers`` are of METADATA that is read already, by the names
    of the folders, which are then the only ones to be read.
    """
    distributions: list[Distribution] = []
    leftovers: list[Leftover] = []
    for entry in list_entries(prefix, site_packages):
        if headers is not None and entry.name not in headers:
            continue
        path = path_below(site_packages, entry.name)
        is_dir = _is_dir(entry)
        if entry.name.startswith("~"):
            leftovers.append(Leftover(path=path, reason="tilde-folder" if is_dir else "tilde-file"))
            continue
        if ".conda_trash" in entry.name:
            leftovers.append(Leftover(path=path, reason="conda-trash"))
            continue
        layout = _find_layout(entry.name, is_dir=is_dir)
        if layout is None:
            continue
        place = _Place(
            prefix=prefix,
            site_packages=site_packages,
            path=path,
            unread=path in unread,
            headers=headers[entry.name] if headers is not None else None,
        )
        found = _read_one(place, layout)
        if found is not None:
            distributions.append(found)
        elif layout == "dist-info":
            leftovers.append(Leftover(path=path, reason="no-metadata"))
    return tuple(distributions), tuple(leftovers)


def read_requirements(prefix: Prefix, distribution: Distribution) -> Metadata:
    """Read the requirements of a distribution; all empty if its metadata cannot be read.

    An egg-info without requirements in PKG-INFO has them in ``requires.txt``.
    """
    metadata = build_metadata(read_all_headers(prefix, distribution))
    if metadata.requires_dist or distribution.layout in {"dist-info", "egg-info-file"}:
        return metadata
    folder = _find_metadata_folder(prefix, distribution)
    requires, extras = parse_requires_txt(read_text(folder / "requires.txt") or "")
    return replace(metadata, requires_dist=requires, provides_extra=extras)


def read_all_headers(prefix: Prefix, distribution: Distribution) -> Headers:
    """Read the headers of a distribution's metadata, keys in lower case; none if unreadable."""
    folder = _find_metadata_folder(prefix, distribution)
    name = {"dist-info": "METADATA", "egg-info-file": ""}.get(distribution.layout, "PKG-INFO")
    return read_header_file(folder / name if name else folder) or {}


def _find_metadata_folder(prefix: Prefix, distribution: Distribution) -> Path:
    """Return the metadata folder; for an egg-link, the one in the linked source."""
    folder = to_disk(prefix.root, distribution.metadata)
    if distribution.layout == "egg-link":
        source = Path(distribution.editable or "")
        return next(iter(_find_egg_infos(source)), source)
    return folder


def _find_egg_infos(source: Path) -> list[Path]:
    try:
        return sorted(source.glob("*.egg-info"))
    except (OSError, ValueError):  # a name of 300 characters, or with NUL
        return []


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """The location of one distribution's metadata."""

    prefix: Prefix
    site_packages: PrefixPath
    path: PrefixPath
    unread: bool
    headers: Headers | None

    @property
    def disk(self) -> str:
        return f"{self.prefix.root}/{self.path}"

    @property
    def stem(self) -> str:
        return self.path.rpartition("/")[2].rpartition(".")[0]


def list_entries(prefix: Prefix, site_packages: PrefixPath) -> list[os.DirEntry[str]]:
    """List what a site-packages folder contains, by name; nothing if it cannot be read."""
    try:
        with os.scandir(to_disk(prefix.root, site_packages)) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _find_layout(name: str, *, is_dir: bool) -> Layout | None:
    if name.endswith(".dist-info") and is_dir:
        return "dist-info"
    if name.endswith(".egg-info"):
        return "egg-info" if is_dir else "egg-info-file"
    return "egg-link" if name.endswith(".egg-link") and not is_dir else None


def _read_one(place: _Place, layout: Layout) -> Distribution | None:
    match layout:
        case "dist-info":
            return _read_dist_info(place)
        case "egg-info":
            return _read_egg_info(place)
        case "egg-info-file":
            headers = read_header_file(place.disk)
            return None if headers is None else _build(place, layout, headers)
        case "egg-link":
            return _read_egg_link(place)


def _read_dist_info(place: _Place) -> Distribution | None:
    folder = place.disk  # text: a Path for each file takes longer than to look for it
    headers = place.headers or read_header_file(f"{folder}/METADATA")
    if headers is None and not _has_rows(f"{folder}/RECORD"):
        return None
    problems = ["METADATA is missing"] if headers is None else []
    direct_url = read_direct_url(f"{folder}/direct_url.json", problems)
    installed = NOT_RECORDED
    record = None if place.unread else read_limited_text(f"{folder}/RECORD", problems)
    if record is not None:
        parsed = parse_record(record)
        problems += [f"RECORD line {p.line}: {p.reason}" for p in parsed.problems]
        if not parsed.rows:
            problems.insert(0, "RECORD lists no files")
        elif _is_cut_off(place, parsed.rows):
            problems.insert(0, "RECORD is incomplete")
        else:
            installed = locate_rows(place.prefix, place.site_packages, parsed.rows)
    installer = (read_text(f"{folder}/INSTALLER") or "").strip()
    found = _build(place, "dist-info", headers or {})
    return replace(
        found,
        installer=installer or None,
        requested=os.path.lexists(f"{folder}/REQUESTED"),
        direct_url=direct_url,
        editable=find_editable(place.prefix.root, direct_url, installed.files),
        files=installed.files,
        outside=installed.outside,
        problems=found.problems + tuple(problems),
        size=installed.size,
    )


def _is_cut_off(place: _Place, rows: Iterable[RecordRow]) -> bool:
    """Whether a RECORD lists neither METADATA nor itself: following it leaves both behind."""
    folder = place.path.rpartition("/")[2]
    listed = {f"{folder}/METADATA", f"{folder}/RECORD"}
    if any(row.path in listed for row in rows):
        return False
    paths = {PrefixPath(f"{place.path}/{name}".lower()) for name in ("METADATA", "RECORD")}
    located = locate_rows(place.prefix, place.site_packages, rows)
    return not located.outside and not any(one.path.lower() in paths for one in located.files or ())


def _has_rows(record: str) -> bool:
    """Whether a RECORD is not empty: what it lists is a package's, even without METADATA."""
    try:
        return os.stat(record).st_size > 0
    except OSError:
        return False


def _read_egg_info(place: _Place) -> Distribution | None:
    """Read an ``.egg-info`` folder; pip's legacy ``installed-files.txt`` in it is its RECORD."""
    headers = read_header_file(f"{place.disk}/PKG-INFO")
    if headers is None:
        return None
    problems: list[str] = []
    installed = NOT_RECORDED
    listing = read_limited_text(f"{place.disk}/installed-files.txt", problems)
    if listing is not None:
        rows = (
            RecordRow(path=line, hash_name=None, hash_value=None, size=None)
            for line in dict.fromkeys((*listing.splitlines(), "installed-files.txt"))
            if line
        )
        installed = locate_rows(place.prefix, place.path, rows)
    found = _build(place, "egg-info", headers)
    return replace(
        found,
        installer=(read_text(f"{place.disk}/INSTALLER") or "").strip() or None,
        files=installed.files,
        outside=installed.outside,
        problems=found.problems + tuple(problems),
    )


def _read_egg_link(place: _Place) -> Distribution | None:
    """Read ``setup.py develop``'s link: the source folder, then the folder of setup.py in it."""
    lines = (read_text(place.disk) or "").splitlines()
    if not lines or not lines[0].strip():
        return None
    location = lines[0].strip()
    source = Path(location)
    headers: Headers = {}
    for info in _find_egg_infos(source) if source.is_absolute() else ():
        if parse_metadata_name(info.stem)[0] == parse_metadata_name(place.stem)[0]:
            headers = read_header_file(info / "PKG-INFO") or {}
    link = InstalledFile(path=place.path, encoded=None)
    return replace(_build(place, "egg-link", headers), editable=location, files=(link,))


def _build(place: _Place, layout: Layout, headers: Headers) -> Distribution:
    """Build what all layouts share; the folder's name replaces missing headers."""
    stem_name, stem_version = parse_metadata_name(place.stem)
    name = next(iter(headers.get("name", ())), "")
    version = next(iter(headers.get("version", ())), "")
    problems = [] if name and version else ["METADATA has no Name and Version"]
    problems += ["METADATA has an invalid Name"] if name and not is_name(name) else []
    problems += ["METADATA has an invalid Version"] if version and not is_word(version) else []
    return Distribution(
        name=canonicalize_name(name) if is_name(name) else stem_name,
        version=version if is_word(version) else stem_version,
        metadata=place.path,
        layout=layout,
        site_packages=place.site_packages,
        installer=None,
        requested=False,
        direct_url=None,
        editable=None,
        files=None,
        outside=(),
        problems=tuple(problems),
    )
