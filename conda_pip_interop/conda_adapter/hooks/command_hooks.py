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
from conda.plugins.hookspec import CondaSpecs

from conda_pip_interop.changes.atomic.journal import ORIGINALS_FOLDER, PENDING_FILE
from conda_pip_interop.changes.state import read_state, write_state
from conda_pip_interop.conda_adapter.boundary import build_conda_error, guarded
from conda_pip_interop.conda_adapter.console import notify, verbose
from conda_pip_interop.conda_adapter.environments import (
    build_target,
    find_copy,
    find_target,
    find_touched,
    removes_all,
    takes_file,
)
from conda_pip_interop.conda_adapter.hooks.last_check import has_no_transaction, is_unchanged
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import has_pip_changes
from conda_pip_interop.protection.protect import has_our_marker, settle_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda import CondaError
    from conda.models.records import PackageRecord

    from conda_pip_interop.errors import InteropError

#: conda >= 25.5 runs our actions inside of its transactions.
_HAS_ACTIONS = hasattr(CondaSpecs, "conda_pre_transaction_actions")
#: The variables that let pip (>= 23.0.1) and uv install although a marker exists.
_BREAK_VARIABLES = ("PIP_BREAK_SYSTEM_PACKAGES", "UV_BREAK_SYSTEM_PACKAGES")


def before_command(command: str) -> CondaError | None:
    """Reconcile, and let a `pip:` section install although a marker exists: the user asked for it.

    conda runs pip for it with its own environment variables, and pip obeys a marker of ours.
    Variables that the user has set stay as they are. Returns what `guard_removal` does.
    """
    session = current_session()
    atexit.register(guarded, settle_unfinished, command)
    session.running.add(command)
    session.rest = None
    _remove_variables()  # of an earlier command of this process that failed
    prefix = find_target(command)
    if _may_change():
        if prefix == Path(context.root_prefix) and (command == "pip" or not _HAS_ACTIONS):
            guarded(prepare)  # in a transaction `NoticeAction` does
        guarded(reconcile_before, prefix)
        guarded(remember_clone_source, command)
    if takes_file() and has_our_marker(prefix):
        for name in _BREAK_VARIABLES:
            if name not in os.environ:
                os.environ[name] = "1"
                session.variables.add(name)
    if takes_file() and read_policy().guard != "off":
        guarded(spare_condas, prefix)
    return guard_removal(prefix) if removes_all(command) else None


def spare_condas(prefix: Path, *change: tuple[PackageRecord, ...]) -> None:
    """Let pip spare what conda has, or will have, of a `pip:` section."""
    from conda_pip_interop.conda_adapter.hooks import pip_section

    pip_section.update(prefix, *change) if change else pip_section.spare(prefix)


def _may_change() -> bool:
    """Return whether conda was asked to change something; what it may not, we may not either."""
    return not context.dry_run and not context.download_only


def reconcile_before(prefix: Path) -> None:
    """Update conda's records before conda reads them: it then unlinks what is really there."""
    if (prefix / PENDING_FILE).exists():
        from conda_pip_interop.conda_adapter.hooks.notices import settle_unfinished as settle

        settle(prefix)
        PrefixData._cache_.clear()
    if read_policy().reconcile == "auto" and not is_unchanged(prefix) and _has_pip_changes(prefix):
        from conda_pip_interop.conda_adapter.hooks.notices import reconcile

        if reconcile(prefix):
            PrefixData._cache_.clear()


def _has_pip_changes(root: Path) -> bool:
    return (root / "conda-meta").is_dir() and has_pip_changes(read_prefix(root))


def remember_clone_source(command: str) -> None:
    """Before an environment is cloned or renamed: remember what conda does not copy."""
    copy = find_copy(command)
    if copy is not None:
        from conda_pip_interop.conda_adapter.hooks import clones

        reconcile_before(copy[0])
        clones.remember_clone_source(copy[0], is_moved=command == "rename")


def complete_clone(command: str) -> None:
    """After it was cloned or renamed: copy what conda did not."""
    copy = find_copy(command)
    if copy is not None:
        from conda_pip_interop.conda_adapter.hooks import clones

        clones.complete_clone(copy[1])


