"""The commands that pip has too, where they need conda or the environment's pip."""

from __future__ import annotations

import functools
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda.models.version import VersionOrder

from conda_pip_interop.commands.change import uninstall
from conda_pip_interop.commands.family_options import PASSED, TARGET_OPTIONS
from conda_pip_interop.commands.inspect.graph_text import can_draw
from conda_pip_interop.commands.inspect.list import build_rows, list_outdated
from conda_pip_interop.commands.inspect.looks import LOOKS, look
from conda_pip_interop.commands.output import Output, plan_to_list
from conda_pip_interop.conda_adapter.boundary import call_hook, print_stderr
from conda_pip_interop.conda_adapter.commands import confirm_and_run
from conda_pip_interop.conda_adapter.stale_plans import tell_waiting
from conda_pip_interop.dependencies.read_graph import read_graph
from conda_pip_interop.environment.snapshot import Snapshot, read_snapshot
from conda_pip_interop.errors import InteropError
from conda_pip_interop.installers.pip_commands import pass_on, read_editables, read_outdated
from conda_pip_interop.installers.pip_process import PipProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from packaging.utils import NormalizedName

    from conda_pip_interop.commands.inspect.list import Row
    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.paths import PrefixPath
    from conda_pip_interop.environment.target import Target

#: The commands that `answer` answers.
ANSWERED: Final = frozenset(("uninstall", *LOOKS, *PASSED))
#: pip's exit code for an option that it does not know.
_WRONG_USAGE: Final = 2


def answer(options: Options, target: Target) -> Output:
    """One of `ANSWERED`."""
    snapshot = read_snapshot(target.prefix)
    match options.command:
        case "uninstall":
            return _uninstall(options, snapshot, target)
        case "list" if options.family.outdated:
            return _list_outdated(snapshot, target)
        case command if command in PASSED:
            return _pass_on(options, snapshot, target)
    editables: Mapping[NormalizedName, str] = {}
    if options.command == "freeze" and any(one.editable for one in snapshot.distributions):
        editables = read_editables(_find_pip(snapshot, target))
    ascii_only = not can_draw(sys.stdout.encoding)
    return look(options, snapshot, target, ascii_only=ascii_only, editables=editables)


def _pass_on(options: Options, snapshot: Snapshot, target: Target) -> Output:
    """A command of pip's own; where pip knows no -n or -p, it is said where they belong."""
    words = options.family.verbatim
    code = pass_on(_find_pip(snapshot, target), [options.command, *words])
    if code == _WRONG_USAGE and not TARGET_OPTIONS.isdisjoint(words):
        print_stderr(
            "conda-pip-interop: -n and -p stand before the command here: "
            f"`conda pip -n ENV {options.command} …`."
        )
    return Output(text="", document={}, exit_code=code)


def _uninstall(options: Options, snapshot: Snapshot, target: Target) -> Output:
    """`conda pip uninstall`."""
    call_hook("before_command", "pip")
    plan = uninstall.plan_uninstall(
        options.words,
        snapshot=snapshot,
        graph=read_graph(snapshot),
        target=target,
        keep_deps=options.family.keep_deps,
    )
    return confirm_and_run(
        options,
        target,
        shown=uninstall.render_uninstall(plan, target),
        plan=plan_to_list(plan.actions),
        nothing_to_do=None,
        carry_out=functools.partial(
            uninstall.carry_out,
            plan,
            snapshot=snapshot,
            target=target,
            on_wait=lambda: tell_waiting(target),
        ),
    )


def _list_outdated(snapshot: Snapshot, target: Target) -> Output:
    """`conda pip list --outdated`: pip's by its indexes, conda's by the channels."""
    from conda_pip_interop.conda_adapter.stdout import show_progress

    rows = build_rows(snapshot)
    here = {one.metadata for one in snapshot.distributions}
    pips = [row for row in rows if row.origin.owner == "pip" and row.distribution.metadata in here]
    latest: dict[PrefixPath, str] = {}
    with show_progress("Looking for newer versions"):
        if pips:
            names = {row.distribution.name for row in pips}
            others = sorted({row.distribution.name for row in rows} - names)
            found = read_outdated(_find_pip(snapshot, target), others)
            latest = {
                row.distribution.metadata: found[row.distribution.name]
                for row in pips
                if row.distribution.name in found
            }
        latest.update(_find_newer(rows, target))
    return list_outdated(snapshot, rows, latest)


def _find_newer(rows: Iterable[Row], target: Target) -> Mapping[PrefixPath, str]:
    """The newest versions that the channels have for the Python of the environment."""
    from conda_pip_interop.conda_adapter.solver import CondaEnvironment

    conda = CondaEnvironment(target=target)
    newer = {}
    for row in rows:
        record = row.origin.record
        if row.origin.owner == "conda" and record is not None:
            fitting = conda.find_fitting(record.name)
            if fitting and VersionOrder(fitting[-1].version) > VersionOrder(record.version):
                newer[row.distribution.metadata] = str(fitting[-1].version)
    return newer


def _find_pip(snapshot: Snapshot, target: Target) -> PipProcess:
    """The environment's own pip, else that of conda's Python, told which Python it works for."""
    python = snapshot.prefix.python
    if python is None:
        raise InteropError(
            "no-python",
            f"The environment {target.label} has no Python, so pip can do nothing for it.",
            hints=(f"Add one: `{target.command('conda', 'install', 'python')}`.",),
        )
    executable = snapshot.prefix.root / python.executable
    if any(one.name == "pip" for one in snapshot.distributions):
        return PipProcess(python=executable, runner=executable)
    if importlib.util.find_spec("pip") is None:
        raise InteropError(
            "no-pip",
            f"Neither {target.label} nor conda's own environment has a pip to work with.",
            hints=(f"Add one: `{target.command('conda', 'install', 'pip')}`.",),
        )
    return PipProcess(python=executable, runner=Path(sys.executable))
