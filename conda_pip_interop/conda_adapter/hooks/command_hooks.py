"""Before and after each conda command that changes environments: markers, guard, notices.

Each of these commands imports this module: what only some environments need is imported late.
"""

from __future__ import annotations

import atexit
import dataclasses
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from conda.base.context import context
from conda.core.prefix_data import PrefixData

from conda_pip_interop.changes.journal import ORIGINALS_FOLDER
from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.conda_adapter.boundary import guarded
from conda_pip_interop.conda_adapter.console import notify, verbose
from conda_pip_interop.conda_adapter.environments import (
    build_target,
    find_copy,
    find_target,
    find_touched,
    takes_file,
)
from conda_pip_interop.conda_adapter.hooks.last_check import is_unchanged
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import has_pip_changes
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.protection.protect import has_our_marker, settle_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda import CondaError
    from conda.models.records import PackageRecord

#: The variables that let pip (>= 23.0.1) and uv install although a marker exists.
_BREAK_VARIABLES = ("PIP_BREAK_SYSTEM_PACKAGES", "UV_BREAK_SYSTEM_PACKAGES")


def before_command(command: str) -> None:
    """Reconcile, and let a `pip:` section install although a marker exists: the user asked for it.

    conda runs pip for it with its own environment variables, and pip obeys a marker of ours.
    Variables that the user has set stay as they are.
    """
    session = current_session()
    atexit.register(guarded, settle_unfinished, command)
    session.running.add(command)
    _remove_variables()  # of an earlier command of this process that failed
    if _may_change():
        guarded(reconcile_before, find_target(command))
        guarded(remember_clone_source, command)
    if not takes_file() or not has_our_marker(find_target(command)):
        return
    for name in _BREAK_VARIABLES:
        if name not in os.environ:
            os.environ[name] = "1"
            session.variables.add(name)


def _may_change() -> bool:
    """Return whether conda was asked to change something; what it may not, we may not either."""
    return not context.dry_run and not context.download_only


def reconcile_before(prefix: Path) -> None:
    """Update conda's records before conda reads them: it then unlinks what is really there."""
    if read_policy().reconcile == "auto" and not is_unchanged(prefix) and _has_pip_changes(prefix):
        from conda_pip_interop.conda_adapter.hooks.notices import reconcile

        if reconcile(prefix):
            PrefixData._cache_.clear()


def _has_pip_changes(root: Path) -> bool:
    return (root / "conda-meta").is_dir() and has_pip_changes(read_prefix(root))


def remember_clone_source(command: str) -> None:
    """Before an environment is cloned or renamed: remember which overrides are not copied."""
    copy = find_copy(command)
    if copy is not None:
        from conda_pip_interop.conda_adapter.hooks import clones

        reconcile_before(copy[0])
        clones.remember_clone_source(copy[0])


def report_clone(command: str) -> None:
    """After it was cloned or renamed: report which overrides were not copied."""
    copy = find_copy(command)
    if copy is not None:
        from conda_pip_interop.conda_adapter.hooks import clones

        clones.report_clone(copy[1])


def open_stash(prefix: str, linked: tuple[PackageRecord, ...]) -> None:
    """Before conda links: move pip's files of the same names aside."""
    root = Path(prefix)
    if _has_pip_changes(root):
        from conda_pip_interop.conda_adapter.hooks import stash

        stash.open_stash(root, linked)


def drop_stash(prefix: str) -> None:
    """The transaction is complete: forget pip's files."""
    if (stashing := sys.modules.get("conda_pip_interop.conda_adapter.hooks.stash")) is not None:
        stashing.drop_stash(Path(prefix))


def after_command(command: str) -> None:
    """Write markers and report new findings, unless conda was asked to change nothing."""
    current_session().running.discard(command)
    _remove_variables()
    if not _may_change():
        return
    base = Path(context.root_prefix)
    guarded(settle, base)  # first: whatever happens to the rest, base is protected
    prefixes = find_touched(command)
    for prefix in prefixes:
        if prefix != base:
            guarded(settle, prefix)
    for prefix in prefixes:
        guarded(notice, str(prefix), command)
    guarded(report_clone, command)


