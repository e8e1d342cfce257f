"""`conda pip install`, for the conda that it runs in."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.version import Version

from conda_pip_interop.commands.output import Output, plan_to_list, render_plan
from conda_pip_interop.conda_adapter.boundary import call_hook, print_stderr
from conda_pip_interop.conda_adapter.build_environments import BuildEnvironments
from conda_pip_interop.conda_adapter.commands import confirm_and_run
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.guard import judge_transaction
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.conda_adapter.solver import CondaEnvironment
from conda_pip_interop.conda_adapter.stale_plans import tell_waiting
from conda_pip_interop.conda_adapter.stdout import show_progress
from conda_pip_interop.conda_adapter.uv import open_uv
from conda_pip_interop.environment.ownership import ByConda
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.building import BuildingInstaller
from conda_pip_interop.installers.pip_process import PipProcess
from conda_pip_interop.protection.policy import decide_protection
from conda_pip_interop.resolve import install
from conda_pip_interop.resolve.read_request import read_request
from conda_pip_interop.resolve.request import build_preferences

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.assignment import Preferences
    from conda_pip_interop.resolve.planner import InstallPlan
    from conda_pip_interop.resolve.request import Request

#: The first pip that writes an installation report of a stable format.
FIRST_PIP_WITH_REPORT: Final = Version("23.0")


def install_requirements(options: Options, target: Target) -> Output:
    """`conda pip install`."""
    request = read_request(options.words, options.install, folder=Path.cwd(), environ=os.environ)
    return plan_and_install(
        options,
        target,
        request=request,
        preferences=build_preferences(request, read_policy()),
        nothing_to_do="All requirements are already satisfied.",
    )


def plan_and_install(
    options: Options,
    target: Target,
    *,
    request: Request,
    preferences: Preferences,
    nothing_to_do: str,
    title: str = "install",
    adjust: Callable[[InstallPlan], InstallPlan] = lambda plan: plan,
    finish: Callable[[], None] = lambda: None,
) -> Output:
    """Plan until no guess is wrong any more, and carry it out; then what is to `finish` it."""
    call_hook("before_command", "pip")
    _refuse_protected_base(target)
    snapshot = read_snapshot(target.prefix)
    versions = _list_versions(snapshot)
    installer = _find_installer(snapshot, options, request, versions)
    conda = CondaEnvironment(target=target)
    while True:
        with show_progress("Planning with conda and pip"):
            plan = adjust(
                install.plan_install(
                    request,
                    snapshot=snapshot,
                    target=target,
                    conda=conda,
                    installer=installer,
                    preferences=preferences,
                )
            )
        _guard(plan, target, preferences)
        versions.update(plan.brought)

        def carry_out(plan: InstallPlan = plan) -> None:
            install.carry_out(
                plan,
                snapshot=snapshot,
                target=target,
                installer=installer,
                preferences=preferences,
                title=title,
                on_wait=lambda: tell_waiting(target),
            )
            finish()

        try:
            return confirm_and_run(
                options,
                target,
                shown=render_plan(target.label, plan.actions) if plan.actions else "",
                plan=plan_to_list(plan.actions),
                nothing_to_do=nothing_to_do if plan.nothing_to_do else None,
                carry_out=carry_out,
            )
        except install.WrongGuess as guess:
            print_stderr(f"conda-pip-interop: {guess}; nothing was changed yet, planning again.")


def _guard(plan: InstallPlan, target: Target, preferences: Preferences) -> None:
    """Tell, or refuse, what conda's part would break of what pip has, once the plan is made."""
    if plan.solution is None:
        return
    replaced = {one.name for one in plan.items} | preferences.from_conda
    refusal = judge_transaction(
        target.prefix, plan.solution.unlinked, plan.solution.linked, replaced=replaced
    )
    if refusal is not None:
        raise refusal


def _refuse_protected_base(target: Target) -> None:
    if target.is_base and decide_protection(
        read_policy(), name=target.name, path=str(target.prefix), is_base=True
    ):
        raise InteropError(
            "base-protected",
            "base holds conda itself and is protected; nothing was installed.",
            hints=(
                "Use an environment of its own: `conda create -n NEW python pip`.",
                "Then install there: `conda pip install -n NEW …`.",
                "What conda's channels have can go into base with `conda install -n base …`.",
                "To go on at your own risk: `conda pip unprotect -n base`.",
            ),
        )


def _list_versions(snapshot: Snapshot) -> dict[NormalizedName, str]:
    """What conda has in the environment, for builds to be made against."""
    return {
        one.name: one.version
        for one in snapshot.distributions
        if isinstance(snapshot.ownership.owner_of(one), ByConda)
    }


def _find_installer(
    snapshot: Snapshot,
    options: Options,
    request: Request,
    versions: Mapping[NormalizedName, str],
) -> Installer:
    """pip or uv, as the policy says, with builds as the command line wants them."""
    process = _find_pip(snapshot, options, request)
    wheels = open_uv(process, snapshot) if read_policy().installer == "uv" else None
    if request.options.build_from_pypi:
        if wheels is None:
            return process
        return BuildingInstaller(process=process, prepare=None, isolated=True, wheels=wheels)
    if not request.build_isolation:
        return BuildingInstaller(process=process, prepare=None, wheels=wheels)
    environments = BuildEnvironments(
        prefix=snapshot.prefix,
        versions=versions,
        open_installer=lambda python: replace(process, python=python, runner=python, resolving=()),
    )
    return BuildingInstaller(process=process, prepare=environments.prepare, wheels=wheels)


def _find_pip(snapshot: Snapshot, options: Options, request: Request) -> PipProcess:
    """The environment's own pip where it has one that can report, else that of conda's Python."""
    python = target_python(snapshot)
    return PipProcess(
        python=python,
        runner=_find_runner(snapshot, python),
        show=options.verbose > 0,
        options=request.options.pip,
        constraints=tuple(one.line for one in request.constraints),
        links=request.links,
        resolving=request.resolving,
    )


def _find_runner(snapshot: Snapshot, python: Path) -> Path:
    if snapshot.prefix.python is None:
        return Path(sys.executable)
    own = [one for one in snapshot.distributions if one.name == "pip"]
    if own and Version(own[0].version) >= FIRST_PIP_WITH_REPORT:
        return python
    if importlib.util.find_spec("pip") is None:
        target = build_target(snapshot.prefix.root)
        raise InteropError(
            "no-pip",
            "Neither the environment nor conda's own Python has a pip (>= 23.0) to work with.",
            hints=(f"Add one: `{target.command('conda', 'install', 'pip')}`.",),
        )
    return Path(sys.executable)


def target_python(snapshot: Snapshot) -> Path:
    """The interpreter of the environment."""
    python = snapshot.prefix.python
    return snapshot.prefix.root / (python.executable if python is not None else "bin/python")
