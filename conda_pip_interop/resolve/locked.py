"""Plan what makes an environment what a lock says: no solver and no resolver has a part in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.plan import (
    InstallPip,
    LinkConda,
    Plan,
    RemoveFile,
    RemovePip,
    UnlinkConda,
)
from conda_pip_interop.environment.conda_meta.conda_python import build_python
from conda_pip_interop.environment.origin import find_channel
from conda_pip_interop.exports.sources import (
    FromArchive,
    FromFolder,
    FromIndex,
    FromRepository,
    build_direct_url,
)
from conda_pip_interop.findings.kinds.clobbered import relink_contested
from conda_pip_interop.installers.interface import Line, Pin, build_direct_line
from conda_pip_interop.locks.compare import compare
from conda_pip_interop.resolve.parts import ResolvedPart
from conda_pip_interop.resolve.uninstall import find_removals, refuse_obstacles
from conda_pip_interop.text import strip_channel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conda_pip_interop.changes.plan import PackageStep
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.exports.contents import Contents
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.locks.compare import Difference
    from conda_pip_interop.locks.lock import Lock, LockedDistribution, LockedPackage
    from conda_pip_interop.locks.offline import LocalWheel, OfflineFolder
    from conda_pip_interop.resolve.solver import Conda

    OpenInstaller = Callable[[Snapshot], Installer]

#: As much of a commit as git shows.
_SHORT: Final = 7


def plan_lock(
    lock: Lock,
    contents: Contents,
    *,
    target: Target,
    conda: Conda,
    open_installer: OpenInstaller,
    offline: OfflineFolder | None = None,
) -> Plan:
    """Plan what an environment lacks of a lock, and without what it has beside it.

    `offline` has the files. Raises InteropError as `find_obstacle` does, for what cannot be
    removed, and as `refuse_incomplete` does.
    """
    snapshot = contents.snapshot
    difference = compare(lock, contents)
    steps = tuple(_build_steps(lock, difference, contents))
    if difference.is_empty:
        return Plan(title=f"sync {lock.origin}", notes=lock.notes, fingerprint=snapshot.fingerprint)
    if offline is not None:
        offline.refuse_incomplete(difference.link, difference.install, lock.origin)
    files = tuple(_remove_files(difference, contents, target))
    linked = difference.link or difference.unlink
    wheels = {} if offline is None else offline.find_wheels(difference.install)
    coming = with_python(snapshot, difference.link)
    pip = (
        ResolvedPart(
            pins=tuple(
                _build_pin(one, wheels.get(one.name), offline) for one in difference.install
            ),
            installer=open_installer(coming),
            snapshot=coming,
            needs_conda=any(one.name == "python" for one in difference.link),
        )
        if difference.install
        else None
    )
    return Plan(
        title=f"sync {lock.origin}",
        steps=(*steps, *files),
        notes=lock.notes,
        fingerprint=snapshot.fingerprint,
        conda=conda.prepare_exact(
            difference.link,
            tuple(one.record.name for one in difference.unlink),
            offline=offline,
        )
        if linked
        else None,
        pip=pip,
        overwrite=frozenset(one.name for one in difference.install if one.in_place_of),
        requests={one.name: one.requested for one in lock.pip if one.requested},
    )


def with_python(snapshot: Snapshot, linked: Iterable[LockedPackage]) -> Snapshot:
    """Return the snapshot with the Python that the environment will have, if it is another one.

    It has no pip: what comes after conda's part cannot rely on the pip from before.
    """
    for one in linked:
        if one.name == "python":
            python = build_python(one.version, one.build, snapshot.prefix.platform)
            others = tuple(found for found in snapshot.distributions if found.name != "pip")
            prefix = replace(snapshot.prefix, python=python)
            return replace(snapshot, prefix=prefix, distributions=others)
    return snapshot


def _build_steps(lock: Lock, difference: Difference, contents: Contents) -> Iterator[PackageStep]:
    reason = f"in {lock.origin}"
    before = {one.record.name: one.record.version for one in contents.conda}
    for package in sorted(difference.link, key=lambda one: one.name):
        yield LinkConda(
            name=package.name,
            version=package.version,
            previous=before.get(package.name),
            reason=reason,
            channel=_find_channel(package),
        )
    for gone in difference.unlink:
        yield UnlinkConda(
            name=gone.record.name, version=gone.record.version, reason=f"not in {lock.origin}"
        )
    installed = {one.key: one.version for one in contents.pip}
    for one in sorted(difference.install, key=lambda one: one.name):
        replaced = f"; in place of conda's {one.in_place_of}" if one.in_place_of else ""
        yield InstallPip(
            name=one.name,
            version=one.version or _describe(one),
            previous=installed.get(one.name),
            reason=f"{reason}{replaced}",
        )
    for left in difference.remove:
        yield RemovePip(name=left.key, version=left.version, reason=f"not in {lock.origin}")


def _find_channel(package: LockedPackage) -> str:
    return find_channel(strip_channel(package.url).rpartition("/")[0].rpartition("/")[0])


def _describe(one: LockedDistribution) -> str:
    """Describe what has no version before its build: by its commit, or as what it is."""
    match one.source:
        case FromRepository(commit=commit):
            return commit[:_SHORT]
        case FromFolder(editable=True):
            return "editable"
        case FromFolder():
            return "folder"
    return "archive"


def build_pin(one: LockedDistribution) -> Pin:
    """Build what installs exactly the file, the commit or the folder of a lock."""
    origin = build_direct_url(one.source)
    file = None
    match one.source:
        case FromIndex(url=str(url), sha256=str(sha256)):
            line = Line(text=f"{one.name} @ {url}", hashes=(f"sha256:{sha256}",), in_file=True)
            file = {"url": url, "archive_info": {"hashes": {"sha256": sha256}}}
        case FromFolder() as source:
            within = f"/{source.subdirectory}" if source.subdirectory else ""
            line = Line(text=f"{source.path}{within}", editable=source.editable)
        case FromArchive() as source:
            line = build_direct_line(one.name, source.url, origin or {})
            line = replace(line, hashes=(f"{source.algorithm}:{source.digest}",))
        case FromRepository() as source:
            line = build_direct_line(one.name, source.url, origin or {})
        case _:
            raise AssertionError(one)
    requested = one.name if one.requested is None else one.requested
    return Pin(
        name=one.name,
        version=one.version,
        line=line,
        origin=origin,
        requested=bool(requested),
        file=file,
        request=requested,
    )


def _build_pin(
    one: LockedDistribution, wheel: LocalWheel | None, offline: OfflineFolder | None
) -> Pin:
    """Build the pin of a distribution; one with the wheel in a folder keeps its source."""
    pin = build_pin(one)
    if offline is None or wheel is None:
        return pin
    line = Line(
        text=f"{one.name} @ {(offline.wheels / wheel.file).as_uri()}",
        hashes=(f"sha256:{wheel.sha256}",),
        in_file=True,
    )
    return replace(pin, line=line)


def _remove_files(
    difference: Difference, contents: Contents, target: Target
) -> Iterator[LinkConda | RemoveFile]:
    """Remove the files of what goes; what is in place of a changed package goes with that.

    Raises what `find_obstacle` finds.
    """
    snapshot = contents.snapshot
    changed = {one.name for one in difference.link}
    changed |= {one.record.name for one in difference.unlink}
    going = contents.pip if difference.moves_python else difference.remove
    names = {one.key for one in going if one.in_place_of not in changed}
    distributions = tuple(one for one in snapshot.distributions if one.name in names)
    refuse_obstacles(distributions, snapshot, target)
    again = relink_contested(distributions, snapshot)
    yield from (one for one in again if one.name not in changed)
    yield from find_removals(distributions, snapshot)[0]
