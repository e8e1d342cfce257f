"""The record that conda would write for an extracted package, with the paths in a prefix."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from conda_pip_interop.environment.conda_meta.records import CondaRecord, parse_conda_record
from conda_pip_interop.environment.paths import PrefixPath
from conda_pip_interop.environment.prefix import Prefix


def read_packaged_record(folder: Path, prefix: Prefix) -> CondaRecord | None:
    """Return the record that conda would write for the package in `folder`; None if unreadable.

    Compiled files are omitted: which of them exist depends on what was imported.
    """
    info = folder / "info"
    try:
        known = json.loads((info / "repodata_record.json").read_bytes())
        entries = json.loads((info / "paths.json").read_bytes())["paths"]
        files = [_build_entry(entry, folder, prefix) for entry in entries]
        files += [{"_path": path, "path_type": "hardlink"} for path in _find_scripts(info, prefix)]
        raw = {
            **known,
            "extracted_package_dir": str(folder),
            "files": [entry["_path"] for entry in files],
            "link": {"source": str(folder), "type": 1},
            "paths_data": {"paths": files, "paths_version": 1},
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    # a wheel's folder is named after the wheel
    stem = "-".join(str(known.get(key)) for key in ("name", "version", "build"))
    record = parse_conda_record(json.dumps(raw), path=PrefixPath(f"conda-meta/{stem}.json"))
    return record if isinstance(record, CondaRecord) else None


def _build_entry(entry: Mapping[str, Any], folder: Path, prefix: Prefix) -> dict[str, Any]:
    """Build the ``PathDataV1`` entry of one file, by its path in the prefix."""
    path = _as_linked(entry["_path"], prefix)
    built = {**entry, "_path": path, "sha256_in_prefix": entry.get("sha256")}
    placeholder = entry.get("prefix_placeholder")
    if placeholder:
        source = folder / entry["_path"]
        known = entry.get("file_mode") == "text" and os.path.lexists(prefix.root / path)
        built["sha256_in_prefix"] = _hash_for(source, placeholder, prefix.root) if known else None
    return built


def _hash_for(source: Path, placeholder: str, root: Path) -> str:
    """Return the hash of a text file after conda replaced the prefix placeholder."""
    content = source.read_bytes().replace(placeholder.encode(), str(root).encode())
    return hashlib.sha256(content).hexdigest()


def _as_linked(path: str, prefix: Prefix) -> str:
    """Return where conda links a path; for ``noarch: python`` it depends on Python (CEP 17)."""
    if prefix.python is not None:
        places = {
            "site-packages": prefix.python.site_packages,
            "python-scripts": prefix.python.scripts,
        }
        first, _, rest = path.partition("/")
        if first in places and rest:
            return f"{places[first]}/{rest}"
    return path


def _find_scripts(info: Path, prefix: Prefix) -> Iterator[str]:
    """Return the scripts that conda writes for the entry points of a ``noarch: python`` package."""
    if prefix.python is None or prefix.platform == "windows":
        return
    try:
        link = json.loads((info / "link.json").read_bytes())
    except FileNotFoundError:
        return
    for entry in link["noarch"].get("entry_points") or ():
        yield f"{prefix.python.scripts}/{entry.partition('=')[0].strip()}"
