"""What `conda pip status` reads of an environment, and the results that it keeps.

The results are in the user's cache, never in the environment, which may be somebody else's.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from conda_pip_interop import __version__
from conda_pip_interop.changes.atomic.files import replace_file
from conda_pip_interop.changes.atomic.journal import JOURNAL_FOLDER, read_folder_times
from conda_pip_interop.changes.atomic.rollback import is_undoable, read_journals
from conda_pip_interop.changes.originals import count_originals
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import read_mtime_ns, read_regular
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import TICK_NS, read_fingerprint
from conda_pip_interop.environment.site_packages.shadows import find_user_site
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.registry import find_asked
from conda_pip_interop.protection.markers import (
    MARKER_NAME,
    Absent,
    Foreign,
    MarkerState,
    Ours,
    read_snapshot_marker,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conda_pip_interop.changes.atomic.journal import Journal
    from conda_pip_interop.environment.quick_check import Fingerprint
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

_FORMAT: Final = 1

#: Why an environment could not be read.
Problem: TypeAlias = str


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentFacts:
    """What an environment contains.

    `findings` counts by kind; `changed` is when conda, or a command of ours, last changed it, and
    `reconciled` when we last reconciled it (ISO 8601, UTC). Kept are `operations`, which can be
    undone, and `originals`, records as conda wrote them.
    """

    python: str | None
    protected_by: str | None
    findings: Mapping[str, int]
    pip_distributions: int
    operations: int
    originals: int
    changed: str | None
    reconciled: str | None


def read_facts(target: Target, *, cache: Path) -> EnvironmentFacts | Problem:
    """Return what an environment contains; an error becomes the problem.

    It is read only if it has changed since its facts were last kept in the folder `cache`.
    """
    file = cache / f"{hashlib.sha256(os.fsencode(target.prefix)).hexdigest()[:32]}.json"
    kept = _read_kept(file, target.prefix)
    if kept is not None:
        return kept
    before = read_fingerprint(target.prefix)
    try:
        snapshot = read_snapshot(target.prefix)
        facts = _build_facts(snapshot)
        folders = sorted({path.rpartition("/")[0] for path in snapshot.facts})
        digest, newest = _read_digest(target.prefix, before, folders)
    except (InteropError, OSError) as error:
        return str(error)
    if before.is_reliable and newest < before.read - TICK_NS:
        _keep(file, facts, digest, folders)
    return facts


def _build_facts(snapshot: Snapshot) -> EnvironmentFacts:
    prefix, root = snapshot.prefix, snapshot.prefix.root
    journals = read_journals(root)
    owners = map(snapshot.ownership.owner_of, snapshot.distributions)
    return EnvironmentFacts(
        python=None if prefix.python is None else prefix.python.version,
        protected_by=_find_protector(read_snapshot_marker(snapshot)),
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
    journals = (prefix / JOURNAL_FOLDER).glob("*/journal.jsonl")
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


def _read_digest(prefix: Path, fingerprint: Fingerprint, folders: Sequence[str]) -> tuple[str, int]:
    """Return a digest of all that the facts depend on, and its latest change in ns.

    The time of a folder changes with the names in it, so a file that is removed counts; one that is
    edited in place does not.
    """
    places = ("lib/python*", "lib/pypy*", "Lib")
    markers = sorted(path for one in places for path in prefix.glob(f"{one}/{MARKER_NAME}"))
    times = [*map(read_mtime_ns, markers), *(read_mtime_ns(f"{prefix}/{one}") for one in folders)]
    user_site = find_user_site(read_prefix(prefix), os.environ)  # what is there hides others
    times += [*read_folder_times(prefix), read_mtime_ns(user_site) if user_site else 0]
    text = "\n".join(map(str, (__version__, fingerprint.digest, user_site, *times)))
    newest = max(fingerprint.newest, *times)
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest(), newest


def _read_kept(file: Path, prefix: Path) -> EnvironmentFacts | None:
    """Read the kept facts of an environment; None if it has changed or there are none."""
    try:
        document = json.loads(read_regular(file))
        if document["format"] != _FORMAT:
            return None
        digest, _ = _read_digest(prefix, read_fingerprint(prefix), document["folders"])
        return _parse_facts(document["facts"]) if document["digest"] == digest else None
    except (InteropError, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _parse_facts(raw: Mapping[str, Any]) -> EnvironmentFacts:
    facts = EnvironmentFacts(**raw)
    for one in (facts.pip_distributions, facts.operations, *facts.findings.values()):
        if type(one) is not int:
            raise TypeError(one)
    return facts


def _keep(file: Path, facts: EnvironmentFacts, digest: str, folders: Sequence[str]) -> None:
    """Keep the facts for the next time, if the cache can be written."""
    document = {
        "format": _FORMAT,
        "digest": digest,
        "facts": dataclasses.asdict(facts),
        "folders": folders,
    }
    with contextlib.suppress(OSError, UnicodeEncodeError):
        file.parent.mkdir(parents=True, exist_ok=True)
        replace_file(file, json.dumps(document).encode(), mode=0o600)
