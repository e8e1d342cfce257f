"""`conda pip install`: conda supplies what the channels have, pip the rest."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.usecases.overlap import check_overlap
from conda_pip_interop.usecases.planning import InstallPlan, Planner

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.pip.interface import Installer
    from conda_pip_interop.usecases.conda import Conda
    from conda_pip_interop.usecases.target import Target


def parse_requirements(texts: Iterable[str]) -> tuple[Requirement, ...]:
    """Requirements of an index (PEP 508 names with specifiers, extras and markers) from words."""
    requirements = []
    for text in texts:
        if _is_place(text):
            raise UsageError(
                "unsupported-requirement",
                f"{text!r} is a URL or a path; so far only packages of an index can be installed.",
                hints=(
                    "Use the environment's own pip for it: `conda run -n ENV python -m pip …`.",
                ),
            )
        try:
            requirement = Requirement(text)
        except InvalidRequirement as error:
            raise UsageError(
                "invalid-requirement",
                f"{text!r} is not a requirement that can be taken from an index ({error}).",
                hints=(
                    'A requirement looks like `flask`, `"flask>=3"` or `"flask[async]>=3,<4"`.',
                ),
            ) from error
        requirements.append(requirement)
    return tuple(requirements)


def _is_place(text: str) -> bool:
    """Whether a person means a URL, a file or a folder, as pip takes them too."""
    return "://" in text or text.startswith((".", "/", "~")) or text.endswith((".whl", ".tar.gz"))


def plan_install(
    requirements: tuple[Requirement, ...],
    *,
    snapshot: Snapshot,
    target: Target,
    conda: Conda,
    installer: Installer,
) -> InstallPlan:
    """Let conda and pip answer each other until both agree; changes nothing.

    Raises InteropError: `no-python`, `would-overwrite`, `unsatisfiable`, `pip-failed`,
    `no-agreement`.
    """
    python = snapshot.prefix.python
    if python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so no Python package can go there.",
            hints=(f"Add one first: `{target.command('conda', 'install', 'python')}`.",),
        )
    return Planner(snapshot, conda, installer).plan(requirements)


def carry_out(
    plan: InstallPlan, *, snapshot: Snapshot, target: Target, installer: Installer
) -> None:
    """Fetch pip's part, then conda's transaction, then pip's part from what was fetched.

    What can fail from outside (an index, a build) fails before anything is changed.
    """
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as folder:
        wheels = Path(folder)
        if plan.pins:
            check_overlap(installer.fetch(plan.pins, into=wheels), snapshot)
        if plan.solution is not None and plan.solution.linked:
            plan.solution.execute()
        if plan.pins:
            _install_rest(plan, wheels, target, installer)


def _install_rest(plan: InstallPlan, wheels: Path, target: Target, installer: Installer) -> None:
    try:
        installer.install(plan.pins, wheels=wheels)
    except InteropError as error:
        if plan.solution is None or not plan.solution.linked:
            raise
        raise InteropError(
            error.code,
            f"{error.message}\nconda's part of the plan is in place in {target.label}.",
            hints=(
                *error.hints,
                f"Mend what pip complains of, then run the same command again in {target.label}.",
                f"Or see how it was with `{target.command('conda', 'list', '--revisions')}`.",
            ),
            exit_code=error.exit_code,
        ) from error
