"""What `conda pip status` reads of an environment, and the results that it keeps.

The results are in the user's cache, never in the environment, which may be somebody else's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import platform
from collections import Counter
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from conda_pip_interop import __version__
from conda_pip_interop.changes.atomic.files import replace_file
from conda_pip_interop.changes.atomic.journal import list_journal_folders, read_folder_times
from conda_pip_interop.environment.paths import read_regular
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import TICK_NS, read_fingerprint, read_stamps
from conda_pip_interop.environment.site_packages.shadows import find_user_site, is_plain
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.markers import (
    MARKER_NAME,
    Absent,
    Foreign,
    MarkerState,
    Ours,
    read_snapshot_marker,
)
from conda_pip_interop.protection.protect import is_requested
from conda_pip_interop.values import dataclass, regex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.quick_check import Fingerprint
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

_FORMAT: Final = 3

#: The metadata folders of which `read_fingerprint` reads the files.
_IN_FINGERPRINT: Final = regex(
    r"(?:lib/(?:python|pypy)[^/]*|Lib)/site-packages/[^/]+\.(?:dist|egg)-info"
)
#: Why an environment could not be read.
Problem: TypeAlias = str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFacts:
    """What an environment contains.

    `protection_requested`: `conda pip protect` protected it, whatever the policy requires.
    `findings` counts by kind; `changed` is when conda, or a command of ours, last changed it, and
    `reconciled` when we last reconciled it (ISO 8601, UTC). Kept are `operations`, which can be
    undone, and `originals`, records as conda wrote them.
    """

    python: str | None
    protected_by: str | None
    protection_requested: bool
    findings: Mapping[str, int]
    pip_distributions: int
    operations: int
    originals: int
    changed: str | None
    reconciled: str | None


def find_cache(host: Host) -> Path | None:
    """Find the folder of kept facts; None where nothing is kept."""
    folder = host.cache_folder
    return None if folder is None else folder / "status"


def read_facts(target: Target, *, cache: Path | None) -> EnvironmentFacts | Problem:
    """Return what an environment contains; an error becomes the problem.

    It is read only if it has changed since its facts were last kept in the folder `cache`.
    """
    kept = _read_kept(target.prefix, cache)
    if kept is not None:
        return kept
    from conda_pip_interop.environment.snapshot import read_snapshot  # slow, and seldom needed

    before = read_fingerprint(target.prefix)
    try:
        snapshot = read_snapshot(target.prefix)
        facts = _build_facts(snapshot)
        _keep_if_reliable(target, facts, snapshot, before, cache)
    except (InteropError, OSError) as error:
        return str(error)
    return facts


def is_known_clean(target: Target, *, cache: Path | None) -> bool:
    """Return whether an environment had no findings, and none can have come since."""
    kept = _read_kept(target.prefix, cache)
    return kept is not None and not kept.findings


def read_and_keep(target: Target, *, cache: Path | None) -> Snapshot:
    """Read an environment; keep its facts if that can be done. Raises what `read_snapshot` does."""
    from conda_pip_interop.environment.snapshot import read_snapshot  # as above

    if cache is None:
        return read_snapshot(target.prefix)
    before = read_fingerprint(target.prefix)
    snapshot = read_snapshot(target.prefix)
    with contextlib.suppress(InteropError, OSError):
        if before.is_reliable:
            _keep_if_reliable(target, _build_facts(snapshot), snapshot, before, cache)
    return snapshot


def _keep_if_reliable(
    target: Target,
    facts: EnvironmentFacts,
    snapshot: Snapshot,
    before: Fingerprint,
    cache: Path | None,
) -> None:
    """Keep facts if a later change will show, and if the cache can be written.

    `before` was read before the snapshot. None are kept of a virtual environment, which depends on
    the one below it, nor where `.pth` files put other folders first.
    """
    if cache is None or not before.is_reliable or not is_plain(snapshot.prefix, os.environ):
        return
    folders, files = _list_evidence(snapshot)
    digest, newest = _read_digest(target.prefix, before, folders, files)
    if newest >= before.read - TICK_NS:
        return
    document = {
        "format": _FORMAT,
        "digest": digest,
        "facts": dataclasses.asdict(facts),
        "folders": folders,
        "files": files,
    }
    file = _name_file(target.prefix, cache)
    with contextlib.suppress(OSError, UnicodeEncodeError):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(document).encode(), mode=0o600)


def _name_file(prefix: Path, cache: Path) -> Path:
    return cache / f"{hashlib.sha256(os.fsencode(prefix)).hexdigest()[:32]}.json"


def _list_evidence(snapshot: Snapshot) -> tuple[list[str], list[str]]:
    """List the folders whose names the findings depend on, and the files whose content they do.

    Those are the files that were hashed, with what conda's package has of them, links, what pip has
    put in the place of conda's, and the sources of editable installs. Nothing else is read, except
    for metadata folders, which are part of the fingerprint.
    """
    from conda_pip_interop.changes.originals import read_original  # as above
    from conda_pip_interop.environment.conda_meta.records import as_packaged

    root = snapshot.prefix.root
    folders = set(snapshot.folders)
    known = set(filter(_IN_FINGERPRINT.fullmatch, folders))
    files = {
        path
        for path, fact in snapshot.facts.items()
        if (fact.sha256 is not None or fact.kind in {"symlink", "dangling"})
        and path.rpartition("/")[0] not in known
    }
    packaged = {
        f"{claim.record.extracted_package_dir}/{one}"
        for path in files
        for claim in snapshot.claims.of(path)
        if claim.record.extracted_package_dir is not None
        for one in {path, as_packaged(path)}
    }
    for record in snapshot.records:
        if record.overridden_by:
            files |= {file.path for file in (*record.files, *read_original(record, root).files)}
    sources = {one.editable for one in snapshot.distributions if one.editable}
    return sorted(folders - known), sorted(
        {*(f"{root}/{one}" for one in files), *packaged, *sources}
    )


def _build_facts(snapshot: Snapshot) -> EnvironmentFacts:
    from conda_pip_interop.changes.atomic.rollback import is_undoable, read_journals  # as above
    from conda_pip_interop.changes.originals import count_originals
    from conda_pip_interop.environment.ownership import ByPip
    from conda_pip_interop.findings.registry import find_asked

    prefix, root = snapshot.prefix, snapshot.prefix.root
    journals, marker = read_journals(root), read_snapshot_marker(snapshot)
    owners = map(snapshot.ownership.owner_of, snapshot.distributions)
    return EnvironmentFacts(
        python=None if prefix.python is None else prefix.python.version,
        protected_by=_find_protector(marker),
        protection_requested=isinstance(marker, Ours) and is_requested(marker),
        findings=dict(sorted(Counter(one.kind for one in find_asked(snapshot)).items())),
        pip_distributions=sum(isinstance(one, ByPip) for one in owners),
        operations=sum(is_undoable(one, root) for one in journals),
        originals=count_originals(root),
        changed=_find_last_change(root),
        reconciled=_find_last_reconcile(journals),
    )


def _find_protector(marker: MarkerState) -> str | None:
    match marker:
        case Absent():
            return None
        case Ours():
            return "conda-pip-interop"
        case Foreign(owner=owner):
            return owner or "another program"


def _find_last_change(prefix: Path) -> str | None:
    """Return when conda's history or one of our journals was last written."""
    journals = (folder / "journal.jsonl" for folder in list_journal_folders(prefix))
    times = []
    for file in (prefix / "conda-meta" / "history", *journals):
        with contextlib.suppress(OSError):
            times.append(file.stat().st_mtime)
    if not times:
        return None
    return datetime.fromtimestamp(max(times), timezone.utc).isoformat(timespec="minutes")


