"""Extracted packages and conda's history, made of what `tests.support.builders` has linked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.builders import PrefixBuilder


def link(built: PrefixBuilder, cache: Path, name: str, version: str, *, data: bool = False) -> None:
    """Link a package that is extracted in `cache`; with `data`, a file that no RECORD lists."""
    for old in (built.root / "conda-meta").glob(f"{name}-[0-9]*.json"):
        old.unlink()
    folder = cache / f"{name}-{version}-0"
    built.conda_package(name, version, extracted_package_dir=str(folder))
    record = built.root / f"conda-meta/{folder.name}.json"
    if data:
        text = f"{name} {version}\n"
        listed = json.loads(record.read_text())["files"]
        path = f"share/{name}/data.txt"
        built.write(path, text)
        built.conda_record(name, version, (*listed, path), extracted_package_dir=str(folder))
    extract(json.loads(record.read_text()), folder)


def extract(raw: dict[str, Any], folder: Path) -> None:
    """The folder of the package that a record was made of."""
    info = folder / "info"
    info.mkdir(parents=True, exist_ok=True)
    known = {key: value for key, value in raw.items() if key not in ("files", "paths_data")}
    (info / "repodata_record.json").write_text(json.dumps(known))
    (info / "paths.json").write_text(json.dumps(raw["paths_data"]))


def write_history(built: PrefixBuilder, *comments: str) -> None:
    """What conda adds after a transaction: the difference to what it has written down before."""
    now = {
        f"main/{raw['subdir']}::{raw['name']}-{raw['version']}-{raw['build']}"
        for raw in map(json.loads, _read_records(built.root))
    }
    history = built.root / "conda-meta" / "history"
    before = _read_state(history.read_text())
    lines = ["==> 2026-11-24 05:54:21 <==", "# cmd: conda"]
    lines += [f"-{text}" for text in sorted(before - now)]
    lines += [f"+{text}" for text in sorted(now - before)]
    history.write_text("\n".join([history.read_text().rstrip(), *lines, *comments, ""]))


def _read_state(text: str) -> set[str]:
    """conda's own reading (`History.construct_states`): a section without differences is all."""
    state: set[str] = set()
    for section in text.split("==>")[1:]:
        lines = [line for line in section.splitlines()[1:] if line and not line.startswith("#")]
        if not lines:
            state = set()
        state -= {line[1:] for line in lines if line[0] == "-"}
        state |= {line[1:] for line in lines if line[0] == "+"}
    return state


def _read_records(root: Path) -> list[str]:
    return [path.read_text() for path in sorted((root / "conda-meta").glob("*.json"))]
