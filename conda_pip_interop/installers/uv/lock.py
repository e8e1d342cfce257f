"""What uv answers: a lock of one environment (PEP 751), and metadata where it has put it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.dependency_files.projects.document import load_toml
from conda_pip_interop.environment.metadata import read_headers
from conda_pip_interop.errors import InteropError
from conda_pip_interop.grammar import is_line, is_name, is_word
from conda_pip_interop.installers.interface import Line, build_direct_line, is_wheel
from conda_pip_interop.installers.pip.report import ReportItem
from conda_pip_interop.values import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """A package of uv's answer (PEP 751). `url` is without password; `origin` as PEP 610 has it."""

    name: NormalizedName
    version: str
    url: str
    direct: bool
    origin: Mapping[str, Any] = field(hash=False)

    @property
    def wheel(self) -> bool:
        """Whether it need not be built."""
        return "vcs_info" not in self.origin and is_wheel(self.url)

    @property
    def key(self) -> str:
        """What tells it from all others."""
        return f"{self.name} {self.version} {self.origin}"

    def line(self, asked: Line | None) -> Line:
        """What gets just this; `asked` is the line that has named it, with its hashes."""
        hashes = asked.hashes if asked else ()
        if not self.direct:
            return Line(text=f"{self.name}=={self.version}", hashes=hashes, in_file=True)
        if asked is not None:
            return asked
        return build_direct_line(self.name, self.url, self.origin)

    def describe(self, headers: Mapping[str, tuple[str, ...]]) -> ReportItem:
        """The item of a report, by the headers of its metadata."""
        return ReportItem(
            name=self.name,
            version=next(filter(is_word, headers["version"])),
            requires_dist=tuple(filter(is_line, headers.get("requires-dist", ()))),
            provides_extra=tuple(filter(is_name, headers.get("provides-extra", ()))),
            requested=False,
            requested_extras=(),
            is_direct=self.direct,
            url=self.url,
            origin=self.origin,
        )


def parse_answer(text: str) -> list[Package]:
    """Read a pylock.toml as uv writes it for one environment."""
    return [_parse_package(one) for one in load_toml(text, "uv's answer").get("packages", ())]


def _parse_package(package: Mapping[str, Any]) -> Package:
    """Raises InteropError `uv-answer`."""
    try:
        origin, direct = _read_origin(package)
        version = _check_version(package)
        return Package(
            name=canonicalize_name(package["name"]),
            version=version,
            url=origin["url"],
            direct=direct,
            origin=origin,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InteropError("uv-answer", f"uv's answer cannot be read ({error!r}).") from error


def _check_version(package: Mapping[str, Any]) -> str:
    """Return the version, `""` if a source tree has none; raises ValueError for no word."""
    version = str(package.get("version", ""))
    if not (is_name(package["name"]) and (is_word(version) or not version)):
        raise ValueError(package["name"], version)
    return version


def _read_origin(package: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """Where it comes from (PEP 610), and whether that was named, and not found on an index."""
    match package:
        case {"wheels": [one, *_]}:
            return _build_origin(one, archive_info=_read_hashes(one)), False
        case {"vcs": one}:
            vcs = {"vcs": one["type"], "commit_id": one["commit-id"]}
            if "requested-revision" in one:
                vcs["requested_revision"] = one["requested-revision"]
            return _build_origin(one, vcs_info=vcs), True
        case {"directory": one}:
            return _build_origin(one, dir_info={}), True
        case {"archive": one}:
            return _build_origin(one, archive_info=_read_hashes(one)), True
    one = package["sdist"]
    return _build_origin(one, archive_info=_read_hashes(one)), False


def _build_origin(location: Mapping[str, Any], **info: Mapping[str, Any]) -> dict[str, Any]:
    url = location["url"] if "url" in location else Path(location["path"]).resolve().as_uri()
    parts = urlsplit(url)
    found = {"url": parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl(), **info}
    if "subdirectory" in location:
        found["subdirectory"] = location["subdirectory"]
    return found


def _read_hashes(location: Mapping[str, Any]) -> Mapping[str, Any]:
    hashes = dict(location.get("hashes", {}))
    first = next((f"{name}={value}" for name, value in hashes.items()), None)
    return {} if first is None else {"hash": first, "hashes": hashes}


def read_metadata(folder: Path) -> dict[NormalizedName, Mapping[str, tuple[str, ...]]]:
    """The headers of the metadata of everything in a folder that uv has installed to, by name."""
    found = {}
    for info in folder.glob("*.dist-info"):
        with (info / "METADATA").open("rb") as file:
            headers = read_headers(file)
        found[canonicalize_name(headers["name"][0])] = headers
    return found