def _find_last_reconcile(journals: Iterable[Journal]) -> str | None:
    times = []
    for one in journals:
        with contextlib.suppress(ValueError):  # the environment may be somebody else's
            times += [datetime.fromisoformat(one.started)] if one.automatic else []
    if not times:
        return None
    return max(times, key=datetime.timestamp).isoformat(timespec="seconds")


def _read_digest(
    prefix: Path, fingerprint: Fingerprint, folders: Sequence[str], files: Sequence[str]
) -> tuple[str, int]:
    """Return a digest of all that the facts depend on, and its latest change in ns.

    A folder changes with the names in it, so a file that is removed counts. One that is edited in
    place counts if it is among `files`: of the others only the names were read.
    """
    places = ("lib/python*", "lib/pypy*", "Lib")
    markers = sorted(str(path) for one in places for path in prefix.glob(f"{one}/{MARKER_NAME}"))
    user_site = find_user_site(read_prefix(prefix), os.environ)  # what is there hides others
    stated = [*markers, *(f"{prefix}/{one}" for one in folders), *files]
    lines, newest = read_stamps([*stated, *([str(user_site)] if user_site else [])])
    times = read_folder_times(prefix)
    system = (platform.release(), platform.version())  # which markers of requirements may name
    text = "\n".join(map(str, (__version__, fingerprint.digest, *system, *times, *lines)))
    newest = max(fingerprint.newest, newest, *times)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest(), newest


def _read_kept(prefix: Path, cache: Path | None) -> EnvironmentFacts | None:
    """Read the kept facts of an environment; None if it has changed or there are none."""
    if cache is None:
        return None
    try:
        document = json.loads(read_regular(_name_file(prefix, cache)))
        if document["format"] != _FORMAT:
            return None
        stated = (document["folders"], document["files"])
        digest, _ = _read_digest(prefix, read_fingerprint(prefix), *stated)
        return _parse_facts(document["facts"]) if document["digest"] == digest else None
    except (InteropError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _parse_facts(raw: Mapping[str, Any]) -> EnvironmentFacts:
    facts = EnvironmentFacts(**raw)
    for one in (facts.pip_distributions, facts.operations, *facts.findings.values()):
        if type(one) is not int:
            raise TypeError(one)
    return facts
