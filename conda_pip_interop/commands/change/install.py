"""`conda pip install`: conda installs what its channels have, pip the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.errors import NotAllowedError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Collection, Sequence
    from contextlib import AbstractContextManager

    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import Plan
    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.installers.interface import Installer
    from conda_pip_interop.resolve.request.request import Request

    Around = Callable[[], AbstractContextManager[None]]

HELP: Final = "Install packages: conda what channels have, pip the rest"
EXAMPLES: Final = (
    'conda pip install -n web "flask>=3" cowsay\n'
    "conda pip install --dry-run -r requirements.txt --constraint limits.txt\n"
    "conda pip install -e '.[test]' --group lint"
)


def configure(parser: CommandParser) -> None:
    """Add the options of pip and of who installs what."""
    from conda_pip_interop.commands.command_line.install_options import add_install_options

    add_install_options(parser)


def parse_words(parser: CommandParser, words: Sequence[str]) -> Namespace:
    """Return the arguments, with `install` as their frozen form (InstallOptions).

    What is after `--` are requirements, and options that only pip knows.
    """
    from conda_pip_interop.commands.command_line.install_options import (
        build_install_options,
        read_verbatim,
        split_break_names,
        split_verbatim,
    )

    mixed, verbatim = split_verbatim(words)
    mixed, break_names = split_break_names(mixed)
    args = parser.parse(mixed)
    requirements, after = read_verbatim(verbatim, parser.list_options())
    args.words = (*args.words, *requirements)
    args.install = build_install_options(args, args.words, after, break_names)
    return args


def execute(args: Namespace, host: Host) -> Output:
    """Resolve with conda and pip until both agree, then install."""
    from conda_pip_interop.commands.command_request import read_command_request
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.resolve.satisfied import plan_satisfied

    request = read_command_request(args.words, args.install, host)
    refuse_protected_base(host)
    host.before_change()
    nothing_to_do = (
        "All requirements are already satisfied."
        if request.needs_pip or request.conda or request.pythons
        else f"Nothing to install: no requirements in {_name_sources(args)}."
    )
    plan = plan_satisfied(request, host.target.prefix)
    if plan is not None:
        return confirm_and_run(plan, args, host, nothing_to_do=nothing_to_do)
    snapshot = read_whole(host)
    return install_request(request, args, host, snapshot, nothing_to_do=nothing_to_do)


def _name_sources(args: Namespace) -> str:
    options = args.install
    return ", ".join((*options.requirement_files, *options.groups, *options.scripts))


def read_for_change(host: Host) -> Snapshot:
    """Read the environment that a command is about to change.

    Raises InteropError `corrupt-record`: without a record conda's files would count as pip's.
    """
    host.before_change()
    return read_whole(host)


def read_whole(host: Host) -> Snapshot:
    """Read the environment; raises InteropError `corrupt-record`."""
    from conda_pip_interop.environment.snapshot import read_snapshot
    from conda_pip_interop.findings.kinds.corrupt_record import refuse_corrupt_records

    snapshot = read_snapshot(host.target.prefix)
    refuse_corrupt_records(snapshot, host.target)
    return snapshot


def install_request(
    request: Request,
    args: Namespace,
    host: Host,
    snapshot: Snapshot,
    *,
    nothing_to_do: str,
    make: Around | None = None,
    label: str = "",
) -> Output:
    """Install what is requested; `make` makes the environment, if it does not exist yet.

    `label` names the files of a sync, which removes what they do not need.
    """
    from dataclasses import replace
    from functools import cache

    from conda_pip_interop.changes.state import read_state
    from conda_pip_interop.resolve.install import plan_install
    from conda_pip_interop.resolve.request.earlier_requests import find_pins, plan_within
    from conda_pip_interop.resolve.request.environment_request import add_variables, leave_to_conda
    from conda_pip_interop.resolve.request.request import build_preferences

    for note in request.notes:  # before anything can fail
        host.print_stderr(f"conda-pip-interop: {note}")
    host.add_channels(request.channels, only=request.only_channels)
    host.add_names(request.names)
    versions = list_versions(snapshot)
    request = leave_to_conda(request, versions)
    stated = frozenset(one.name for one in request.conda)
    is_there = not request.options.upgrade and host.solver().has_all(request.conda)
    if request.needs_pip and is_there:
        request = replace(request, conda=())
    preferences = build_preferences(request, host.policy)
    python = None
    if snapshot.prefix.python is None and (request.needs_pip or not request.conda):
        python = host.choose_python(request, preferences, snapshot)
        snapshot = replace(snapshot, prefix=replace(snapshot.prefix, python=python.install))
    earlier = {} if label else read_state(host.target.prefix).requests
    pins = find_pins(earlier, snapshot, request)

    @cache
    def open_installer(*, within_pins: bool) -> Installer:
        limits = (*request.constraints, *(pins if within_pins else ()))
        limited = replace(request, constraints=limits)
        return host.open_installer(snapshot, limited, versions=versions)

    def plan(limited: Request) -> Plan:
        return plan_install(
            limited,
            snapshot=snapshot,
            target=host.target,
            solver=host.solver() if python is None else python.solver,
            installer=open_installer(within_pins=limited.constraints != request.constraints),
            preferences=build_preferences(limited, host.policy),
            python=python,
            is_new=make is not None,
        )

    def resolve() -> Plan:
        found = plan_within(pins, request, plan, host.target)
        if label:
            from conda_pip_interop.resolve.removals import add_removals

            kept = stated | request.own
            found = add_removals(
                *(found, kept, snapshot), target=host.target, conda=host.solver(), label=label
            )
        found = add_variables(found, request, host.target)
        return replace(found, notes=(*request.notes, *found.notes)) if args.json else found

    open_installer(within_pins=True)  # which may refuse
    return resolve_and_run(
        resolve,
        args,
        host,
        versions=versions,
        from_conda=preferences.from_conda,
        nothing_to_do=nothing_to_do,
        make=make,
    )


def resolve_and_run(
    resolve: Callable[[], Plan],
    args: Namespace,
    host: Host,
    *,
    versions: dict[NormalizedName, str],
    from_conda: Collection[NormalizedName] = (),
    nothing_to_do: str,
    make: Around | None = None,
) -> Output:
    """Execute what `resolve` returns; again where a conda package is not what it seemed to be.

    `versions` learns what conda will have installed, for the builds of pip's part. `make`: see
    `install_request`.
    """
    from conda_pip_interop.commands.confirm import confirm_and_run
    from conda_pip_interop.resolve.install import list_conda_versions
    from conda_pip_interop.resolve.parts import SolvedPart, WrongPackageError

    while True:
        try:
            with host.progress("Resolving with conda and pip"):
                plan = resolve()
                if isinstance(plan.conda, SolvedPart):
                    plan.conda.refuse_other_projects()
        except WrongPackageError as error:
            host.print_stderr(f"conda-pip-interop: {error}; resolving again.")
            continue
        if make is None:
            _guard(plan, host, from_conda)
        if getattr(args, "check", False):
            return report_difference(plan, args, host, same=nothing_to_do)
        if args.dry_run:
            plan = _note_unread(plan)
        versions.update(list_conda_versions(plan))
        try:
            around = None if make is None else make()
            return confirm_and_run(plan, args, host, nothing_to_do=nothing_to_do, around=around)
        except WrongPackageError as error:
            host.print_stderr(f"conda-pip-interop: {error}. Nothing was changed; resolving again.")


def report_difference(plan: Plan, args: Namespace, host: Host, *, same: str) -> Output:
    """Say what a plan would change; exit code 1 if it is something."""
    from dataclasses import replace

    from conda_pip_interop.changes.plan import Keep
    from conda_pip_interop.commands.confirm import build_document
    from conda_pip_interop.commands.output import Output
    from conda_pip_interop.commands.plan_text import plan_to_list, render_plan

    changing = replace(plan, steps=tuple(one for one in plan.steps if not isinstance(one, Keep)))
    document = build_document(plan_to_list(changing), args, host, notes=plan.notes)
    if plan.is_empty:
        return Output(text=same, document={**document, "in_sync": True})
    return Output(
        text=render_plan(host.target.label, changing),
        document={**document, "success": False, "in_sync": False},
        exit_code=1,
    )


def _note_unread(plan: Plan) -> Plan:
    """Add to a dry run's plan that some of what an installation would add is not known."""
    from dataclasses import replace

    from conda_pip_interop.resolve.parts import SolvedPart
    from conda_pip_interop.text import count

    unread = plan.conda.count_unread() if isinstance(plan.conda, SolvedPart) else 0
    if not unread:
        return plan
    what = f"{count(unread, 'package')} of conda's {'is' if unread == 1 else 'are'}"
    note = f"{what} not downloaded yet: an installation also adds what only the metadata requires."
    return replace(plan, notes=(*plan.notes, note))


