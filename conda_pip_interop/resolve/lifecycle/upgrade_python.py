"""Plan another Python: conda changes it, and what pip installed follows, all in one plan."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.exclusive_files import exclusive_files, find_edited
from conda_pip_interop.changes.plan import InstallPip, Keep, LinkConda, RemoveFile, RemovePip
from conda_pip_interop.changes.state import read_state
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.origin import find_origin
from conda_pip_interop.environment.ownership import ByPip
from conda_pip_interop.environment.paths import PrefixPath, to_disk
from conda_pip_interop.environment.target import not_installed
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.policy import decide_preference
from conda_pip_interop.resolve.install import build_plan
from conda_pip_interop.resolve.lifecycle.adoptable import Adoptable
from conda_pip_interop.resolve.lifecycle.followers import (
    Follower,
    find_only_required,
    find_pips,
    read_followers,
)
from conda_pip_interop.resolve.lifecycle.following import Following, build_future
from conda_pip_interop.resolve.lifecycle.reinstall import keep_notes
from conda_pip_interop.resolve.request.request import require_installed
from conda_pip_interop.resolve.request.requested_versions import build_history_spec
from conda_pip_interop.text import count
from conda_pip_interop.values import dataclass

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep, Plan
    from conda_pip_interop.environment.site_packages.distributions import Distribution
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.protection.policy import Policy
    from conda_pip_interop.resolve.agreement.resolution import Resolution
    from conda_pip_interop.resolve.request.request import Request
    from conda_pip_interop.resolve.solver import ComingPython

#: How many paths a note lists.
_SHOWN: Final = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Upgrade:
    """What the user requested: the Python, as conda's `spec`, and what need not follow.

    `version` is as it was typed. `keep_going` drops all that cannot follow.
    """

    version: str
    spec: str
    drop: frozenset[NormalizedName] = frozenset()
    keep_going: bool = False


def plan_upgrade_python(
    upgrade: Upgrade,
    coming: ComingPython,
    *,
    snapshot: Snapshot,
    target: Target,
    policy: Policy,
    open_installer: Callable[[Snapshot, Request], Installer],
) -> Plan:
    """Plan the change of Python.

    Raises InteropError `not-installed` for what is to be dropped, `cannot-follow`, and what
    `resolve` raises.
    """
    pips = find_pips(snapshot)
    _refuse_absent(upgrade.drop - pips.keys(), snapshot, target)
    reasons = {**dict.fromkeys(upgrade.drop, "requested by --drop")}
    reasons |= find_only_required(upgrade.drop, snapshot)
    python = name_python(coming)
    moves = snapshot.prefix.python is None or (
        (snapshot.prefix.python.minor, snapshot.prefix.python.free_threaded)
        != (coming.install.minor, coming.install.free_threaded)
    )
    followers = read_followers(snapshot, reasons.keys()) if moves else ()
    future = build_future(snapshot, coming, [*pips.values()] if moves else ())
    following = Following(
        snapshot=snapshot,
        future=future,
        target=target,
        coming=coming,
        python=python,
        followers=followers,
        stays=_find_staying(followers, coming, snapshot, target),
        prefer=decide_preference(policy, None),
        open_installer=lambda request: open_installer(future, request),
    )
    found = following.find()
    installer = following.open(found.request)
    reasons |= _find_leaving(following, found, upgrade, snapshot, target) if moves else {}
    dropped = {name: pips[name] for name in reasons}
    behind = _find_left_behind([*pips.values()] if moves else dropped.values(), snapshot)
    found = _restore_requests(keep_notes(found, pips), followers)
    moved = _find_moved(found, pips, snapshot)
    requests = read_state(snapshot.prefix.root).requests
    history = {
        package: build_history_spec(package, requests.get(name, ""))
        for name, package in moved.items()
    }
    plan = build_plan(
        found,
        "upgrade-python",
        replace(future, distributions=snapshot.distributions),
        installer,
        history={**history, "python": upgrade.spec},
    )
    wanted = {one.name for one in followers if one.wanted}
    needed = {package for name, package in moved.items() if name not in wanted}
    steps = _tell_steps(plan.packages, following, {v: k for k, v in moved.items()}, pips)
    return replace(
        plan,
        title=f"upgrade-python {upgrade.version}",
        steps=(
            *steps,
            *(
                RemovePip(name=name, version=one.version, reason=reasons[name])
                for name, one in sorted(dropped.items())
            ),
            *behind.removals,
        ),
        notes=(*plan.notes, *(behind.tell(coming) if moves else ())),
        requests={},  # what is installed again is requested in the same words as before
        needed=frozenset(needed | found.needed),
    )


def _refuse_absent(names: Collection[NormalizedName], snapshot: Snapshot, target: Target) -> None:
    """Raise InteropError `condas` or `not-installed` for what pip has not installed."""
    graph = read_graph(snapshot)
    condas = sorted({one.name for name in names for one in graph.find(name)})
    if condas:
        remove = target.command("conda", "remove", *condas)
        raise InteropError(
            "condas",
            f"{', '.join(condas)}: conda installed it in {target.label}, and --drop removes "
            "packages of pip.",
            hints=(f"To remove it first: `{remove}`.",),
        )
    if names:
        raise not_installed(sorted(names), target, installed=snapshot.names)


def name_python(coming: ComingPython) -> str:
    """Return the minor version as `lib/pythonX` has it: `3.13`, or `3.13t`."""
    return f"{coming.install.minor}{'t' if coming.install.free_threaded else ''}"


def _find_staying(
    followers: Collection[Follower], coming: ComingPython, snapshot: Snapshot, target: Target
) -> dict[NormalizedName, str]:
    """Find what conda does not take over, whatever the channels have, each with the reason."""
    adoptable = Adoptable(snapshot=snapshot, target=target, solver=coming.solver, requests={})
    found = {}
    for one in followers:
        if one.overrides is not None:
            found[one.name] = f"in place of conda's {one.overrides}, as before"
        elif one.source is not None:
            found[one.name] = f"from {find_origin(snapshot, one.one)}"
        elif (obstacle := adoptable.find_obstacle(one.one)) is not None:
            found[one.name] = obstacle
    return found


def _find_moved(
    found: Resolution, pips: Collection[NormalizedName], snapshot: Snapshot
) -> dict[NormalizedName, str]:
    """Find what conda takes over, with its package; also what only conda's packages need."""
    records = {one.name for one in snapshot.records}
    linked = found.solution.linked if found.solution else ()
    named = {canonicalize_name(one.name): one.name for one in linked if one.name not in records}
    return {name: package for name, package in (named | {**found.expected}).items() if name in pips}


