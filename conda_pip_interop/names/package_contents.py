"""The Python distributions that a conda package contains, by its list of files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from conda_pip_interop.environment.metadata import (
    Metadata,
    build_metadata,
    parse_metadata_name,
    parse_requires_txt,
    read_headers,
)
from conda_pip_interop.environment.site_packages.record import read_text
from conda_pip_interop.values import dataclass, regex

#: Metadata directly in a site-packages folder, in a package (noarch or not) or in a prefix.
#: Deeper ones are vendored copies.
_METADATA: Final = regex(
    r"(?:[^/]+/){0,2}site-packages/([^/]+?)(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class ContainedDistribution:
    """A distribution in a conda package; `version` is empty if its metadata path has none."""

    name: NormalizedName
    version: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PackagedDistribution:
    """A distribution in an extracted conda package, with what its metadata requires."""

    name: NormalizedName
    version: str
    metadata: Metadata


def find_distributions(paths: Iterable[str]) -> tuple[ContainedDistribution, ...]:
    """Find the distributions in a list of a package's paths (separated by `/`), sorted."""
    rows = _find_metadata(paths)
    return tuple(sorted({ContainedDistribution(name=one, version=two) for _, one, two in rows}))


def _find_metadata(paths: Iterable[str]) -> Iterator[tuple[str, NormalizedName, str]]:
    """Find the paths of metadata, each with the name and the version in it."""
    for path in paths:
        match = _METADATA.fullmatch(path) if "-info" in path else None
        if match is not None:
            yield path, *parse_metadata_name(match[1])


def has_module(paths: Iterable[str], name: str) -> bool:
    """Whether a module, such as `a.b`, is among a package's paths (separated by `/`)."""
    module = re.compile(
        rf"(?:[^/]+/){{0,2}}site-packages/{re.escape(name.replace('.', '/'))}(?:/|\.[^/]+$)"
    )
    return any(module.match(path) for path in paths)


def read_packaged_distributions(package: Path) -> tuple[PackagedDistribution, ...] | None:
    """Read the distributions of an extracted package; None if its files are not known.

    Metadata that cannot be read requires nothing.
    """
    paths = read_package_paths(package)
    if paths is None:
        return None
    found = {
        name: PackagedDistribution(
            name=name, version=version, metadata=_read_metadata(package / path)
        )
        for path, name, version in _find_metadata(paths)
    }
    return tuple(found[name] for name in sorted(found))


def _read_metadata(path: Path) -> Metadata:
    try:
        with path.open("rb") as file:
            metadata = build_metadata(read_headers(file))
    except OSError:
        return build_metadata({})
    if metadata.requires_dist or path.name != "PKG-INFO":
        return metadata
    requires, extras = parse_requires_txt(read_text(path.with_name("requires.txt")) or "")
    return replace(metadata, requires_dist=requires, provides_extra=extras)


def read_package_paths(package: Path) -> tuple[str, ...] | None:
    """Read the paths of an extracted package: `info/paths.json`, or `info/files` if it is old.

    None if neither can be read.
    """
    try:
        document = json.loads((package / "info" / "paths.json").read_bytes())
        return tuple(str(entry["_path"]) for entry in document["paths"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    try:
        text = (package / "info" / "files").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return tuple(line for line in text.splitlines() if line)
