"""What a conda package really carries: the distributions in its list of files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from packaging.utils import NormalizedName

from conda_pip_interop.environment.metadata import parse_metadata_name

#: Metadata in a site-packages folder, as a package has it (`noarch`) or as it lies in a prefix.
#: What is deeper is vendored and of no account.
_METADATA: Final = re.compile(
    r"(?:[^/]+/){0,2}site-packages/([^/]+?)(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Carried:
    """A distribution in a conda package; `version` is empty where the folder's name has none."""

    name: NormalizedName
    version: str


def find_carried(paths: Iterable[str]) -> tuple[Carried, ...]:
    """The distributions in a list of a package's paths (with `/`), sorted."""
    found = set()
    for path in paths:
        if "-info" not in path:
            continue
        match = _METADATA.fullmatch(path)
        if match is not None:
            name, version = parse_metadata_name(match[1])
            found.add(Carried(name=name, version=version))
    return tuple(sorted(found))


def carries(project: NormalizedName, paths: Iterable[str]) -> bool:
    """Whether a package of these paths carries the project's distribution.

    The one sure answer to "is this the right package"; of a metapackage, which has no files, ask
    with the paths of everything that is installed with it.
    """
    return any(one.name == project for one in find_carried(paths))


def read_package_paths(package: Path) -> tuple[str, ...] | None:
    """The paths that an extracted package lists (`info/paths.json`, of old `info/files`).

    None where it lists nothing that can be read.
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
