"""Commands of conda's that left no journal: what they did, by conda's history."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final, Protocol

from conda_pip_interop.changes.atomic.journal import (
    ORIGINALS_FOLDER,
    CondaChange,
    Journal,
    read_own_text,
)
from conda_pip_interop.changes.atomic.rollback import (
    KEPT_OPERATIONS,
    read_conda_change,
    read_journals,
)
from conda_pip_interop.environment.conda_meta.conda_python import build_python, name_series
from conda_pip_interop.environment.conda_meta.history import (
    HISTORY_FILE,
    cut_history,
    list_changes,
    parse_linked,
    parse_package,
    parse_requested_specs,
    parse_revisions,
)
from conda_pip_interop.environment.conda_meta.packaged_record import read_packaged_record
from conda_pip_interop.environment.conda_meta.records import read_conda_records
from conda_pip_interop.environment.paths import PrefixPath, read_regular
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from conda_pip_interop.environment.conda_meta.history import Linked, Revision
    from conda_pip_interop.environment.prefix import Prefix

#: The identifier of the command that made revision 3 is `revision-3`.
IDENTIFIER: Final = "revision-"


class PackageCache(Protocol):
    """Where conda's packages are."""

    def fetch(self, linked: Linked) -> Path | None:
        """Return the folder of a package in the cache; None if no channel has it any more."""
        ...


def read_exact_history(prefix: Path) -> str:
    """Read conda's history such that it can be written back; empty if there is none."""
    try:
        return read_regular(prefix / HISTORY_FILE).decode("utf-8", errors="surrogateescape")
    except OSError:
        return ""


def list_commands(prefix: Path, journals: Iterable[Journal]) -> Iterator[Journal]:
    """List the last commands of conda's that none of the journals is about, oldest first.

    Each is a journal with `conda`, whose `unlinked` has conda's names of the packages in place of
    their records (see `complete_commands`). The command that made the environment is none of them,
    nor is one that only linked packages again.
    """
    text = read_exact_history(prefix)
    changes = (read_conda_change(prefix, one) for one in journals)
    known = {len(parse_revisions(one.history)) for one in changes if one is not None}
    for one in [*list_changes(parse_revisions(text))][-KEPT_OPERATIONS:]:
        if one.number and one.number not in known and not _is_ours(one):
            yield _build_command(one, cut_history(text, one.number))


def _is_ours(revision: Revision) -> bool:
    """Return whether a command of ours made it: with its journal, what pip did is forgotten."""
    return revision.command.split()[1:2] == ["pip"]


def _build_command(revision: Revision, before: str) -> Journal:
    added, removed = map(_find_records, (revision.added, revision.removed))
    return Journal(
        identifier=f"{IDENTIFIER}{revision.number}",
        title=hide_password(revision.command or "conda"),
        started=_convert(revision.when),
        steps=(),
        closed=True,
        revisions=revision.number + 1,
        conda=CondaChange(linked=tuple(added), unlinked=removed, history=before, history_sha256=""),
    )


def _find_records(packages: Iterable[str]) -> dict[str, str]:
    found = filter(None, map(parse_package, packages))
    return {f"{one.stem}.json": one.text for one in found}


def _convert(when: str) -> str:
    """Convert the local time of a history to ISO 8601, UTC; unchanged if it is none."""
    try:
        return datetime.fromisoformat(when).astimezone(timezone.utc).isoformat(timespec="seconds")
    except ValueError:
        return when


def complete_commands(
    prefix: Path, operation: Sequence[Journal], cache: PackageCache
) -> tuple[Journal, ...]:
    """Add the records that come back where an operation is a command of conda's.

    Raises InteropError `not-available` for a package that is nowhere any more, and `not-kept`.
    """
    kept = dict(_find_kept(prefix, operation))
    return tuple(
        one if one.conda is None else replace(one, conda=_complete(prefix, one.conda, cache, kept))
        for one in operation
    )


