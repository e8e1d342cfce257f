"""`conda pip install`: conda installs what its channels have, pip the rest."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Collection, Sequence

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.environment.snapshot import Snapshot

HELP: Final = "Install packages: conda what channels have, pip the rest"
EXAMPLES: Final = (
    'conda pip install -n web "flask>=3" cowsay\n'
    "conda pip install --dry-run -r requirements.txt --constraint limits.txt\n"
    "conda pip install -e '.[test]' --group lint"
)


def configure(parser: CommandParser) -> None:
    """Add the options of pip and of who installs what."""
    from conda_pip_interop.commands.install_options import add_install_options

    add_install_options(parser)


def parse_words(parser: CommandParser, words: Sequence[str]) -> Namespace:
    """Return the arguments, with `install` as their frozen form (InstallOptions).

    What is after `--` are requirements, and options that only pip knows.
    """
    from conda_pip_interop.commands.install_options import (
        build_install_options,
        read_verbatim,
        split_break_names,
        split_verbatim,
    )

    mixed, verbatim = split_verbatim(words)
    mixed, break_names = split_break_names(mixed)
    args = parser.parse_intermixed_args(mixed)
    requirements, after = read_verbatim(verbatim, parser.list_options())
    args.words = (*args.words, *requirements)
    args.install = build_install_options(args, args.words, after, break_names)
    return args


def execute(args: Namespace, host: Host) -> Output:
    """Resolve with conda and pip until both agree, then install."""
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.findings.corrupt_record import refuse_corrupt_records
    from conda_pip_interop.resolve.install import plan_install
    from conda_pip_interop.resolve.read_request import read_request
    from conda_pip_interop.resolve.request import build_preferences

    request = read_request(args.words, args.install, folder=Path.cwd(), environ=os.environ)
    preferences = build_preferences(request, host.policy)
    host.before_change()
    refuse_protected_base(host)
    snapshot = read_snapshot(host.target.prefix)
    refuse_corrupt_records(snapshot, host.target)
    versions = list_versions(snapshot)
    installer = host.open_installer(snapshot, request, versions=versions, verbose=args.verbose > 0)
    return resolve_and_run(
        lambda: plan_install(
            request,
            snapshot=snapshot,
            target=host.target,
            solver=host.solver(),
            installer=installer,
            preferences=preferences,
        ),
        args,
        host,
        versions=versions,
        from_conda=preferences.from_conda,
        nothing_to_do="All requirements are already satisfied.",
    )


def resolve_and_run(
    resolve: Callable[[], Plan],
    args: Namespace,
    host: Host,
    *,
    versions: dict[NormalizedName, str],
    from_conda: Collection[NormalizedName] = (),
    nothing_to_do: str,
) -> Output:
    """Execute what `resolve` returns; again where a conda package is not what it seemed to be.

    `versions` learns what conda will have installed, for the builds of pip's part.
    """
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.resolve.install import WrongPackageError, list_conda_versions

    while True:
        with host.progress("Resolving with conda and pip"):
            plan = resolve()
        _guard(plan, host, from_conda)
        versions.update(list_conda_versions(plan))
        try:
            return confirm_and_run(plan, args, host, nothing_to_do=nothing_to_do)
        except WrongPackageError as error:
            host.print_stderr(f"conda-pip-interop: {error}. Nothing was changed; resolving again.")


def _guard(plan: Plan, host: Host, from_conda: Collection[NormalizedName]) -> None:
    """Warn of what conda's part breaks, or raise the refusal."""
    from packaging.utils import canonicalize_name

    from conda_pip_interop.changes.plan import InstallPip
    from conda_pip_interop.resolve.install import SolvedPart

    if isinstance(plan.conda, SolvedPart):
        installed = {
            canonicalize_name(one.name) for one in plan.steps if isinstance(one, InstallPip)
        }
        solution = plan.conda.solution
        refusal = host.guard(solution.unlinked, solution.linked, installed | {*from_conda})
        if refusal is not None:
            raise refusal


def refuse_protected_base(host: Host) -> None:
    """Raise InteropError `base-protected` where the policy protects base."""
    from conda_pip_interop.protection.policy import decide_protection

    target = host.target
    if target.is_base and decide_protection(
        host.policy, name=target.name, path=str(target.prefix), is_base=True
    ):
        raise InteropError(
            "base-protected",
            "base contains conda itself and is protected; nothing was installed.",
            hints=(
                "Use another environment: `conda create -n NEW python pip`.",
                "Then install there: `conda pip install -n NEW …`.",
                "To install conda packages into base: `conda install -n base …`.",
                "To allow pip in base at your own risk: `conda pip unprotect -n base`.",
            ),
        )


def list_versions(snapshot: Snapshot) -> dict[NormalizedName, str]:
    """Return the distributions that conda has installed, for builds to be made against."""
    from conda_pip_interop.environment.ownership import ByConda

    return {
        one.name: one.version
        for one in snapshot.distributions
        if isinstance(snapshot.ownership.owner_of(one), ByConda)
    }
