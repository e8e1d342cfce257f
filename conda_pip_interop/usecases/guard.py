"""The guard: said before a conda transaction that would break what pip has installed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from conda_pip_interop.core.distributions import read_requirements
from conda_pip_interop.core.forecast import Breakage, Change, forecast
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conda_pip_interop.core.snapshot import Snapshot
    from conda_pip_interop.usecases.target import Target

#: Distributions named of those that a change of Python would strand.
_SHOWN = 5


def find_breakages(snapshot: Snapshot, changes: Iterable[Change]) -> tuple[Breakage, ...]:
    """What `changes` would break, read from the environment as it is now."""
    return forecast(snapshot, tuple(changes), lambda one: read_requirements(snapshot.prefix, one))


def render_warning(breakages: tuple[Breakage, ...], target: Target) -> str:
    """What would break, a line each; several that Python strands in one."""
    return "\n".join(
        [
            f"conda-pip-interop: this would break what pip has installed in {target.label}:",
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
        "Nothing was changed: this would break what pip has installed in "
        f"{target.label}:\n" + "\n".join(f"  {line}" for line in _describe_all(breakages)),
        hints=tuple(hints),
    )


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


def _add(spec: str) -> str:
    quoted = shlex.quote(spec)
    return f"Keep both: add {quoted} to the command (`conda update` takes no versions: install)."


def _series(version: str | None) -> str:
    return ".".join((version or "").split(".")[:2])


def _as_spec(conda_name: str, requirement: str | None) -> str:
    """What a requirement asks of a package, as a person writes it on conda's command line."""
    return f"{conda_name}{Requirement(requirement or conda_name).specifier}"
