"""Clones and renamed environments: copy what conda leaves behind.

That is pip's distributions in the place of conda's packages, and what we remember. The journals
stay behind: they are of the old place.
"""

from __future__ import annotations

import atexit
import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from conda_pip_interop.changes.atomic.files import remove_file
from conda_pip_interop.changes.copying import CARRIED, CopiedPart, carry, remove_carried
from conda_pip_interop.changes.exclusive_files import exclusive_files, read_compiled
from conda_pip_interop.changes.execute import execute
from conda_pip_interop.changes.origins import copy_origins, read_origins
from conda_pip_interop.changes.plan import Plan, build_title, merge_plans
from conda_pip_interop.changes.requests import copy_requests
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.conda_adapter.boundary import guarded
from conda_pip_interop.conda_adapter.console import notify, verbose
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.hooks.notices import HookLinker
from conda_pip_interop.conda_adapter.session import CloneSource, CopiedOverride, current_session
from conda_pip_interop.environment.conda_meta.records import read_conda_records
from conda_pip_interop.environment.origin import build_install_words
from conda_pip_interop.environment.site_packages.distributions import Distribution
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.environment.target import Target
from conda_pip_interop.errors import InteropError
from conda_pip_interop.findings.kinds.overridden import OverriddenFinding
from conda_pip_interop.findings.reconciliation import plan_records
from conda_pip_interop.findings.registry import find_all
from conda_pip_interop.protection.user_site import exclude_user_site

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from conda_pip_interop.changes.plan import Automatic
    from conda_pip_interop.environment.snapshot import Snapshot


def remember_clone_source(source: Path, *, is_moved: bool) -> None:
    """Before: remember what conda does not copy, and let it copy pip's files of a renamed one."""
    remove_carried(source)  # of a killed process: conda would copy it
    records, _ = read_conda_records(source)
    overrides: tuple[CopiedOverride, ...] = ()
    if any(one.overridden_by for one in records):
        overrides = tuple(_find_overrides(read_snapshot(source)))
    current_session().cloned = CloneSource(
        target=build_target(source),
        is_moved=is_moved,
        overrides=overrides,
        origins=read_origins(source),
        state=read_state(source),
    )
    if is_moved and overrides:
        atexit.register(guarded, remove_carried, source)
        carry(source, (path for one in overrides for path in one.files))


def _find_overrides(snapshot: Snapshot) -> Iterator[CopiedOverride]:
    replaced = tuple(one for one in snapshot.records if one.overridden_by)
    names = {name for one in replaced for name in one.overridden_by}
    for one in snapshot.distributions:
        recorded = snapshot.ownership.override_of(one)
        if recorded is not None:
            files = exclusive_files(one, snapshot, records=replaced, names=names)
            yield CopiedOverride(record=recorded.record, by=one, files=tuple(files))


def complete_clone(copy: Path) -> None:
    """After: copy what conda did not; report what could not be copied, and how to install it."""
    source, current_session().cloned = current_session().cloned, None
    if source is None or not (copy / "conda-meta").is_dir():
        return
    target = build_target(copy)
    copy_origins(copy, source.origins)
    copy_requests(copy, source.state)
    if source.state.no_user_site:
        exclude_user_site(target)
    _remove_compiled(copy)
    copied = tuple(one for one in source.overrides if one.by.files)
    try:
        _copy(copied, source, target)
    except (InteropError, OSError) as error:
        verbose(f"conda-pip-interop: pip's packages were not copied to {target.label} ({error})")
        copied = ()
    finally:
        remove_carried(copy)
    _report(copied, source, target)


def _remove_compiled(copy: Path) -> None:
    """Remove what was compiled of code that names the source.

    conda rewrites the code, and gives it the time that it had: if both paths are of one length,
    Python does not see that it has changed. Editable installs have such code.
    """
    editable = (one for one in read_snapshot(copy).distributions if one.editable is not None)
    for file in (file for one in editable for file in one.files or ()):
        if file.path.endswith(".py"):
            for compiled in read_compiled(file.path, copy):
                with contextlib.suppress(InteropError, OSError):  # what leads out of the copy
                    remove_file(copy, compiled)


def _copy(overrides: Collection[CopiedOverride], source: CloneSource, target: Target) -> None:
    """Put pip's files in the place of conda's, and tell the records so.

    In a renamed environment that belongs to conda's command, and is not undone without it: nothing
    else has them. Raises InteropError or OSError where it cannot be done; then nothing was changed.
    """
    if not overrides:
        return
    names = frozenset(one.by.name for one in overrides)
    snapshot = read_snapshot(target.prefix)
    part = CopiedPart(
        files=tuple(path for one in overrides for path in one.files),
        source=target.prefix / CARRIED if source.is_moved else source.target.prefix,
        into=snapshot.prefix,
        moved_from=None if source.is_moved else source.target.prefix,
    )
    plan = Plan(
        title=f"{build_title('copy', sorted(names))} from {source.target.label}",
        fingerprint=snapshot.fingerprint,
        pip=part,
        overwrite=names,
        automatic="after" if source.is_moved else "",
    )
    execute(plan, target, HookLinker(target=target))
    snapshot = read_snapshot(target.prefix)
    found = [
        one
        for one in find_all(snapshot)
        if isinstance(one, OverriddenFinding) and one.distribution.name in names
    ]
    plans = (settled for settled, _ in plan_records(found, snapshot))
    records = merge_plans("reconcile", plans, fingerprint=snapshot.fingerprint)
    if records.steps:
        automatic: Automatic = "after" if source.is_moved else "ours"
        execute(replace(records, automatic=automatic), target, HookLinker(target=target))


def _report(copied: Iterable[CopiedOverride], source: CloneSource, target: Target) -> None:
    done = {one.by.name for one in copied}
    for override in source.overrides:
        one, record = override.by, override.record
        if one.name in done:
            notify(
                f"conda-pip-interop: {target.label} has pip's {one.name} {one.version} of "
                f"{source.target.label} in place of conda's {record.name} {record.version}.",
                "  To go back to conda's version: "
                + target.command("conda", "pip", "restore", record.name),
            )
            continue
        moved = _relocate(one, source.target.prefix, target.prefix)
        command = target.command(
            *("conda", "pip", "install", f"--break-other-managers={one.name}"),
            *build_install_words(moved),
        )
        notify(
            f"conda-pip-interop: {target.label} has conda's {record.name} "
            f"{record.version}; {source.target.label} has pip's {one.name} {one.version}.",
            f"  To install pip's there too: {command}",
        )


def _relocate(one: Distribution, source: Path, copy: Path) -> Distribution:
    """Return a distribution with its source in the copy, if that is within the environment.

    conda copies such a folder (`src/NAME` of pip's), and a renamed environment has no other.
    """
    if not one.editable or not Path(one.editable).is_relative_to(source):
        return one
    return replace(one, editable=str(copy / Path(one.editable).relative_to(source)))
