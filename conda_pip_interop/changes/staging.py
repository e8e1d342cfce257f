"""Staging: pip's part in a folder of its own before any file of the environment changes."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from conda_pip_interop.changes.exclusive_files import exclusive_files
from conda_pip_interop.changes.origins import plan_origins
from conda_pip_interop.changes.override import read_override, settle_override
from conda_pip_interop.changes.plan import PlaceFile, RemoveFile, Staged, WriteFile
from conda_pip_interop.environment.conda_meta.records import claimed_metadata
from conda_pip_interop.environment.ownership import ByConda, ByPip
from conda_pip_interop.environment.paths import PrefixPath, parse_prefix_path, read_regular, to_disk
from conda_pip_interop.environment.shared_files import is_shareable
from conda_pip_interop.environment.site_packages.distributions import read_distributions
from conda_pip_interop.environment.site_packages.record import (
    InstalledFile,
    describe_file,
    parse_record,
    render_record,
)
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.text import count

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.atomic.transaction import Operation
    from conda_pip_interop.changes.plan import FileAction, Plan
    from conda_pip_interop.environment.claims import Claim
    from conda_pip_interop.environment.conda_meta.records import CondaRecord
    from conda_pip_interop.environment.prefix import Prefix
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot


def find_overlaps(
    one: Distribution, snapshot: Snapshot, *, leaving: Collection[str] = ()
) -> Iterator[tuple[InstalledFile, Claim]]:
    """Find the files of a distribution that are conda's, each with the claim of its record.

    A record that a distribution of this name is known to be in the place of lists pip's files, not
    conda's; one of `leaving` will be gone.
    """
    for file in one.files or ():
        for claim in snapshot.claims.of(file.path):
            if one.name not in claim.record.overridden_by and claim.record.name not in leaving:
                yield file, claim


def check_overlap(
    one: Distribution,
    staged: Staged,
    snapshot: Snapshot,
    *,
    leaving: Collection[str] = (),
    target: Target | None = None,
) -> frozenset[PrefixPath]:
    """Find the files of a staged distribution that conda has and both can share.

    Raises InteropError `would-overwrite` if other files are conda's, or are to be in a folder that
    is a file of conda's.
    """
    folder, shared = staged.folder, set()
    hits = [
        (claim.file.path, claim.record)
        for _, claim in snapshot.claims.find_above(one.files or ())
        if one.name not in claim.record.overridden_by and claim.record.name not in leaving
    ]
    for file, claim in find_overlaps(one, snapshot, leaving=leaving):
        if is_shareable(file, claim, root=snapshot.prefix.root, pips=_read(folder / file.path)):
            shared.add(file.path)
        else:
            hits.append((file.path, claim.record))
    if hits:
        source = staged.sources.get(one.name, (f"{one.name}=={one.version}",))
        raise _overlaps(one, hits, snapshot, source, target or Target.at(snapshot.prefix.root))
    return frozenset(shared)


def _read(file: Path) -> bytes | None:
    try:
        return read_regular(file)
    except OSError:
        return None


def settle_overlaps(
    names: Collection[NormalizedName], snapshot: Snapshot
) -> tuple[FileAction, ...]:
    """The actions that tell the records of differently named packages what pip has put over them.

    `names` are distributions that were allowed to: each becomes an override of such a record, as
    it would be of one that carries it. That one `reconcile` finds by itself.
    """
    actions: list[FileAction] = []
    taken: set[PrefixPath] = set()
    for one in snapshot.distributions:
        if one.name not in names or not isinstance(snapshot.ownership.owner_of(one), ByPip):
            continue
        carrying = {carrier.record.path for carrier in snapshot.claims.by_name.get(one.name, ())}
        records = {
            claim.record.path: claim.record
            for file, claim in find_overlaps(one, snapshot)
            if not is_shareable(file, claim, root=snapshot.prefix.root)
        }
        for path, record in records.items():
            if path not in carrying:
                override = read_override(record, (one,), snapshot, taken=taken)
                taken |= override.payload
                actions += settle_override(override, snapshot)
    return tuple(actions)


def _overlaps(
    staged: Distribution,
    hits: Sequence[tuple[PrefixPath, CondaRecord]],
    snapshot: Snapshot,
    source: Sequence[str],
    target: Target,
) -> InteropError:
    owners = sorted({record.name for _, record in hits})
    carried = {
        one.name
        for record in snapshot.records
        if record.name in owners
        for one in claimed_metadata(record)
    }
    what = "another version of it" if staged.name in carried else "something else"
    overwrite = f"--break-other-managers={staged.name}"
    command = target.command("conda", "pip", "install", overwrite, *source)
    return InteropError(
        "would-overwrite",
        f"pip's {staged.name} would overwrite {count(len(hits), 'file')} of conda's "
        f"{', '.join(owners)} ({what}) in {target.label}, {hits[0][0]} for one.",
        hints=(
            f"Use conda's {', '.join(owners)} as it is, or remove it with conda first.",
            "Install into an environment of its own: `conda create -n NEW python pip`.",
            f"To overwrite it: `{command}`.",
        ),
    )


def read_staged(folder: Path, prefix: Prefix) -> Staged:
    """Read a folder that pip has installed into with the Python of `prefix`."""
    if prefix.python is None:
        return Staged(folder=folder, distributions=())
    _follow_links(folder, prefix)
    found, _ = read_distributions(replace(prefix, root=folder), prefix.python.site_packages)
    return Staged(folder=folder, distributions=found)


def _follow_links(folder: Path, prefix: Prefix) -> bool:
    """Move what is staged below a link of conda's to where it leads; return whether there was any.

    It would be written into the folder of a package, over its files, under another path.
    """
    moved = False
    for link, _ in prefix.links:
        for path in [*_walk(folder / link, folder)]:
            target = to_disk(folder, prefix.follow(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            to_disk(folder, path).replace(target)
            moved = True
    return moved


def choose_files(plan: Plan, prefix: Path) -> tuple[FileAction, ...]:
    """Return a plan's file actions after conda's part: not the removal of what is conda's now."""
    if not any(isinstance(one, RemoveFile) for one in plan.files):
        return plan.files
    claims = read_snapshot(prefix, depth="names").claims
    return tuple(
        one
        for one in plan.files
        if not isinstance(one, RemoveFile)
        or (os.path.lexists(prefix / one.path) and not claims.of(one.path))
    )


