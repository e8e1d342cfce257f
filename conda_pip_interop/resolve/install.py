"""Resolve a request into a plan: conda installs what the channels have, pip the rest."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import Keep, LinkConda, Plan, Staged
from conda_pip_interop.changes.staging import note_origins, read_staged
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.requirement import refuse_python
from conda_pip_interop.resolve.assignment import Preferences
from conda_pip_interop.resolve.planner import Planner, Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer, Pin
    from conda_pip_interop.resolve.request import Request
    from conda_pip_interop.resolve.solver import Conda, Solution


class WrongPackageError(Exception):
    """A conda package does not contain the project that it was chosen for: plan again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SolvedPart:
    """conda's part of a plan; `expected` maps each project to the conda package chosen for it."""

    solution: Solution
    expected: Mapping[NormalizedName, str]

    @property
    def unlinked_names(self) -> frozenset[str]:
        """See `CondaPart.unlinked_names`."""
        return frozenset(one.name for one in self.solution.unlinked)

    def download(self) -> None:
        """See `CondaPart.download`; raises WrongPackageError."""
        self.solution.download()
        wrong = self.solution.find_wrong(self.expected)
        if wrong:
            raise WrongPackageError("; ".join(wrong))

    def execute(self) -> None:
        """See `CondaPart.execute`."""
        self.solution.execute()

    def roll_back(self) -> None:
        """See `CondaPart.roll_back`."""
        self.solution.roll_back()


@dataclass(frozen=True, kw_only=True, slots=True)
class ResolvedPart:
    """pip's part of a plan: exactly `pins`, built and fetched by `installer`."""

    pins: tuple[Pin, ...]
    installer: Installer
    snapshot: Snapshot

    @property
    def clones(self) -> bool:
        """See `PipPart.clones`."""
        return any(one.editable for one in self.pins)

    def stage(self, into: Path) -> Staged:
        """See `PipPart.stage`; REQUESTED and direct_url.json say what pip was not told."""
        with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
            wheels = Path(name)
            self.installer.fetch(self.pins, into=wheels)
            self.installer.stage(self.pins, wheels=wheels, into=into)
        staged = read_staged(into, self.snapshot.prefix)
        requested = {one.name for one in self.pins if one.requested}
        requested |= {one.name for one in self.snapshot.distributions if one.requested}
        origins = {one.name: one.origin for one in self.pins if one.origin is not None}
        note_origins(staged, requested=requested, direct_urls=origins)
        return staged


def plan_install(
    request: Request,
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    installer: Installer,
    preferences: Preferences | None = None,
    title: str = "install",
) -> Plan:
    """Plan what conda and pip agree on; raises what `resolve` raises."""
    found = resolve(
        request,
        snapshot=snapshot,
        target=target,
        solver=solver,
        installer=installer,
        preferences=preferences,
    )
    return build_plan(found, title, snapshot, installer)


def resolve(
    request: Request,
    *,
    snapshot: Snapshot,
    target: Target,
    solver: Conda,
    installer: Installer,
    preferences: Preferences | None = None,
) -> Resolution:
    """Let conda and pip answer each other until both agree; changes nothing.

    Raises InteropError: `no-python`, `would-overwrite`, `not-in-channels`, `unsatisfiable`,
    `conflict`, `pip-failed`, `no-agreement`, `unsupported-python`.
    """
    python = snapshot.prefix.python
    if python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so pip cannot install there.",
            hints=(f"To fix: `{target.command('conda', 'install', 'python')}`.",),
        )
    _refuse_python(request, python.version, target)
    planner = Planner(snapshot, target, solver, installer, preferences or Preferences())
    return planner.plan(request)


def build_plan(
    found: Resolution,
    title: str,
    snapshot: Snapshot,
    installer: Installer,
) -> Plan:
    """Build the plan of what conda and pip agreed on."""
    solution = found.solution if found.solution and found.solution.linked else None
    return Plan(
        title=" ".join([title, *(f"{one.name}=={one.version}" for one in found.items)]),
        steps=found.steps,
        fingerprint=snapshot.fingerprint,
        conda=None if solution is None else SolvedPart(solution=solution, expected=found.expected),
        pip=ResolvedPart(pins=found.pins, installer=installer, snapshot=snapshot)
        if found.items
        else None,
        overwrite=found.overwrite,
        keep_going=found.request.options.keep_going,
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
            raise InteropError(
                "unsupported-python",
                f"{origin} is not for the Python of {target.label}: {refusal}.",
                hints=(
                    "To use another Python: `conda create -n NEW python=…`.",
                    "To install anyway: `--ignore-requires-python`.",
                ),
            )