def _find_kept(prefix: Path, operation: Iterable[Journal]) -> Iterator[tuple[str, str]]:
    """Find the records that were kept before conda removed them: pip's files were in place."""
    for journal in operation:
        stash = prefix / journal.stash
        for step in journal.steps:
            if journal.automatic == "aside" and step.path.startswith("conda-meta/"):
                yield step.path.rpartition("/")[2], read_own_text(stash / str(step.number))


def _refuse_replaced(prefix: Path, name: str, number: int) -> None:
    """Raise InteropError `not-kept` where pip's files were in the place of a removed package.

    conda has removed them, as its record listed them, and a conda without transaction actions
    (< 25.5) lets nobody keep them.
    """
    record = PrefixPath(f"conda-meta/{name}")
    original = f"{ORIGINALS_FOLDER}/{name}"
    written = [
        one
        for one in read_journals(prefix)
        if (one.revisions or 0) <= number and any(step.path == record for step in one.steps)
    ]
    if written and (written[-1].automatic or original in {one.path for one in written[-1].steps}):
        raise InteropError(
            "not-kept",
            f"Nothing was undone: pip's files were in the place of {name.removesuffix('.json')} "
            "when conda removed it, and are not kept.",
        )


def _complete(
    prefix: Path, change: CondaChange, cache: PackageCache, kept: Mapping[str, str]
) -> CondaChange:
    number = len(parse_revisions(change.history))
    for name in change.unlinked.keys() - kept:
        _refuse_replaced(prefix, name, number)
    packages = [one for text in change.unlinked.values() if (one := parse_package(text))]
    folders = {one: _fetch(one, cache) for one in packages}
    info = read_prefix(prefix)
    coming = next((one for one in packages if one.name == "python"), None)
    requested = parse_requested_specs(change.history)
    again: dict[Linked, Path] = {}
    if coming is not None:
        info = _change_python(info, coming, folders[coming])
        again = _find_noarch(prefix, change, coming, cache)
    texts = {
        f"{one.stem}.json": _render(one, folder, info, requested)
        for one, folder in (folders | again).items()
    }
    linked = (*change.linked, *(f"{one.stem}.json" for one in again))
    there = {name: text for name, text in kept.items() if name in texts}
    return replace(change, linked=linked, unlinked=texts | there)


def _fetch(package: Linked, cache: PackageCache) -> Path:
    folder = cache.fetch(package)
    if folder is None:
        raise InteropError(
            "not-available",
            f"Nothing was undone: {package.name} {package.version} ({package.text}) is neither in "
            "the package cache nor in its channel any more.",
        )
    return folder


def _change_python(info: Prefix, python: Linked, folder: Path) -> Prefix:
    """Return the layout with the Python that comes back."""
    known = json.loads(read_regular(folder / "info" / "repodata_record.json"))
    site_packages = known.get("python_site_packages_path")
    built = build_python(python.version, python.build, info.platform, site_packages=site_packages)
    return replace(info, python=built)


def _find_noarch(
    prefix: Path, change: CondaChange, python: Linked, cache: PackageCache
) -> dict[Linked, Path]:
    """Find the noarch packages that conda has linked again for another Python.

    The history does not tell: they are the same packages as before.
    """
    records, _ = read_conda_records(prefix)
    there = next((one for one in records if one.name == "python"), None)
    series = name_series(python.version, python.build)
    if there is None or name_series(there.version, there.build) == series:
        return {}
    before = {one.stem: one for one in parse_linked(change.history).values()}
    noarch = (one for one in records if one.raw.get("noarch") == "python")
    stems = {one.path.rpartition("/")[2].removesuffix(".json") for one in noarch}
    return {before[one]: _fetch(before[one], cache) for one in sorted(stems & before.keys())}


def _render(package: Linked, folder: Path, info: Prefix, requested: Mapping[str, str]) -> str:
    record = read_packaged_record(folder, info)
    if record is None:
        raise InteropError(
            "not-available",
            f"Nothing was undone: {package.text} cannot be read in the package cache.",
        )
    spec = requested.get(package.name)
    asked = {} if spec is None else {"requested_spec": spec}
    return json.dumps({**record.raw, **asked})
