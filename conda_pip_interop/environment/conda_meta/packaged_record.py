"""The record that conda would write for an extracted package, with the paths in a prefix."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conda_pip_interop.environment.conda_meta.records import CondaRecord, parse_conda_record
from conda_pip_interop.environment.paths import PrefixPath, read_regular
from conda_pip_interop.environment.prefix import Prefix


def read_packaged_record(folder: Path, prefix: Prefix) -> CondaRecord | None:
    """Return the record that conda would write for the package in `folder`; None if unreadable.

    conda compiles the modules of a ``noarch: python`` package: those that exist are listed.
    """
    info = folder / "info"
    try:
        known = json.loads(read_regular(info / "repodata_record.json"))
        entries = json.loads(read_regular(info / "paths.json"))["paths"]
        files = [_build_entry(entry, folder, prefix) for entry in entries]
        files += [{"_path": path, "path_type": "hardlink"} for path in _find_scripts(info, prefix)]
        if known.get("noarch") == "python":
            compiled = _find_compiled([entry["_path"] for entry in files], prefix)
            files += [{"_path": path, "path_type": "pyc_file"} for path in compiled]
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


def read_stated_hashes(folder: Path) -> Mapping[str, tuple[str, int | None]]:
    """Read the SHA-256 and size of each regular file of an extracted package, if they are stated.

    Those of links are left out: builders hash the link's target or nothing.
    """
    try:
        entries = json.loads(read_regular(folder / "info" / "paths.json"))["paths"]
        return {
            str(entry["_path"]): (str(entry["sha256"]), entry.get("size_in_bytes"))
            for entry in entries
            if entry.get("path_type") == "hardlink" and entry.get("sha256")
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def build_compiled_path(source: str, minor: str) -> PrefixPath:
    """Return where conda compiles a module to; its name for every Python is CPython's."""
    folder, _, name = source.rpartition("/")
    tag = f"cpython-{minor.replace('.', '')}"
    return PrefixPath(f"{folder}/__pycache__/{name.removesuffix('.py')}.{tag}.pyc")


def _find_compiled(paths: Iterable[str], prefix: Prefix) -> Iterator[PrefixPath]:
    """Find the compiled files of modules that conda would list, and that exist."""
    if prefix.python is None:
        return
    inside = f"{prefix.python.site_packages}/"
    for path in paths:
        if path.startswith(inside) and path.endswith(".py"):
            compiled = build_compiled_path(path, prefix.python.minor)
            if os.path.lexists(prefix.root / compiled):
                yield compiled


def _build_entry(entry: Mapping[str, Any], folder: Path, prefix: Prefix) -> dict[str, Any]:
    """Build the ``PathDataV1`` entry of one file, by its path in the prefix."""
    path = _as_linked(entry["_path"], prefix)
    built = {**entry, "_path": path, "sha256_in_prefix": entry.get("sha256")}
    placeholder = entry.get("prefix_placeholder")
    if placeholder:
        source = folder / entry["_path"]
        known = entry.get("file_mode") == "text" and os.path.lexists(prefix.root / path)
        built["sha256_in_prefix"] = _hash_linked(source, entry, prefix.root) if known else None
    return built


def _hash_linked(source: Path, entry: Mapping[str, Any], root: Path) -> str | None:
    """Return the hash of a text file after conda replaced the prefix placeholder.

    None if the file in the package cache is not the package's.
    """
    content = read_regular(source)
    if entry.get("sha256") not in (None, hashlib.sha256(content).hexdigest()):
        return None
    replaced = content.replace(entry["prefix_placeholder"].encode(), str(root).encode())
    return hashlib.sha256(replaced).hexdigest()


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
        link = json.loads(read_regular(info / "link.json"))
    except FileNotFoundError:
        return
    for entry in link["noarch"].get("entry_points") or ():
        yield f"{prefix.python.scripts}/{entry.partition('=')[0].strip()}"
