"""What we know of pip's distributions that they do not say: `conda-meta/pip-interop/origins.json`.

These are PEP 710's facts, the URL and the hash of the file that was installed, and the request. An
entry is recognized by the hash of the RECORD that was installed with it, so one that no longer
matches is ignored: what has changed a distribution since need not know of this file. Some entries
of earlier installations are kept, so that they count again after an undo.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.atomic.files import write_file
from conda_pip_interop.changes.atomic.journal import (
    ORIGINS_FILE,
    is_trusted,
    read_own_text,
    refuse_foreign_state,
)
from conda_pip_interop.changes.plan import WriteFile
from conda_pip_interop.environment.paths import read_regular, to_disk
from conda_pip_interop.environment.site_packages.provenance import FILE_URL, SHA256, Provenance
from conda_pip_interop.environment.site_packages.record import (
    describe_file,
    parse_record,
    render_record,
)
from conda_pip_interop.grammar import is_version
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from pathlib import Path

    from conda_pip_interop.changes.plan import Staged
    from conda_pip_interop.environment.site_packages.distributions import Distribution

FORMAT: Final = 1

#: How many entries of one name are kept, and how many in all.
_KEPT_OF_A_NAME: Final = 5
_KEPT: Final = 5000

_WORD: Final = regex(r"[!-~]+")
#: The options of pip that say where distributions come from, and whether they take a value.
INDEX_OPTIONS: Final[Mapping[str, bool]] = {
    "--index-url": True,
    "--extra-index-url": True,
    "--no-index": False,
    "--find-links": True,
    "--trusted-host": True,
    "--pre": False,
    "--no-binary": True,
    "--only-binary": True,
}


def read_provenance(
    prefix: Path, distributions: Iterable[Distribution]
) -> Mapping[NormalizedName, Provenance]:
    """Return what is known of those of `distributions` that are as they were installed."""
    entries = read_origins(prefix)
    known = {(one.name, one.version, one.record_sha256): one for one in entries}
    if not known:
        return {}
    keys = ((one.name, one.version, hash_record(prefix, one)) for one in distributions)
    return {key[0]: known[key] for key in keys if key in known}


def read_origins(prefix: Path) -> tuple[Provenance, ...]:
    """Return all entries, also those that no longer count; none if the file is not trusted."""
    return parse_origins(read_own_text(prefix / ORIGINS_FILE))[0] if is_trusted(prefix) else ()


def hash_record(root: Path, distribution: Distribution) -> str:
    """Return the SHA-256 (hex) of a distribution's RECORD below `root`; empty if unreadable."""
    try:
        content = read_regular(to_disk(root, distribution.metadata) / "RECORD")
    except OSError:
        return ""
    return hashlib.sha256(content).hexdigest()


def plan_origins(prefix: Path, installed: Iterable[Provenance]) -> tuple[WriteFile, ...]:
    """The action that adds what was just installed; none if a newer version wrote the file."""
    entries, newer = parse_origins(read_own_text(prefix / ORIGINS_FILE))
    added = tuple(installed)
    if newer or not added:
        return ()
    keys = {_key(one) for one in added}
    entries = (*(one for one in entries if _key(one) not in keys), *added)
    content = render_origins(entries).encode()
    return (WriteFile(path=ORIGINS_FILE, content=content, reason="where pip's files came from"),)


def copy_origins(prefix: Path, entries: Iterable[Provenance]) -> None:
    """Write the entries of an environment into its copy, which conda makes without them.

    Raises InteropError `untrusted-state`.
    """
    refuse_foreign_state(prefix)
    for action in plan_origins(prefix, entries):
        write_file(prefix, action.path, action.content)


def _key(one: Provenance) -> tuple[str, str, str]:
    return (one.name, one.version, one.record_sha256)


def parse_origins(text: str) -> tuple[tuple[Provenance, ...], bool]:
    """Parse the file, oldest entries first, and whether a newer version wrote it.

    Whoever can write to the environment can write it, and its texts become lines of files: an entry
    with a text that is not what it should be is ignored.
    """
    try:
        document = json.loads(text)
        if document["format"] != FORMAT:
            return (), document["format"] > FORMAT
        found = tuple(_parse_entry(one) for one in document["distributions"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return (), False
    return tuple(one for one in found if one is not None), False


def _parse_entry(entry: Any) -> Provenance | None:
    try:
        found = Provenance(**{**entry, "options": tuple(entry["options"])})
        texts = [found.name, found.version, found.record_sha256, found.requested, found.constraint]
        if found.requested:
            texts.append(str(Requirement(found.requested)))
        SpecifierSet(found.constraint)
        valid = (
            canonicalize_name(found.name) == found.name
            and is_version(found.version)
            and SHA256.fullmatch(found.record_sha256)
            and (found.url is None or FILE_URL.fullmatch(found.url))
            and (found.sha256 is None or SHA256.fullmatch(found.sha256))
            and all(one.isprintable() for one in texts)
            and all(map(_is_option, found.options))
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None  # InvalidRequirement and InvalidSpecifier are ValueErrors
    return found if valid else None


def _is_option(line: str) -> bool:
    name, _, value = line.partition(" ")
    if name not in INDEX_OPTIONS:
        return False
    return _WORD.fullmatch(value) is not None if INDEX_OPTIONS[name] else not value


def render_origins(entries: Iterable[Provenance]) -> str:
    """Render entries, oldest first; of each name the last ones."""
    ordered = sorted(entries, key=lambda one: one.name)  # stable: the older one first
    groups = (list(group)[-_KEPT_OF_A_NAME:] for _, group in groupby(ordered, lambda one: one.name))
    kept = [one for group in groups for one in group][-_KEPT:]
    document = {"format": FORMAT, "distributions": [asdict(one) for one in kept]}
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


#: What a direct_url.json says of an archive when it says nothing (PEP 610).
_UNTOLD: Final[Mapping[str, object]] = {"archive_info": {}}


def note_origins(
    staged: Staged,
    *,
    requested: Collection[NormalizedName],
    direct_urls: Mapping[NormalizedName, Mapping[str, object]],
) -> None:
    """Write into metadata what pip was not told: what is requested (PEP 376), the URL (PEP 610).

    pip takes every wheel that it is given for one asked for, and for one of an index; uv, too, and
    leaves out the hashes of an archive.
    """
    for one in staged.distributions:
        folder = to_disk(staged.folder, one.metadata)
        notes: dict[str, bytes | None] = {}
        if one.name not in requested:
            notes["REQUESTED"] = None
        if one.name in direct_urls and (one.direct_url or _UNTOLD).get("archive_info") == {}:
            notes["direct_url.json"] = json.dumps(direct_urls[one.name], sort_keys=True).encode()
        if notes:
            _write_notes(folder, notes)


def _write_notes(folder: Path, notes: Mapping[str, bytes | None]) -> None:
    """Write (or remove) files of a `.dist-info` folder, and its RECORD accordingly."""
    record = folder / "RECORD"
    rows = parse_record(record.read_text(encoding="utf-8")).rows
    paths = {f"{folder.name}/{name}" for name in notes}
    kept = [row for row in rows if row.path not in paths]
    for name, content in notes.items():
        if content is None:
            (folder / name).unlink(missing_ok=True)
            continue
        (folder / name).write_bytes(content)
        kept.append(describe_file(f"{folder.name}/{name}", content))
    record.write_text(render_record(kept), encoding="utf-8")
