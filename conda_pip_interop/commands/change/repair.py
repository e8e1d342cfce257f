"""Repair: pip's distributions that are damaged, or stayed behind with another Python, come back.

Each in its version and from its source (PEP 610), with what it needs from conda first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from conda_pip_interop.changes.exclusive_files import read_payload
from conda_pip_interop.changes.plan import RemoveFile
from conda_pip_interop.commands.install_options import InstallOptions
from conda_pip_interop.dependency_files.locations import Location, parse_location
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.findings.base import FindingKind
from conda_pip_interop.findings.registry import find_findings
from conda_pip_interop.resolve.assignment import Preferences
from conda_pip_interop.resolve.request import DirectRequirement, NamedRequirement, Request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conda_pip_interop.environment.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.pip_report import ReportItem
    from conda_pip_interop.resolve.planner import InstallPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class RepairTarget:
    """A distribution of pip's that is to come back; `reason` is what is wrong with it."""

    distribution: Distribution
    reason: str


def find_broken(
    names: Sequence[str], *, snapshot: Snapshot, target: Target
) -> tuple[RepairTarget, ...]:
    """What is damaged or stranded: of `names`, or all of it.

    Raises InteropError `not-broken` for a name that needs no repair, telling what it is.
    """
    found: dict[NormalizedName, RepairTarget] = {}
    by_metadata = {one.metadata: one for one in (*snapshot.distributions, *snapshot.stranded)}
    here = {one.name for one in snapshot.distributions}
    for finding in find_findings(snapshot):
        if finding.metadata is None:
            continue
        one = by_metadata.get(finding.metadata)
        if one is None:
            continue
        if finding.kind is FindingKind.DAMAGED:
            found[one.name] = RepairTarget(
                distribution=one, reason="files of it are gone or changed"
            )
        elif finding.kind is FindingKind.STRANDED and one.name not in here:
            reason = f"it stayed behind in {one.site_packages}"
            found.setdefault(one.name, RepairTarget(distribution=one, reason=reason))
    if not names:
        return tuple(found[name] for name in sorted(found))
    wanted = [canonicalize_name(one) for one in names]
    for name in wanted:
        if name not in found:
            raise _not_broken(name, snapshot, target)
    return tuple(found[name] for name in dict.fromkeys(wanted))


def _not_broken(name: NormalizedName, snapshot: Snapshot, target: Target) -> InteropError:
    installed = {one.name: one for one in snapshot.distributions}
    one = installed.get(name)
    if one is None:
        return UsageError(
            "not-broken",
            f"{name} is not installed in {target.label}.",
            hints=(f"To install it: `{target.command('conda', 'pip', 'install', name)}`.",),
        )
    owner = snapshot.ownership.owner_of(one)
    if isinstance(owner, ByConda) or owner.in_place_of is not None:
        record = owner.record if isinstance(owner, ByConda) else owner.in_place_of
        restore = target.command("conda", "pip", "restore", str(record))
        return UsageError(
            "not-broken",
            f"{name} {one.version} in {target.label} is not broken; its package is conda's.",
            hints=(f"To bring conda's files back: `{restore}`.",),
        )
    anew = target.command("conda", "pip", "install", "--force-reinstall", name)
    return UsageError(
        "not-broken",
        f"{name} {one.version} in {target.label} has all of its files.",
        hints=(f"To install it anew: `{anew}`.",),
    )


def build_repair(broken: Sequence[RepairTarget]) -> tuple[Request, Preferences]:
    """The request that brings `broken` back, and whose they are: pip's, as before."""
    requirements: list[NamedRequirement] = []
    places: list[DirectRequirement] = []
    for one in broken:
        source = _find_source(one.distribution)
        if source is not None:
            places.append(source)
            continue
        pin = Requirement(f"{one.distribution.name}=={one.distribution.version}")
        requirements.append(
            NamedRequirement(requirement=pin, origin="what is installed", in_file=True)
        )
    request = Request(
        requirements=tuple(requirements),
        places=tuple(places),
        locked=True,  # some have hashes, some cannot
        options=InstallOptions(force_reinstall=True),
    )
    reasons = {one.distribution.name: one.reason for one in broken}
    names = frozenset(one.name for one in requirements)
    return request, Preferences(from_pypi=names, reasons=reasons)


