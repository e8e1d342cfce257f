"""Create and sync environments from what their files say: a lock, or a request."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from conda_pip_interop.changes.new_environment import make_environment
from conda_pip_interop.commands.change.install import (
    install_request,
    read_for_change,
    read_whole,
    report_difference,
)
from conda_pip_interop.commands.command_request import read_command_request
from conda_pip_interop.commands.confirm import confirm_and_run
from conda_pip_interop.commands.inspect.export_files import read_environment
from conda_pip_interop.environment.snapshot import build_empty_snapshot
from conda_pip_interop.errors import NotAllowedError, UsageError
from conda_pip_interop.exports.contents import read_contents
from conda_pip_interop.locks.offline import OfflineFolder
from conda_pip_interop.resolve.locked import plan_lock
from conda_pip_interop.resolve.request.request import Request

if TYPE_CHECKING:
    from argparse import Namespace
    from contextlib import AbstractContextManager

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.exports.contents import Contents
    from conda_pip_interop.locks.lock import Lock
    from conda_pip_interop.resolve.request.install_options import InstallOptions


def create_from_lock(lock: Lock, options: InstallOptions, args: Namespace, host: Host) -> Output:
    """Create the environment of a lock."""
    host.before_change()
    contents = read_contents(build_empty_snapshot(host.target.prefix), name=host.target.name)
    plan = _plan_lock(lock, contents, options, args, host)
    return confirm_and_run(
        replace(plan, title=f"create from {lock.origin}", fingerprint=None),
        args,
        host,
        nothing_to_do=f"{lock.origin} is empty.",
        around=_make(host),
    )


def sync_with_lock(lock: Lock, options: InstallOptions, args: Namespace, host: Host) -> Output:
    """Make the environment what a lock says, or with `--check` say what differs."""
    same = f"{host.target.label} is what {lock.origin} says."
    if not (lock.conda or lock.pip):
        raise _refuse_empty(lock.origin, host)
    snapshot = _read_for_sync(args, host)
    plan = _plan_lock(lock, read_environment(snapshot, host), options, args, host)
    if args.check:
        return report_difference(plan, args, host, same=same)
    return confirm_and_run(plan, args, host, nothing_to_do=same)


def _refuse_empty(label: str, host: Host) -> UsageError:
    """Build the error for files that request nothing: a failed command may have written them."""
    target = host.target
    return UsageError(
        "usage",
        f"{label} requests nothing, and a sync would remove all of {target.label}. "
        "Nothing was changed.",
        hints=(
            "Check what wrote the file.",
            f"To remove the environment: `{target.command('conda', 'env', 'remove')}`.",
        ),
    )


def _read_for_sync(args: Namespace, host: Host) -> Snapshot:
    """Read the environment; raises InteropError `base`, for a sync would remove conda itself."""
    if args.check:
        return read_whole(host)
    if host.target.is_base:
        raise NotAllowedError(
            "base",
            "base contains conda itself, which a sync would remove; nothing was changed.",
            hints=("Use another environment: `conda pip create -n NEW FILE`.",),
        )
    return read_for_change(host)


def _plan_lock(
    lock: Lock, contents: Contents, options: InstallOptions, args: Namespace, host: Host
) -> Plan:
    versions = {canonicalize_name(one.name): one.version for one in lock.conda}
    request = Request(options=replace(options, requirement_files=(), scripts=(), groups=()))
    return plan_lock(
        lock,
        contents,
        target=host.target,
        conda=host.solver(),
        open_installer=lambda snapshot: host.open_installer(snapshot, request, versions=versions),
        offline=None if args.offline is None else OfflineFolder(root=Path(args.offline).absolute()),
    )


def _make(host: Host) -> AbstractContextManager[None]:
    return make_environment(host.target, host.forget_environment)


def create_from_request(options: InstallOptions, args: Namespace, host: Host) -> Output:
    """Create an environment with what files request, as `install` resolves it."""
    request = read_command_request((), options, host)
    host.before_change()
    return install_request(
        request,
        args,
        host,
        build_empty_snapshot(host.target.prefix),
        nothing_to_do="The files request nothing.",
        make=lambda: _make(host),
    )


def sync_with_request(options: InstallOptions, args: Namespace, host: Host) -> Output:
    """Make the environment what files request, or with `--check` say what differs."""
    options = replace(options, keep_in_place=True)
    request = read_command_request((), options, host)
    label = " and ".join(Path(one).name for one in args.files)
    if not (request.needs_pip or request.conda or request.pythons):
        raise _refuse_empty(label, host)
    snapshot = _read_for_sync(args, host)
    return install_request(
        request,
        args,
        host,
        snapshot,
        nothing_to_do=f"{host.target.label} is what {label} says.",
        label=label,
    )
