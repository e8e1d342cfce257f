"""What the user requested of earlier commands: its versions hold, unless they are named again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from conda_pip_interop.changes.plan import Keep
from conda_pip_interop.dependencies.requirements import parse_requirement, satisfies
from conda_pip_interop.errors import InteropError, UsageError
from conda_pip_interop.resolve.request.request import NamedRequirement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.changes.plan import PackageStep, Plan
    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.resolve.request.request import Request


def find_pins(
    requests: Mapping[str, str], snapshot: Snapshot, request: Request
) -> tuple[NamedRequirement, ...]:
    """Find the earlier requests that limit versions and that `request` does not name again.

    What is not installed in such a version was changed since, which ends it. `--upgrade` lets all
    versions change.
    """
    if request.options.upgrade:
        return ()
    options = request.options
    named = {one.name for one in request.requirements}
    named |= {one.location.name for one in request.direct if one.location.name is not None}
    named |= {canonicalize_name(one) for one in (*options.from_pypi, *options.from_conda)}
    named |= {canonicalize_name(one) for one in options.break_other_managers}
    version_of = snapshot.ownership.version_of
    installed = {one.name: version_of(one) for one in snapshot.distributions}
    return tuple(
        NamedRequirement(
            requirement=Requirement(f"{name}{specifier}"), origin="an earlier request", in_file=True
        )
        for name, specifier in _parse(requests)
        if name not in named and name in installed and satisfies(specifier, installed[name])
    )


def _parse(requests: Mapping[str, str]) -> Iterator[tuple[NormalizedName, SpecifierSet]]:
    for text in requests.values():
        requirement = parse_requirement(text)
        if requirement is not None and requirement.specifier:
            yield canonicalize_name(requirement.name), requirement.specifier


def plan_within(
    pins: tuple[NamedRequirement, ...],
    request: Request,
    plan: Callable[[Request], Plan],
    target: Target,
) -> Plan:
    """Plan `request` so that `pins` hold.

    Raises InteropError `pinned` if only they are in the way, and what `plan` raises.
    """
    try:
        made = plan(replace(request, constraints=(*request.constraints, *pins)))
    except UsageError:
        raise
    except InteropError:
        if not pins:
            raise
        made = plan(request)
    for pin in pins:
        for step in made.packages:
            if canonicalize_name(step.name) == pin.name and not _holds(pin, step):
                raise _build_pinned(pin, step, target)
    return made


def _holds(pin: NamedRequirement, step: PackageStep) -> bool:
    return isinstance(step, Keep) or satisfies(pin.requirement.specifier, step.version) is not False


def _build_pinned(pin: NamedRequirement, step: PackageStep, target: Target) -> InteropError:
    return InteropError(
        "pinned",
        f"Nothing was changed in {target.label}: {pin.name} would become {step.version} "
        f"({step.reason}), but you requested {pin.requirement}.",
        hints=(
            f"To let it change, add `{pin.name}` to the command, or `--upgrade`.",
            f"To see what requires it: `{target.command('conda', 'pip', 'why', pin.name)}`.",
        ),
    )