def _find_leaving(
    following: Following,
    found: Resolution,
    upgrade: Upgrade,
    snapshot: Snapshot,
    target: Target,
) -> dict[NormalizedName, str]:
    """Find what does not follow, each with the reason; refuse unless it may.

    What only others required, and nothing requires now, is not needed any more.
    """
    there = {one.name for one in found.items}
    there |= _find_moved(found, {one.name: one.one for one in following.followers}, snapshot).keys()
    absent = [one for one in following.followers if one.name not in there]
    blocking = [one for one in absent if one.wanted]
    if blocking and not upgrade.keep_going:
        raise _build_refusal(blocking, following, upgrade, target)
    reasons = {one.name: f"nothing requires it with Python {following.python}" for one in absent}
    reasons |= {one.name: f"it {following.left[one.name]}" for one in blocking}
    only = find_only_required([one.name for one in blocking], snapshot)
    return reasons | {name: only[name] for name in only.keys() & reasons.keys()}


def _build_refusal(
    blocking: Collection[Follower], following: Following, upgrade: Upgrade, target: Target
) -> InteropError:
    command = ("conda", "pip", "upgrade-python")
    before = [word for name in sorted(upgrade.drop) for word in ("--drop", name)]
    names = [word for one in blocking for word in ("--drop", one.name)]
    drop = target.command(*command, *before, *names, upgrade.version)
    going = target.command(*command, *before, "--keep-going", upgrade.version)
    told = (f"  {one.label} {following.left[one.name]}" for one in blocking)
    return InteropError(
        "cannot-follow",
        f"Nothing was changed: {count(len(blocking), 'package')} of pip cannot follow "
        f"{target.label} to Python {following.python}:\n" + "\n".join(told),
        hints=(
            f"To remove {'it' if len(blocking) == 1 else 'them'} with the change: `{drop}`.",
            f"To remove all that cannot follow: `{going}`.",
        ),
    )


