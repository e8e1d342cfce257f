"""The guard: said before a conda transaction that would break what pip has installed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from conda_pip_interop.dependencies.impact import Breakage, Change, forecast
from conda_pip_interop.dependencies.replaced import (
    describe_refused,
    find_refused,
    find_replaced,
)
from conda_pip_interop.environment.distributions import read_requirements
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.environment.snapshot import Snapshot
    from conda_pip_interop.environment.target import Target

#: Distributions named of those that a change of Python would strand.
_SHOWN = 5


def find_breakages(snapshot: Snapshot, changes: Iterable[Change]) -> tuple[Breakage, ...]:
    """What `changes` would break, read from the environment as it is now."""
    changes = tuple(changes)
    return (
        *forecast(snapshot, changes, lambda one: read_requirements(snapshot.prefix, one)),
        *_find_refused(snapshot, changes),
    )


def _find_refused(snapshot: Snapshot, changes: tuple[Change, ...]) -> Iterator[Breakage]:
    """What conda is about to link and believes to be met by packages that pip has replaced.

    What an earlier version of it has refused already is not told again.
    """
    moved = {change.name for change in changes}
    replaced = [one for one in find_replaced(snapshot) if one.record.name not in moved]
    depends = {one.name: one.depends for one in snapshot.records}
    for change in changes if replaced else ():
        before = find_refused(change.name, depends.get(change.name, ()), replaced)
        known = {one.by.name for one in before}
        for refused in find_refused(change.name, change.depends, replaced):
            if refused.by.name not in known:
                yield Breakage(
                    kind="refused",
                    distribution=refused.by.name,
                    version=refused.by.version,
                    change=change,
                    requirement=refused.requirement,
                )


def render_warning(breakages: tuple[Breakage, ...], target: Target) -> str:
    """What would break, a line each; several that Python strands in one."""
    return "\n".join(
        [
            f"conda-pip-interop: {_head(breakages, target)}",
            *(f"  {line}" for line in _describe_all(breakages)),
        ]
    )


def build_refusal(breakages: tuple[Breakage, ...], target: Target) -> InteropError:
    """The error of `pip_interop_guard: error`, with the ways through."""
    hints = [
        *dict.fromkeys(hint for one in breakages for hint in _suggest(one, target)),
        "Go on this once with CONDA_PLUGINS_PIP_INTEROP_GUARD=off in the environment.",
    ]
    return InteropError(
        "guarded",
        f"Nothing was changed: {_head(breakages, target)}\n"
        + "\n".join(f"  {line}" for line in _describe_all(breakages)),
        hints=tuple(hints),
    )


def _head(breakages: tuple[Breakage, ...], target: Target) -> str:
    only_refused = all(one.kind == "refused" for one in breakages)
    harm = "this would not work with" if only_refused else "this would break"
    return f"{harm} what pip has installed in {target.label}:"


def _describe_all(breakages: tuple[Breakage, ...]) -> Iterable[str]:
    stranded = [one for one in breakages if one.kind == "stranded"]
    if stranded:
        names = [f"{one.distribution} {one.version}" for one in stranded]
        rest = len(names) - _SHOWN
        more = f" and {rest} more" if rest > 0 else ""
        yield (
            f"Python would be {stranded[0].change.after or 'gone'} "
            f"instead of {stranded[0].change.before}, which leaves behind "
            f"{', '.join(names[:_SHOWN])}{more}"
        )
    for one in breakages:
        if one.kind == "unmet":
            after = one.change.after
            comes = f"{one.change.name} would be {after}" if after else "it would be removed"
            yield f"{one.distribution} {one.version} requires {one.requirement}, but {comes}"
        elif one.kind == "overwritten":
            yield (
                f"pip's {one.distribution} {one.version} would be overwritten by conda's "
                f"{one.change.name} {one.change.after}"
            )
        elif one.kind == "refused":
            package = f"{one.change.name} {one.change.after}"
            by = f"{one.distribution} {one.version}"
            yield describe_refused(package, one.requirement or "", by)


def _suggest(breakage: Breakage, target: Target) -> Iterator[str]:
    """The ways through: what keeps both, then what settles it for one of the two."""
    change, name = breakage.change, breakage.distribution
    match breakage.kind:
        case "stranded" if change.after is not None:
            yield _add(f"python={_series(change.before)}")
            over = target.command("conda", "pip", "repair")
            yield f"Or go on, and bring pip's packages over afterwards: `{over}`."
        case "stranded":
            yield "Leave Python where it is: pip's packages cannot do without."
        case "unmet" if change.after is not None:
            yield _add(_as_spec(change.name, breakage.requirement))
            newer = target.command("conda", "pip", "install", "--upgrade", name)
            yield f"Or see whether a newer {name} takes it: `{newer}`."
        case "unmet":
            first = target.command("conda", "pip", "uninstall", name)
            yield f"Take pip's {name} out first: `{first}`."
        case "overwritten":
            verb = "uninstall" if change.before is None else "restore"
            first = target.command("conda", "pip", verb, name)
            yield f"Keep pip's: leave {change.name} out of the command."
            yield f"Or let conda have it: `{first}`."
        case "refused":
            first = target.command("conda", "pip", "restore", name)
            yield f"Put conda's {name} back first: `{first}`."
            other = target.command("conda", "pip", "install", breakage.requirement or name)
            yield f"Or install one that {change.name} takes: `{other}`."


def _add(spec: str) -> str:
    quoted = shlex.quote(spec)
    return f"Keep both: add {quoted} to the command (`conda update` takes no versions: install)."


def _series(version: str | None) -> str:
    return ".".join((version or "").split(".")[:2])


def _as_spec(conda_name: str, requirement: str | None) -> str:
    """What a requirement asks of a package, as a person writes it on conda's command line."""
    return f"{conda_name}{Requirement(requirement or conda_name).specifier}"