def place_distributions(
    staged: Staged,
    operation: Operation,
    *,
    overwrite: Collection[NormalizedName],
    target: Target | None = None,
) -> None:
    """Place what pip staged, and remember where it came from; see `plan_placing`."""
    prefix = operation.prefix
    names = {one.name for one in staged.distributions}
    snapshot = read_snapshot(prefix, depth="names")
    if any(one.name in names for one in snapshot.distributions):
        snapshot = read_snapshot(prefix)  # which files are replaced, too
    if _follow_links(staged.folder, snapshot.prefix):  # conda has just linked them
        found = read_staged(staged.folder, snapshot.prefix).distributions
        staged = replace(staged, distributions=found)
    operation.apply(plan_placing(staged, snapshot, overwrite=overwrite, target=target))
    if overwrite:
        operation.apply(settle_overlaps(overwrite, read_snapshot(prefix)))
    operation.apply(plan_origins(prefix, staged.origins))


def plan_placing(
    staged: Staged,
    snapshot: Snapshot,
    *,
    overwrite: Collection[NormalizedName] = (),
    leaving: Collection[str] = (),
    target: Target | None = None,
) -> tuple[FileAction, ...]:
    """The actions that put what is staged into the environment, in place of what it replaces.

    `leaving`: packages that conda unlinks before; `target` names the environment in errors.

    Raises InteropError `would-overwrite` if a file is conda's and the name is not in `overwrite`,
    `no-record` if the files of the distribution to be replaced are unknown.
    """
    root = snapshot.prefix.root
    target = target or Target.at(root)
    kept: set[PrefixPath] = set()
    for one in staged.distributions:
        if one.name not in overwrite:
            kept |= check_overlap(one, staged, snapshot, target=target, leaving=leaving)
    kept = {path for path in kept if os.path.lexists(root / path)}
    names = {(one.name, one.site_packages) for one in staged.distributions}
    coming = {(one.name, one.version) for one in staged.distributions}
    replaced = [one for one in snapshot.distributions if (one.name, one.site_packages) in names]
    removals = {
        path: RemoveFile(path=path, reason=f"{one.name} {one.version} is replaced")
        for one in replaced
        for path in _find_replaced(one, snapshot, target, again=(one.name, one.version) in coming)
    }
    placed = [
        PlaceFile(path=path, source=staged.folder / path, reason="pip's")
        for path in _walk(staged.folder, staged.folder)
        if path not in kept
    ]
    for path in (*kept, *(one.path for one in placed)):
        removals.pop(path, None)
    amended = (_amend_record(one, staged, kept, snapshot.prefix) for one in staged.distributions)
    return (*removals.values(), *placed, *(one for one in amended if one is not None))


def _amend_record(
    one: Distribution, staged: Staged, kept: Collection[PrefixPath], prefix: Prefix
) -> WriteFile | None:
    """Write the hashes of the files that stay as they are into RECORD; None if there are none."""
    own = {file.path for file in one.files or ()} & {*kept}
    if not own:
        return None
    path = PrefixPath(f"{one.metadata}/RECORD")
    rows = []
    for row in parse_record((staged.folder / path).read_text(encoding="utf-8")).rows:
        place = parse_prefix_path(row.path, base=one.site_packages)
        place = None if place is None else prefix.follow(place)
        content = _read(prefix.root / place) if place in own else None
        rows.append(row if content is None else describe_file(row.path, content))
    return WriteFile(path=path, content=render_record(rows).encode(), reason="pip's")


def _find_replaced(
    one: Distribution, snapshot: Snapshot, target: Target, *, again: bool
) -> Iterable[PrefixPath]:
    """The files of a distribution that go with it: those that nobody else lists.

    Where nobody knows which they are, and the same version comes `again` with the same files, its
    metadata is enough.
    """
    owner = snapshot.ownership.owner_of(one)
    listed = one
    records = [owner.record] if isinstance(owner, ByConda) else []
    if isinstance(owner, ByConda):
        inside = f"{one.site_packages}/"
        yield from (file.path for file in owner.record.files if file.path.startswith(inside))
        found, _ = read_distributions(snapshot.prefix, one.site_packages)  # a snapshot has no list
        listed = next((other for other in found if other.metadata == one.metadata), one)
    elif one.files is None and again and one.layout == "dist-info":
        yield from _walk(to_disk(snapshot.prefix.root, one.metadata), snapshot.prefix.root)
        return
    elif one.files is None:
        raise InteropError(
            "no-record",
            f"{one.name} {one.version} in {target.label} cannot be replaced: its metadata "
            f"({one.metadata}) does not say which files it has.",
            hints=(f"Move the folder {one.metadata} and the module away by hand.",),
        )
    elif owner.in_place_of is not None:
        records.append(owner.in_place_of)
    yield from exclusive_files(listed, snapshot, records=records)


def _walk(folder: Path, root: Path) -> Iterator[PrefixPath]:
    """List the files in a folder, links included, as paths below `root`."""
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.is_file():
            yield PrefixPath(path.relative_to(root).as_posix())