def open_stash(
    prefix: str, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> None:
    """Before conda links and unlinks: move pip's files aside that it would overwrite or remove."""
    root = Path(prefix)
    if _has_pip_changes(root):
        from conda_pip_interop.conda_adapter.hooks import stash

        stash.open_stash(root, unlinked, linked)


def drop_stash(prefix: str) -> None:
    """The transaction is complete: forget pip's files."""
    if (stashing := sys.modules.get("conda_pip_interop.conda_adapter.hooks.stash")) is not None:
        stashing.drop_stash(Path(prefix))


def after_command(command: str) -> CondaError | None:
    """Write markers and report new findings, unless conda was asked to change nothing.

    Before, install what conda leaves out of a file; returns the error if that fails.
    """
    session = current_session()
    session.running.discard(command)
    _remove_variables()
    if not _may_change():
        return None
    rest, session.rest = session.rest, None
    failure = None
    if rest is not None and (rest.prefix / "conda-meta").is_dir():
        failure = rest.install()
    base = Path(context.root_prefix)
    guarded(settle, base)  # first: whatever happens to the rest, base is protected
    guarded(complete_clone, command)
    prefixes = find_touched(command)
    for prefix in prefixes:
        if prefix != base:
            guarded(settle, prefix)
    for prefix in prefixes:
        guarded(notice, str(prefix), command)
    return failure


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
    runs_pip = command == "pip" or takes_file()
    if (has_no_transaction(root) and not runs_pip) or is_unchanged(root):
        return
    state = read_state(root)
    if (
        state.told
        or state.needed
        or state.overwritten
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
    unlinked, linked = tuple(unlinked), tuple(linked)
    if session.spared is not None:
        guarded(spare_condas, root, unlinked, linked)
    return _judge(root, unlinked, linked)


def guard_unsolved(
    prefix: str, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> CondaError | None:
    """Before conda changes anything: the guard for transactions without a solver.

    Those are files and URLs of packages, and earlier revisions. Removing everything is never
    refused for what it breaks; nor is a clone, which has pip's files before it has any record.
    Links are judged again for all: the packages are downloaded now.
    """
    root = Path(prefix)
    session = current_session()
    if not session.running or "pip" in session.running:
        return None
    if root in session.judged or not linked:
        return build_conda_error(_judge_links(root, unlinked, linked))  # all is downloaded now
    is_new = not any((root / "conda-meta").glob("*.json"))
    return None if is_new else _judge(root, unlinked, linked)


def guard_removal(prefix: Path) -> CondaError | None:
    """Before all packages are removed, for which no hook of conda < 25.5 is called: judge links."""
    installed = tuple(PrefixData(str(prefix)).iter_records())
    return build_conda_error(_judge_links(prefix, installed, ()))


def _judge(
    root: Path, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> CondaError | None:
    if not (unlinked or linked):
        return None
    if root == Path(context.root_prefix):
        guarded(_announce_leaving, unlinked, linked)
    refusal = _judge_links(root, unlinked, linked)
    if refusal is None and _has_pip_changes(root):
        from conda_pip_interop.conda_adapter.hooks.guard import judge_transaction

        refusal = judge_transaction(root, unlinked, linked)
    return build_conda_error(refusal)


def _announce_leaving(
    unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> None:
    from conda_pip_interop.conda_adapter.hooks import leaving

    if leaving.leaves(unlinked, linked):
        leaving.announce()


def _judge_links(
    root: Path, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> InteropError | None:
    if not any((root / "conda-meta").glob("*.json")):
        return None
    from conda_pip_interop.conda_adapter.hooks.link_guard import judge_links

    return judge_links(root, unlinked, linked)


def _remove_variables() -> None:
    session = current_session()
    while session.variables:
        os.environ.pop(session.variables.pop(), None)
    if session.spared is not None:
        from conda_pip_interop.conda_adapter.hooks.pip_section import stop_sparing

        stop_sparing(session)


def settle_unfinished(command: str) -> None:
    """At exit: write markers; after an error conda runs no post-commands (a `pip:` section)."""
    _remove_variables()
    if command in current_session().running and _may_change():
        for prefix in find_touched(command):
            guarded(settle, prefix)


def settle(prefix: Path) -> None:
    """Make the marker of the environment at `prefix` follow the policy; report base's once.

    A plugin that is being removed removes its markers too, from all environments.
    """
    if not Path(__file__).exists():  # this very command removed the plugin, or changed Python
        from conda_pip_interop.conda_adapter.hooks import leaving  # see `prepare`

        if leaving.is_gone(Path(context.root_prefix)):
            leaving.remove_all_markers()
            return
    target = build_target(prefix)
    try:
        change = settle_marker(target, read_policy())
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
        "conda-pip-interop: base is now protected from plain pip.",
        "  To remove the protection: conda pip unprotect -n base",
    )


def prepare() -> None:
    """Import what `settle` and `notice` need while their files exist: base is about to change."""
    import conda_pip_interop.changes.atomic.files
    import conda_pip_interop.conda_adapter.hooks.leaving
    import conda_pip_interop.conda_adapter.hooks.notices
    import conda_pip_interop.conda_adapter.hooks.stash
    import conda_pip_interop.text  # noqa: F401 - as above
