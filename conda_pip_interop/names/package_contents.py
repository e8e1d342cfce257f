"""The Python distributions that a conda package contains, by its list of files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from conda_pip_interop.environment.metadata import parse_metadata_name

#: Metadata directly in a site-packages folder, in a package (noarch or not) or in a prefix.
#: Deeper ones are vendored copies.
_METADATA: Final = re.compile(
    r"(?:[^/]+/){0,2}site-packages/([^/]+?)(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class ContainedDistribution:
    """A distribution in a conda package; `version` is empty if its metadata path has none."""

    name: NormalizedName
    version: str


def find_distributions(paths: Iterable[str]) -> tuple[ContainedDistribution, ...]:
    """Find the distributions in a list of a package's paths (separated by `/`), sorted."""
    found = set()
    for path in paths:
        match = _METADATA.fullmatch(path) if "-info" in path else None
        if match is not None:
            name, version = parse_metadata_name(match[1])
            found.add(ContainedDistribution(name=name, version=version))
    return tuple(sorted(found))


def read_package_paths(package: Path) -> tuple[str, ...] | None:
    """Read the paths of an extracted package: `info/paths.json`, or `info/files` if it is old.

    None if neither can be read.
    """
    try:
        document = json.loads((package / "info" / "paths.json").read_bytes())
        return tuple(str(entry["_path"]) for entry in document["paths"])
    except FileNotFoundError:
        pass
    except (OSError, ValueError, KeyError, TypeError):
        return None
    try:
        text = (package / "info" / "files").read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return tuple(line for line in text.splitlines() if line)
