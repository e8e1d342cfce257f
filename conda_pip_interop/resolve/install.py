"""`conda pip install`: conda supplies what the channels have, pip the rest."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.changes.journal import STATE_FOLDER
from conda_pip_interop.changes.lock import hold_prefix
from conda_pip_interop.changes.staging import (
    Staged,
    note_origins,
    plan_placing,
    read_staged,
    settle_overlaps,
)
from conda_pip_interop.changes.transaction import open_operation
from conda_pip_interop.changes.write_errors import explain_write_errors
from conda_pip_interop.environment.snapshot import read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.names.requirement import refuse_python
from conda_pip_interop.resolve.assignment import Preferences
from conda_pip_interop.resolve.planner import InstallPlan, Planner

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.request import Request
    from conda_pip_interop.resolve.solver import Conda


_SECONDS_A_DAY: Final = 86_400


class WrongGuess(Exception):  # noqa: N818 - no error: the plan is made again
    """A package of conda's does not carry the project that it was chosen for."""


def plan_install(
    request: Request,
    *,
    snapshot: Snapshot,
    target: Target,
    conda: Conda,
    installer: Installer,
    preferences: Preferences | None = None,
) -> InstallPlan:
    """Let conda and pip answer each other until both agree; changes nothing.

    Raises InteropError: `no-python`, `would-overwrite`, `not-in-channels`, `unsatisfiable`,
    `conflict`, `pip-failed`, `no-agreement`, `unsupported-python`.
    """
    python = snapshot.prefix.python
    if python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so no Python package can go there.",
            hints=(f"Add one first: `{target.command('conda', 'install', 'python')}`.",),
        )
    _refuse_python(request, python.version, target)
    return Planner(snapshot, target, conda, installer, preferences or Preferences()).plan(request)


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
                    "Make an environment with another Python: `conda create -n NEW python=…`.",
                    "To go on all the same: `--ignore-requires-python`.",
                ),
            )


def carry_out(
    plan: InstallPlan,
    *,
    snapshot: Snapshot,
    target: Target,
    installer: Installer,
    preferences: Preferences | None = None,
    title: str = "install",
    on_wait: Callable[[], None] | None = None,
) -> None:
    """Download conda's part, stage pip's, then conda's transaction, then what is staged.

    What can fail from outside (a channel, an index, a build, pip) fails before the environment is
    touched; a failure at the end takes conda's part back too. Raises WrongGuess where a package of
    conda's turns out not to carry what it was chosen for, InteropError `stale-plan` where another
    process has changed the environment meanwhile.
    """
    over = (preferences or Preferences()).over
    solution = plan.solution if plan.solution and plan.solution.linked else None
    if solution is not None:
        solution.download()
        wrong = solution.find_wrong(plan.expected)
        if wrong:
            raise WrongGuess("; ".join(wrong))
    with _open_staging(target.prefix) as folder, _remove_new_clones(plan, target.prefix):
        try:
            staged = _prepare(plan, snapshot, installer, folder, over)
        except InteropError as error:
            if solution is not None and plan.request.options.keep_going:
                with hold_prefix(target.prefix, fingerprint=snapshot.fingerprint, on_wait=on_wait):
                    solution.execute()
                raise _kept_going(error, target) from error
            raise
        with hold_prefix(target.prefix, fingerprint=snapshot.fingerprint, on_wait=on_wait):
            if solution is not None:
                solution.execute()
            try:
                _place(staged, plan, target, over, title=title)
            except BaseException as error:
                if solution is not None:
                    if plan.request.options.keep_going and isinstance(error, InteropError):
                        raise _kept_going(error, target) from error
                    solution.roll_back()
                raise


def _prepare(
    plan: InstallPlan,
    snapshot: Snapshot,
    installer: Installer,
    folder: Path,
    over: Collection[NormalizedName],
) -> Staged | None:
    """Stage pip's part, and see that it would overwrite nothing that is to stay."""
    if not plan.items:
        return None
    staged = _stage(plan, snapshot, installer, folder)
    leaving = {one.name for one in plan.solution.unlinked} if plan.solution else set()
    plan_placing(staged, snapshot, overwrite=over, leaving=leaving)
    return staged


def _place(
    staged: Staged | None,
    plan: InstallPlan,
    target: Target,
    over: Collection[NormalizedName],
    *,
    title: str,
) -> None:
    if staged is None:
        return
    title = " ".join([title, *(f"{one.name}=={one.version}" for one in plan.items)])
    with open_operation(target.prefix, title) as operation:
        operation.apply(plan_placing(staged, read_snapshot(target.prefix), overwrite=over))
        if over:
            operation.apply(settle_overlaps(over, read_snapshot(target.prefix)))


def _kept_going(error: InteropError, target: Target) -> InteropError:
    return InteropError(
        error.code,
        f"{error.message}\nconda's part of the plan is in place in {target.label} (--keep-going).",
        hints=error.hints,
        exit_code=error.exit_code,
    )


@contextlib.contextmanager
def _remove_new_clones(plan: InstallPlan, prefix: Path) -> Iterator[None]:
    """pip clones editable projects to where they are to stay: what fails leaves none behind."""
    src = prefix / "src"
    before = {path.name for path in src.iterdir()} if src.is_dir() else None
    try:
        yield
    except BaseException:
        if any(one.editable for one in plan.pins) and src.is_dir():
            for path in src.iterdir():
                if path.name not in (before or ()):
                    shutil.rmtree(path, ignore_errors=True)
            if before is None:
                src.rmdir()
        raise


def _stage(plan: InstallPlan, snapshot: Snapshot, installer: Installer, folder: Path) -> Staged:
    pins = plan.pins
    with tempfile.TemporaryDirectory(prefix="pip-interop-") as name:
        wheels = Path(name)
        installer.fetch(pins, into=wheels)
        installer.stage(pins, wheels=wheels, into=folder)
    staged = read_staged(folder, snapshot.prefix)
    requested = {one.name for one in plan.items if one.requested}
    requested |= {one.name for one in snapshot.distributions if one.requested}
    origins = {one.name: one.origin for one in pins if one.origin is not None}
    note_origins(staged, requested=requested, direct_urls=origins)
    return staged


def _remove_abandoned(state: Path) -> None:
    """Remove the staging folders of processes that were killed: nobody stages for a day."""
    for folder in state.glob("staging-*"):
        with contextlib.suppress(OSError):
            if folder.stat().st_mtime < time.time() - _SECONDS_A_DAY:
                shutil.rmtree(folder)


@contextlib.contextmanager
def _open_staging(prefix: Path) -> Iterator[Path]:
    """A folder on the file system of the prefix, that goes with all that is left in it.

    Raises InteropError `not-writable` or `disk-full`.
    """
    state = prefix / STATE_FOLDER
    with explain_write_errors(prefix):
        state.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(state)
        folder = Path(tempfile.mkdtemp(prefix="staging-", dir=state))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            state.rmdir()  # where it was made for this alone