def _find_source(distribution: Distribution) -> DirectRequirement | None:
    """Where a distribution came from (PEP 610), if that is no index and still to be had."""
    origin: Mapping[str, Any] = distribution.direct_url or {}
    url = origin.get("url")
    if not isinstance(url, str):
        return None
    archive = origin.get("archive_info") or {}
    vcs = origin.get("vcs_info")
    local = _find_local(url)
    if local is not None and not local.exists():
        return None
    within = origin.get("subdirectory")
    text, editable = url, bool((origin.get("dir_info") or {}).get("editable"))
    if vcs is not None:
        text = f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    elif local is not None:
        text = str(local)
    if within and local is None:
        text += f"#subdirectory={within}"
    place = parse_location(text, folder=Path.cwd(), editable=editable)
    if not isinstance(place, Location):
        return None
    named = replace(place, name=distribution.name)
    hashes = archive.get("hashes") or {}
    sha256 = hashes.get("sha256") if isinstance(hashes, dict) else None
    return DirectRequirement(
        place=named,
        origin="what is installed",
        hashes=(f"sha256:{sha256}",) if isinstance(sha256, str) else (),
        in_file=True,
    )


def _find_local(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(url2pathname(unquote(parts.path))) if parts.scheme == "file" else None


def keep_notes(plan: InstallPlan, broken: Sequence[RepairTarget]) -> InstallPlan:
    """Who was asked for (PEP 376, REQUESTED), and whence it came (PEP 610), stays as it was."""
    before = {one.distribution.name: one.distribution for one in broken}
    items = tuple(_keep_notes(one, before.get(one.name)) for one in plan.items)
    return replace(plan, items=items)


def _keep_notes(item: ReportItem, before: Distribution | None) -> ReportItem:
    if before is None:
        return item
    origin = before.direct_url if item.is_direct and before.direct_url else item.origin
    return replace(item, requested=before.requested, origin=origin)


def explain_absence(
    error: InteropError, broken: Sequence[RepairTarget], target: Target
) -> InteropError | None:
    """What to say where pip cannot find a version that is to come back; None for other failures.

    No other version is taken by itself: the commands that would are named.
    """
    pinned = [one.distribution for one in broken if _find_source(one.distribution) is None]
    absent = [one for one in pinned if f"requirement {one.name}=={one.version}" in error.message]
    if error.code != "pip-failed" or not absent:
        return None
    one = absent[0]
    url = (one.direct_url or {}).get("url")
    others = [each.distribution.name for each in broken if each.distribution is not one]
    take_another = target.command("conda", "pip", "install", f"{one.name}!={one.version}")
    hints = [f"To take another version of it: `{take_another}`."]
    if url is not None:
        hints.append(f"To have it as it was: put back what it was installed from, {url}.")
    if others:
        hints.append(f"The others alone: `{target.command('conda', 'pip', 'repair', *others)}`.")
    return InteropError(
        "not-available",
        f"Nothing was changed: {one.name} {one.version} of {target.label} is not to be had from "
        "the index any more, and no other version is taken in its place.",
        hints=tuple(hints),
    )


def plan_tidying(snapshot: Snapshot) -> tuple[RemoveFile, ...]:
    """What is left of other Pythons' site-packages, once all of it has come over; else nothing.

    Only what the RECORDs there list, and no record or distribution of this Python.
    """
    here = {one.name for one in snapshot.distributions}
    if not snapshot.stranded or any(one.name not in here for one in snapshot.stranded):
        return ()
    ownership = snapshot.ownership
    names = {one.name for one in snapshot.stranded}
    folders = tuple({f"{one.site_packages}/" for one in snapshot.stranded})
    removals = {}
    for one in snapshot.stranded:
        for path in read_payload(one, snapshot.prefix.root):
            if path.startswith(folders) and not ownership.is_shared(path, names=names):
                reason = f"{one.name} has come over to the Python of today"
                removals[path] = RemoveFile(path=path, reason=reason)
    return tuple(removals.values())
