"""What happens around conda's commands that change environments: markers, guard, notice.

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
from conda_pip_interop.conda_adapter.boundary import call_hook, print_stderr, verbose
from conda_pip_interop.conda_adapter.environments import (
    build_target,
    find_copy,
    find_target,
    find_touched,
    takes_file,
)
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.environment.prefix import read_prefix
from conda_pip_interop.environment.quick_check import has_pip_changes
from conda_pip_interop.protection.policy import Policy
from conda_pip_interop.protection.protect import has_our_marker, settle_marker

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conda import CondaError
    from conda.models.records import PackageRecord

#: What pip (>= 23.0.1) and uv take for permission to go on where a marker stands.
_LET_THROUGH = ("PIP_BREAK_SYSTEM_PACKAGES", "UV_BREAK_SYSTEM_PACKAGES")
_set: set[str] = set()
_unfinished: set[str] = set()
_noticed: set[Path] = set()
_guarded: set[Path] = set()


def before_command(command: str) -> None:
    """Before a command that may change environments: a `pip:` section is the user's own wish.

    conda runs pip for it with its own environment variables, and pip obeys a marker of ours.
    Variables that the user has set stay as they are.
    """
    atexit.register(call_hook, "settle_unfinished", command)
    _unfinished.add(command)
    _take_back_variables()  # of an earlier command of this process that failed
    if not context.dry_run and not context.download_only:
        call_hook("reconcile_before", find_target(command))
        call_hook("remember_clone_source", command)
    if not takes_file() or not has_our_marker(find_target(command)):
        return
    for name in _LET_THROUGH:
        if name not in os.environ:
            os.environ[name] = "1"
            _set.add(name)


def reconcile_before(prefix: Path) -> None:
    """Before conda reads its records: they tell what pip has done since the last transaction.

    conda then unlinks what is really there, whatever it is asked to do.
    """
    if (prefix / "conda-meta").is_dir() and has_pip_changes(read_prefix(prefix)):
        from conda_pip_interop.conda_adapter.notices import reconcile_and_tell

        if reconcile_and_tell(prefix):
            PrefixData._cache_.clear()


def remember_clone_source(command: str) -> None:
    """Before an environment is copied or moved: what of pip's will not come along."""
    copy = find_copy(command)
    if copy is not None:
        from conda_pip_interop.conda_adapter import clones as copying

        reconcile_before(copy[0])
        copying.remember_clone_source(copy[0])


def report_clone(command: str) -> None:
    """After it was copied or moved: what is conda's there, and was pip's."""
    copy = find_copy(command)
    if copy is not None:
        from conda_pip_interop.conda_adapter import clones as copying

        copying.report_clone(copy[1])


def open_stash(prefix: str, linked: tuple[PackageRecord, ...]) -> None:
    """Before conda links: pip's payload makes way where the names are the same."""
    root = Path(prefix)
    if (root / "conda-meta").is_dir() and has_pip_changes(read_prefix(root)):
        from conda_pip_interop.conda_adapter import stash as stashing

        stashing.open_stash(root, linked)


def drop_stash(prefix: str) -> None:
    """The transaction is complete: pip's payload is dropped."""
    if (stashing := sys.modules.get("conda_pip_interop.conda_adapter.stash")) is not None:
        stashing.drop_stash(Path(prefix))


def after_command(command: str) -> None:
    """After a command that may change environments: markers, then what there is to tell."""
    _unfinished.discard(command)
    _take_back_variables()
    base = Path(context.root_prefix)
    call_hook("settle", base)  # first: whatever becomes of the rest, base is protected
    prefixes = find_touched(command)
    for prefix in prefixes:
        if prefix != base:
            call_hook("settle", prefix)
    for prefix in prefixes:
        call_hook("notice", str(prefix))
    call_hook("report_clone", command)


def notice(prefix: str) -> None:
    """Tell, once, what the two managers did to each other in the environment at `prefix`."""
    root = Path(prefix)
    if root in _noticed or not (root / "conda-meta").is_dir():
        return
    _noticed.add(root)
    told = any(key.startswith("finding:") for key in read_state(root).told)
    if told or (root / ORIGINALS_FOLDER).is_dir() or has_pip_changes(read_prefix(root)):
        from conda_pip_interop.conda_adapter.notices import look_and_tell

        look_and_tell(root)


def guard(
    _repodata: str, unlinked: Iterable[PackageRecord], linked: Iterable[PackageRecord]
) -> CondaError | None:
    """Between solver and prompt: tell, or refuse, what would break what pip has installed.

    Only for a command of conda's or ours: a build tool that uses conda's solver by its API solves
    for other prefixes than the one that conda would name.
    """
    if not _unfinished or "pip" in _unfinished:  # we look at our own plans ourselves, once
        return None
    root = find_target(next(iter(_unfinished)))
    _guarded.add(root)
    return _judge(root, unlinked, linked)


def guard_unsolved(
    prefix: str, unlinked: tuple[PackageRecord, ...], linked: tuple[PackageRecord, ...]
) -> CondaError | None:
    """Before conda changes anything: the guard for what no solver was asked about.

    That is files and URLs of packages, and earlier revisions. Whoever removes everything means it,
    and a clone has pip's files before it has any record: it is a copy, nothing of its own breaks.
    """
    root = Path(prefix)
    if not _unfinished or "pip" in _unfinished or root in _guarded or not linked:
        return None
    is_new = not any((root / "conda-meta").glob("*.json"))
    return None if is_new else _judge(root, unlinked, linked)


def _judge(
    root: Path, unlinked: Iterable[PackageRecord], linked: Iterable[PackageRecord]
) -> CondaError | None:
    if not (root / "conda-meta").is_dir() or not has_pip_changes(read_prefix(root)):
        return None
    from conda_pip_interop.conda_adapter.errors import build_conda_error
    from conda_pip_interop.conda_adapter.guard import judge_transaction

    refusal = judge_transaction(root, unlinked, linked)
    return None if refusal is None else build_conda_error(refusal)


def _take_back_variables() -> None:
    while _set:
        os.environ.pop(_set.pop(), None)


def settle_unfinished(command: str) -> None:
    """At exit: conda runs no post-commands after an error, say of a `pip:` section that fails.

    What the command has changed until then counts all the same, and its markers follow.
    """
    if command in _unfinished and not context.dry_run and not context.download_only:
        for prefix in find_touched(command):
            call_hook("settle", prefix)


def settle(prefix: Path) -> None:
    """Give the environment at `prefix` the marker that the policy says; base's is told once.

    A plugin that is being removed takes its marker along: nobody could tell what it means.
    """
    target = build_target(prefix)
    removed = not Path(__file__).exists()  # this very command took the plugin out of base
    policy = Policy(protect=("none",)) if removed else read_policy()
    try:
        change = settle_marker(target, policy)
    except OSError as error:
        verbose(f"conda-pip-interop: the marker of {target.label} stays as it is ({error})")
        return
    if change == "written" and target.is_base:
        _tell_of_base(prefix)


def _tell_of_base(prefix: Path) -> None:
    state = read_state(prefix)
    if "protected" in state.told:
        return
    write_state(prefix, dataclasses.replace(state, told=state.told | {"protected"}))
    if not context.json and not context.quiet:
        print_stderr(
            "conda-pip-interop: base is now protected from plain pip. "
            "To turn that off: conda pip unprotect -n base"
        )


def prepare() -> None:
    """Import what the notice needs while all its files are there: base may be about to change."""
    import conda_pip_interop.conda_adapter.notices
    import conda_pip_interop.conda_adapter.stash  # noqa: F401
