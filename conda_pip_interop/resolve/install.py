"""Resolve a request into a plan: conda installs what the channels have, pip the rest."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.atomic.lock import refuse_stale
from conda_pip_interop.changes.plan import Keep, LinkConda, Plan, build_title
from conda_pip_interop.dependencies.mixtures import find_members
from conda_pip_interop.dependencies.removal import build_uninstall
from conda_pip_interop.dependencies.requirements import find_subdir, marker_environment
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.families import Member, build_conda_member, find_mixtures
from conda_pip_interop.names.requirement import refuse_python
from conda_pip_interop.resolve.agreement.known_packages import KnownPackages
from conda_pip_interop.resolve.agreement.plan_steps import build_steps
from conda_pip_interop.resolve.agreement.planner import Planner
from conda_pip_interop.resolve.agreement.resolution import Resolution
from conda_pip_interop.resolve.parts import ResolvedPart, SolvedPart
from conda_pip_interop.resolve.request.read_options import COMMAND_LINE
from conda_pip_interop.resolve.request.request import Preferences

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.names.families import Mixture
    from conda_pip_interop.resolve.request.request import Request
    from conda_pip_interop.resolve.solver import ComingPython, Conda, CondaSpec


def plan_install(
    request: Request,
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    installer: Installer,
    preferences: Preferences | None = None,
    python: ComingPython | None = None,
    is_new: bool = False,
) -> Plan:
    """Plan what conda and pip agree on; raises what `resolve` raises.

    `python` is for an environment that has none yet; `snapshot` has that one already. A request of
    conda's packages alone is left to conda's solver. `is_new`: the environment does not exist yet.
    """
    if request.conda and not request.needs_pip:
        upgrades = request.options.upgrade
        plan = _plan_conda(request.conda, snapshot, solver, upgrades=upgrades)
        return replace(plan, fingerprint=None, snapshot=None) if is_new else plan
    found = resolve(
        request,
        snapshot=snapshot,
        target=target,
        solver=solver,
        installer=installer,
        preferences=preferences,
        always=frozenset((*request.conda, *(() if python is None else (python.spec,)))),
    )
    requested = (*(one.text for one in found.request.conda), *found.requested.values())
    plan = build_plan(found, "install", snapshot, installer, names=requested)
    if python is None:
        return replace(plan, snapshot=snapshot)
    note = f"{target.label} has no Python: conda installs Python {python.install.version} first."
    part, condas = plan.pip, plan.conda
    if isinstance(condas, SolvedPart):  # nobody has requested this very version
        condas = replace(condas, history={"python": "python", **condas.history})
    if isinstance(part, ResolvedPart):
        part = replace(part, needs_conda=True)
    if is_new:
        return replace(plan, conda=condas, pip=part, fingerprint=None)
    reason = "the environment has no Python"
    steps = tuple(
        replace(one, reason=reason) if isinstance(one, LinkConda) and one.name == "python" else one
        for one in plan.steps
    )
    return replace(plan, steps=steps, conda=condas, pip=part, notes=(*plan.notes, note))


def _plan_conda(
    specs: tuple[CondaSpec, ...], snapshot: Snapshot, solver: Conda, *, upgrades: bool
) -> Plan:
    title = build_title("install", (one.text for one in specs))
    if not upgrades and solver.has_all(specs):
        return Plan(title=title, fingerprint=snapshot.fingerprint)
    solution = solver.solve(specs)
    return Plan(
        title=title,
        steps=build_steps(
            {},
            solution,
            replaced=KnownPackages(snapshot, solver).find_replaced(solution),
            stated=[one.name for one in specs],
        ),
        fingerprint=snapshot.fingerprint,
        snapshot=snapshot,
        conda=SolvedPart(
            solution=solution, expected={}, history={one.name: one.text for one in specs}
        )
        if solution.linked
        else None,
    )


def resolve(
    request: Request,
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    installer: Installer,
    preferences: Preferences | None = None,
    always: frozenset[CondaSpec] = frozenset(),
) -> Resolution:
    """Let conda and pip answer each other until both agree; changes nothing.

    `always` is what conda installs in any case.

    Raises InteropError: `no-python`, `would-overwrite`, `not-in-channels`, `unsatisfiable`,
    `conflict`, `pip-failed`, `no-agreement`, `unsupported-python`, `mixed`; or instead, where
    another command has changed the environment meanwhile, `stale-plan`.
    """
    here = snapshot.prefix.python
    if here is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so pip cannot install there.",
            hints=(f"To fix: `{target.command('conda', 'install', 'python')}`.",),
        )
    _refuse_python(request, here.version, target)
    _refuse_environment(request, snapshot, target)
    preferences = preferences or Preferences()
    planner = Planner(snapshot, target, solver, installer, preferences, always=always)
    try:
        found = planner.plan(request)
    except InteropError:
        if (snapshot.prefix.root / "conda-meta").is_dir():  # `create` makes it later
            refuse_stale(snapshot.prefix.root, snapshot.fingerprint)
        raise
    _refuse_mixtures(found, snapshot, KnownPackages(snapshot, solver), target)
    return found


def _refuse_mixtures(
    found: Resolution, snapshot: Snapshot, known: KnownPackages, target: Target
) -> None:
    """Raise InteropError `mixed` for what the plan mixes (`names.families`) and is not mixed yet.

    The names that may replace conda's (`--break-other-managers`) may be mixed with it, too.
    """
    before = {one.key for one in find_mixtures(find_members(snapshot))}
    for mixture in find_mixtures(_find_after(found, snapshot, known)):
        asked = any(one.name in found.overwrite for one in mixture.members)
        if mixture.key not in before and not asked:
            raise _mixed(mixture, found, snapshot, target)


def _find_after(found: Resolution, snapshot: Snapshot, known: KnownPackages) -> Iterator[Member]:
    """Find what is installed after the plan."""
    solution = found.solution
    linked = solution.linked if solution is not None else ()
    gone = {one.name for one in (*linked, *(solution.unlinked if solution is not None else ()))}
    condas = known.find_contained(linked)
    items = {one.name: one for one in found.items}
    for one in find_members(snapshot):
        if one.manager == "conda" and one.package in gone:
            continue
        if one.name not in items and one.name not in condas:
            yield one
    for item in items.values():
        yield Member(name=item.name, version=item.version, manager="pip", package=item.name)
    for package in linked:
        for name, version in known.find_contained([package]).items():
            yield Member(name=name, version=version, manager="conda", package=package.name)
        yield build_conda_member(package.name, package.version)


def _mixed(mixture: Mixture, found: Resolution, snapshot: Snapshot, target: Target) -> InteropError:
    coming = {one.name for one in found.items}
    pips = [one for one in mixture.members if one.manager == "pip"]
    there = [one for one in pips if one.name not in coming]
    name = next((one.name for one in pips if one.name in coming), pips[0].name)
    hints = ["Install one of them."]
    if there:
        names = {one.name for one in there}
        installed = [one for one in snapshot.distributions if one.name in names]
        remove = target.command(*build_uninstall(snapshot, installed))
        hints = [f"To remove what is installed first: `{remove}`."]
    option = f"--break-other-managers={name}"
    hints.append(f"To have them together: add `{option}`.")
    return InteropError(
        "mixed",
        f"{mixture} would be installed together: {mixture.family.reason}.",
        hints=tuple(hints),
    )


def build_plan(
    found: Resolution,
    verb: str,
    snapshot: Snapshot,
    installer: Installer,
    *,
    names: Iterable[str] = (),
    history: Mapping[str, str] | None = None,
) -> Plan:
    """Build the plan of what was agreed on; its title has `names`, or what pip installs.

    `history`: see `SolvedPart`; besides what is only needed, and what a file states.
    """
    solution = found.solution if found.solution and found.solution.linked else None
    return Plan(
        title=build_title(
            verb, tuple(names) or (f"{one.name}=={one.version}" for one in found.items)
        ),
        steps=found.steps,
        notes=found.notes,
        fingerprint=snapshot.fingerprint,
        conda=None
        if solution is None
        else SolvedPart(
            solution=solution,
            expected=found.expected,
            ranges=found.ranges,
            history={
                **{name: name for name in found.needed},
                **{one.name: one.text for one in found.request.conda},
                **(history or {}),
            },
            find_unplanned=found.find_unplanned,
            list_releases=installer.list_releases,
            from_conda=frozenset(map(canonicalize_name, found.request.options.from_conda)),
        ),
        pip=ResolvedPart(pins=found.pins, installer=installer, snapshot=snapshot)
        if found.items
        else None,
        overwrite=found.overwrite,
        keep_going=found.request.options.keep_going,
        requests=found.requested,
        requested_packages=_find_packages(found.requested, snapshot),
        needed=found.needed,
    )


def _find_packages(names: Container[str], snapshot: Snapshot) -> frozenset[str]:
    """Find the installed packages of conda's that contain one of these distributions."""
    return frozenset(
        owner.record.name
        for one in snapshot.distributions
        if one.name in names and isinstance(owner := snapshot.ownership.owner_of(one), ByConda)
    )


