"""A conda package: its files and its record, written as a ``.conda`` archive.

The format is CEP 26 names, the ``info/`` files of conda-build's documentation, and the ``.conda``
container (a zip of two zstd tars).
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conda_package_streaming.create import conda_builder

from tests.world.cache import file_digest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# What stands for the prefix in text files; conda writes the real one over it when it links.
# As long as conda-build's, so that nothing accidental matches.
PLACEHOLDER = "/world/" + "_placehold" * 24
TIMESTAMP = 1_700_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file of a package, by its path in the prefix (``/`` between the parts)."""

    path: str
    content: bytes
    executable: bool = False
    mtime: int = TIMESTAMP

    @property
    def has_placeholder(self) -> bool:
        """Whether conda has to write the prefix into it."""
        return PLACEHOLDER.encode() in self.content


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One symbolic link of a package; `target` is relative to the link's folder."""

    path: str
    target: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """Everything that goes into one archive. `subdir` ``noarch`` means ``noarch: python``."""

    name: str
    version: str
    build: str
    subdir: str
    depends: tuple[str, ...]
    files: Sequence[File | Link]
    entry_points: tuple[str, ...] = ()
    summary: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The archive's file name without its extension."""
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def noarch(self) -> bool:
        """Whether conda links it into the site-packages of whatever Python there is."""
        return self.subdir == "noarch"


def build_index(package: Package) -> dict[str, Any]:
    """Return ``info/index.json``: what the solver sees."""
    index: dict[str, Any] = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": 0,
        "depends": list(package.depends),
        "subdir": package.subdir,
        "timestamp": TIMESTAMP * 1000,
        "license": "MIT",
        **package.extra,
    }
    if package.noarch:
        index |= {"arch": None, "platform": None, "noarch": "python"}
    else:
        platform, _, arch = package.subdir.partition("-")
        index |= {"arch": {"64": "x86_64"}.get(arch, arch), "platform": platform}
    return index


def build_paths(package: Package) -> dict[str, Any]:
    """Return ``info/paths.json``: every path with its hash, size and kind."""
    contents = {file.path: file.content for file in package.files if isinstance(file, File)}
    rows = []
    for file in sorted(package.files, key=lambda item: item.path):
        row: dict[str, Any] = {"_path": file.path}
        if isinstance(file, Link):
            # A link's hash is that of the file it leads to.
            folder = file.path.rpartition("/")[0]
            content = contents.get(f"{folder}/{file.target}", b"")
            row["path_type"] = "softlink"
        else:
            content = file.content
            row["path_type"] = "hardlink"
            if file.has_placeholder:
                row |= {"file_mode": "text", "prefix_placeholder": PLACEHOLDER}
        row |= {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_in_bytes": len(content),
        }
        rows.append(row)
    return {"paths": rows, "paths_version": 1}


def build_info(package: Package) -> list[File]:
    """Return the files of ``info/``."""
    paths = build_paths(package)
    info: dict[str, object] = {
        "index.json": build_index(package),
        "paths.json": paths,
        "about.json": {"summary": package.summary, "license": "MIT"},
    }
    if package.noarch:
        link = {"type": "python", "entry_points": list(package.entry_points)}
        info["link.json"] = {"noarch": link, "package_metadata_version": 1}
    texts = {name: json.dumps(value, indent=1) for name, value in info.items()}
    texts["files"] = "".join(f"{row['_path']}\n" for row in paths["paths"])
    prefixed = [row["_path"] for row in paths["paths"] if "file_mode" in row]
    if prefixed:
        texts["has_prefix"] = "".join(f'"{PLACEHOLDER}" "text" "{path}"\n' for path in prefixed)
    return [File(path=f"info/{name}", content=text.encode()) for name, text in texts.items()]


def _tar_member(file: File | Link) -> tuple[tarfile.TarInfo, io.BytesIO | None]:
    member = tarfile.TarInfo(file.path)
    if isinstance(file, Link):
        member.type, member.linkname = tarfile.SYMTYPE, file.target
        member.mtime = TIMESTAMP
        return member, None
    member.size, member.mtime = len(file.content), file.mtime
    member.mode = 0o755 if file.executable else 0o644
    return member, io.BytesIO(file.content)


def write_package(package: Package, folder: Path) -> dict[str, Any]:
    """Write ``STEM.conda`` into `folder` and return its repodata record.

    Level 1 of zstd: higher ones take minutes for what is read once from the same disk.
    """
    with conda_builder(package.stem, folder, compression_level=1) as archive:
        for file in (*build_info(package), *sorted(package.files, key=lambda item: item.path)):
            archive.addfile(*_tar_member(file))
    written = folder / f"{package.stem}.conda"
    return build_index(package) | {
        "md5": file_digest(written, "md5"),
        "sha256": file_digest(written),
        "size": written.stat().st_size,
    }
