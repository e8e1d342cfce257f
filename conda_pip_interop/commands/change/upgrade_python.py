"""`conda pip upgrade-python`: another Python, and what pip installed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.text import quoted
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.lifecycle.upgrade_python import Upgrade

HELP: Final = "Change Python, and reinstall pip's packages for it"
EXAMPLES: Final = (
    "conda pip upgrade-python -n web 3.13\n"
    "conda pip upgrade-python -n web --dry-run 3.13t\n"
    "conda pip upgrade-python -n web --drop cowsay 3.11"
)

_VERSION: Final = regex(r"(?P<version>\d+\.\d+(\.\d+)?)(?P<free_threaded>t?)")


def configure(parser: CommandParser) -> None:
    """Add the version, and what need not follow."""
    parser.add_argument("version", metavar="VERSION", help="3.13, 3.13.1, or 3.13t (free-threaded)")
    parser.add_argument(
        "--drop",
        metavar="NAME",
        action="append",
        default=[],
        help="remove this package of pip instead (can be repeated)",
    )
    parser.add_argument(
        "--keep-going", action="store_true", help="remove all packages that cannot follow"
    )


def execute(args: Namespace, host: Host) -> Output:
    """Plan conda's part and pip's part together, and carry out both or nothing."""
    from functools import partial

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.change.install import (
        list_versions,
        read_for_change,
        resolve_and_run,
    )
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.resolve.lifecycle.upgrade_python import plan_upgrade_python

    upgrade = _read_upgrade(args)
    _refuse_base(host.target, upgrade.version)
    snapshot = read_for_change(host)
    _refuse_without_python(snapshot, host.target)
    coming = host.find_python(upgrade.version, upgrade.spec, snapshot)
    if coming is None:
        nothing = Plan(title="upgrade-python", fingerprint=snapshot.fingerprint)
        return confirm_and_run(nothing, args, host, nothing_to_do=_describe_present(snapshot, host))
    versions = list_versions(snapshot)

    def plan() -> Plan:
        return plan_upgrade_python(
            upgrade,
            coming,
            snapshot=snapshot,
            target=host.target,
            policy=host.policy,
            open_installer=partial(host.open_installer, versions=versions),
        )

    return resolve_and_run(
        plan,
        args,
        host,
        versions=versions,
        from_conda=[one.name for one in snapshot.distributions],
        nothing_to_do=_describe_present(snapshot, host),
    )


def _read_upgrade(args: Namespace) -> Upgrade:
    """Read the command line; raises UsageError for what is no version, or no name."""
    from packaging.utils import canonicalize_name

    from conda_pip_interop.environment.conda_meta.conda_python import build_python_spec
    from conda_pip_interop.grammar import is_name
    from conda_pip_interop.resolve.lifecycle.upgrade_python import Upgrade

    match = _VERSION.fullmatch(args.version)
    if match is None:
        raise UsageError(
            "usage",
            f"{quoted(args.version)} is not a version of Python such as 3.13 or 3.13t.",
        )
    wrong = [name for name in args.drop if not is_name(name)]
    if wrong:
        raise UsageError("usage", f"--drop: {quoted(wrong[0])} is not the name of a package.")
    return Upgrade(
        version=args.version,
        spec=build_python_spec(match["version"], free_threaded=bool(match["free_threaded"])),
        drop=frozenset(map(canonicalize_name, args.drop)),
        keep_going=args.keep_going,
    )


def _refuse_base(target: Target, version: str) -> None:
    """Raise InteropError `base-python`: conda, and this plugin, run with the Python of base."""
    if not target.is_base:
        return
    install = target.command("conda", "install", f"python={version}")
    raise InteropError(
        "base-python",
        "conda runs with the Python of base, which cannot change while this command runs. "
        "Nothing was changed.",
        hints=(
            f"To change it with conda: `{install}`.",
            f"To reinstall pip's packages then: `{target.command('conda', 'pip', 'repair')}`.",
        ),
    )


def _refuse_without_python(snapshot: Snapshot, target: Target) -> None:
    if not any(one.name == "python" for one in snapshot.records):
        raise InteropError(
            "no-python",
            f"conda has installed no Python in {target.label}.",
            hints=(f"To fix: `{target.command('conda', 'install', 'python')}`.",),
        )


def _describe_present(snapshot: Snapshot, host: Host) -> str:
    """Say which Python is there, and what an earlier change has left behind."""
    (python,) = (one for one in snapshot.records if one.name == "python")
    text = f"{host.target.label} already has Python {python.version}."
    if not snapshot.stranded:
        return text
    repair = host.target.command("conda", "pip", "repair")
    return f"{text}\nTo reinstall what an earlier change of Python left behind: `{repair}`."