def notice(prefix: str, command: str = "") -> None:
    """Report new findings in the environment at `prefix` once.

    After conda's half of `conda pip` or of a file's `pip:` section, pip's half is still to come.
    """
    root = Path(prefix)
    session = current_session()
    if root in session.reported or not (root / "conda-meta").is_dir():
        return
    if session.running and ("pip" in session.running or takes_file()):
        return
    session.reported.add(root)
    if is_unchanged(root):
        return
    if (
        read_state(root).told
        or (root / ORIGINALS_FOLDER).is_dir()
        or has_pip_changes(read_prefix(root))
    ):
        from conda_pip_interop.conda_adapter.hooks.notices import reconcile_and_report

        reconcile_and_report(root, "ours" if command == "pip" else "after")


def guard(
    _repodata: str, unlinked: Iterable[PackageRecord], linked: Iterable[PackageRecord]
) -> CondaError | None:
    """Between solver and prompt: warn of, or refuse, what would break what pip has installed.

    Only for a command of conda's or ours: a build tool that uses conda's solver by its API solves
    for other prefixes than the one that conda would name.
    """
    session = current_session()
    if not session.running or "pip" in session.running:  # our own plans are judged once, by us
        return None
    root = find_target(next(iter(session.running)))
    session.judged.add(root)
    return _judge(root, unlinked, linked)


def guard_unsolved(
    prefix: str, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> CondaError | None:
    """Before conda changes anything: the guard for transactions without a solver.

    Those are files and URLs of packages, and earlier revisions. Removing everything is never
    refused; nor is a clone, which has pip's files before it has any record.
    """
    root = Path(prefix)
    session = current_session()
    is_ours = "pip" in session.running
    if not session.running or is_ours or root in session.judged or not linked:
        return None
    is_new = not any((root / "conda-meta").glob("*.json"))
    return None if is_new else _judge(root, unlinked, linked)


def _judge(
    root: Path, unlinked: Iterable[PackageRecord], linked: Iterable[PackageRecord]
) -> CondaError | None:
    before, after = tuple(unlinked), tuple(linked)
    if not (before or after) or not _has_pip_changes(root):
        return None
    from conda_pip_interop.conda_adapter.boundary import build_conda_error
    from conda_pip_interop.conda_adapter.hooks.guard import judge_transaction

    refusal = judge_transaction(root, before, after)
    return None if refusal is None else build_conda_error(refusal)


def _remove_variables() -> None:
    variables = current_session().variables
    while variables:
        os.environ.pop(variables.pop(), None)


def settle_unfinished(command: str) -> None:
    """At exit: write markers; after an error conda runs no post-commands (a `pip:` section)."""
    if command in current_session().running and _may_change():
        for prefix in find_touched(command):
            guarded(settle, prefix)


def settle(prefix: Path) -> None:
    """Make the marker of the environment at `prefix` follow the policy; report base's once.

    A plugin that is being removed removes its marker too.
    """
    target = build_target(prefix)
    removed = not Path(__file__).exists()  # this very command removed the plugin from base
    policy = Policy(protect=("none",)) if removed else read_policy()
    try:
        change = settle_marker(target, policy)
    except OSError as error:
        verbose(f"conda-pip-interop: the marker of {target.label} was not changed ({error})")
        return
    if change == "written" and target.is_base:
        _report_base(prefix)


def _report_base(prefix: Path) -> None:
    state = read_state(prefix)
    if state.announced:
        return
    write_state(prefix, dataclasses.replace(state, announced=True))
    notify(
        "conda-pip-interop: base is now protected from plain pip. "
        "To remove the protection: conda pip unprotect -n base"
    )


def prepare() -> None:
    """Import what `notice` needs while all its files exist: base may be about to change."""
    import conda_pip_interop.conda_adapter.hooks.notices
    import conda_pip_interop.conda_adapter.hooks.stash  # noqa: F401 - as above