def list_conda_versions(plan: Plan) -> Mapping[NormalizedName, str]:
    """List what conda will have installed, as far as package names tell: name to version."""
    return {
        canonicalize_name(one.name): one.version
        for one in plan.packages
        if isinstance(one, LinkConda) or (isinstance(one, Keep) and one.manager == "conda")
    }


def _refuse_python(request: Request, version: str, target: Target) -> None:
    """Raise InteropError `unsupported-python` where a file demands another one."""
    if request.options.pip.has("--ignore-requires-python"):
        return
    for demand, origin in request.pythons:
        refusal = refuse_python(demand, version)
        if refusal is not None:
            change = target.command("conda", "pip", "upgrade-python", "VERSION")
            here = f"{target.label} has Python {version}"
            raise InteropError(
                "unsupported-python",
                f"{refusal}, but {here}."
                if origin == COMMAND_LINE
                else f"{origin} is not for {target.label}: {refusal}, and {here}.",
                hints=(
                    f"To change its Python: `{change}`.",
                    "To use another environment: `conda create -n NEW python=…`.",
                    "To install anyway: `--ignore-requires-python`.",
                ),
            )


def _refuse_environment(request: Request, snapshot: Snapshot, target: Target) -> None:
    """Raise InteropError `wrong-platform` where a lock file is for other environments (PEP 751)."""
    environment = marker_environment(snapshot.prefix, subdir=find_subdir(snapshot))
    found = request.find_unfit(environment)
    if found is not None:
        origin, markers = found
        raise InteropError(
            "wrong-platform",
            f"{origin} is not for {target.label}: it was locked for environments with {markers}. "
            "Nothing was changed.",
            hints=("Lock again, for this environment, too.",),
        )
