"""The guard: said before a conda transaction that would break what pip has installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.core.distributions import read_requirements
from conda_pip_interop.core.forecast import Breakage, Change, forecast
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from collections.abc import Iterable

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
        *dict.fromkeys(_suggest(one, target) for one in breakages),
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


def _suggest(breakage: Breakage, target: Target) -> str:
    match breakage.kind:
        case "stranded":
            return f"Keep Python: add python={_series(breakage.change.before)} to the command."
        case "unmet" if breakage.change.after is not None:
            return f"Keep both: add '{_as_spec(breakage.requirement or '')}' to the command."
        case "unmet":
            return (
                f"Take pip's {breakage.distribution} out first: `conda run -n {target.label} "
                f"python -m pip uninstall {breakage.distribution}`."
            )
        case "overwritten":
            return f"Leave {breakage.change.name} out of the command, pip has it."


def _series(version: str | None) -> str:
    return ".".join((version or "").split(".")[:2])


def _as_spec(requirement: str) -> str:
    return requirement.replace(" ", "").replace("(", "").replace(")", "")