def _restore_requests(found: Resolution, followers: Collection[Follower]) -> Resolution:
    """Restore the constraints with which things were installed, which origins remember."""
    limits = tuple(require_installed(f"{one.name}{one.limit}") for one in followers if one.limit)
    return replace(found, request=replace(found.request, constraints=limits))


def _tell_steps(
    steps: Collection[PackageStep],
    following: Following,
    moved: Mapping[str, NormalizedName],
    pips: Mapping[NormalizedName, Distribution],
) -> Iterator[PackageStep]:
    """Give the steps what was there before, and their reasons."""
    again = f"for Python {following.python}"
    for step in steps:
        name = canonicalize_name(step.name)
        before = pips[name].version if name in pips else None
        match step:
            case InstallPip() if before is not None:
                reason = again
                if before != step.version:
                    reason = f"{before} {following.explain_version(name)}"
                if name in following.stays:
                    reason = f"{reason}, {following.stays[name]}"
                yield replace(step, previous=before, reason=reason)
            case LinkConda() if step.name in moved:
                version = pips[moved[step.name]].version
                yield replace(
                    step,
                    previous=None if version == step.version else version,
                    reason="available in the channels, moves from pip",
                )
            case LinkConda(previous=str()) if step.name != "python":
                yield replace(step, reason=again)
            case Keep():
                continue
            case _:
                yield step


@dataclass(frozen=True, kw_only=True, slots=True)
class _LeftBehind:
    """What a change of Python leaves in the old site-packages, `folder`.

    `removals` are of what only the RECORDs of pip's distributions list, `edited` are files with
    other content than was installed, `unowned` those that no package lists.
    """

    removals: tuple[RemoveFile, ...]
    edited: tuple[PrefixPath, ...]
    unowned: tuple[PrefixPath, ...]
    folder: str

    def tell(self, coming: ComingPython) -> Iterator[str]:
        """Yield what a person should know of it."""
        if self.edited:
            yield f"Changed since pip installed them, and not carried over: {_list(self.edited)}."
        if self.unowned and self.folder != coming.install.site_packages:
            yield f"No package owns {_list(self.unowned)}: left where they are."


def _find_left_behind(going: Collection[Distribution], snapshot: Snapshot) -> _LeftBehind:
    """Find what the distributions leave; those in place of conda's are conda's to unlink."""
    root, python, ownership = snapshot.prefix.root, snapshot.prefix.python, snapshot.ownership
    names = {one.name for one in going}
    every = [
        one
        for one in snapshot.distributions
        if one.name in names and ownership.owner_of(one) == ByPip(distribution=one)
    ]
    removals = {
        path: RemoveFile(path=path, reason=f"pip's {one.name} {one.version}")
        for one in every
        for path in exclusive_files(one, snapshot, names=names)
    }
    edited = (path for one in every for path in find_edited(one, root))
    folder = "" if python is None else python.site_packages
    return _LeftBehind(
        removals=tuple(removals.values()),
        edited=tuple(path for path in edited if not path.endswith(".pyc")),
        unowned=tuple(_find_unowned(folder, snapshot)) if folder else (),
        folder=folder,
    )


def _find_unowned(folder: str, snapshot: Snapshot) -> Iterator[PrefixPath]:
    root = snapshot.prefix.root
    for where, _, names in os.walk(to_disk(root, PrefixPath(folder))):
        inside = os.path.relpath(where, root).replace(os.sep, "/")
        for name in sorted(names):
            path = PrefixPath(f"{inside}/{name}")
            if not snapshot.ownership.claimants(path):
                yield path


def _list(paths: Collection[PrefixPath]) -> str:
    shown = ", ".join([*paths][:_SHOWN])
    return f"{shown} and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else shown