def _guard(plan: Plan, host: Host, from_conda: Collection[NormalizedName]) -> None:
    """Warn of what conda's part breaks, or raise the refusal."""
    from packaging.utils import canonicalize_name

    from conda_pip_interop.changes.plan import InstallPip, RemovePip
    from conda_pip_interop.resolve.parts import SolvedPart

    if isinstance(plan.conda, SolvedPart):
        replaced = dict.fromkeys(from_conda, "") | {
            canonicalize_name(one.name): one.version if isinstance(one, InstallPip) else ""
            for one in plan.steps
            if isinstance(one, InstallPip | RemovePip)
        }
        solution = plan.conda.solution
        refusal = host.guard(solution.unlinked, solution.linked, replaced, plan.snapshot)
        if refusal is not None:
            raise refusal


def refuse_protected_base(host: Host) -> None:
    """Raise NotAllowedError `base-protected` where the policy protects base."""
    from conda_pip_interop.protection.policy import decide_protection

    target = host.target
    if target.is_base and decide_protection(
        host.policy, name=target.name, path=str(target.prefix), is_base=True
    ):
        raise NotAllowedError(
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
        one.name: snapshot.ownership.version_of(one)
        for one in snapshot.distributions
        if isinstance(snapshot.ownership.owner_of(one), ByConda)
    }
