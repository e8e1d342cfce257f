"""The errors of an installation that cannot be planned.

Several commands resolve: each hint names the command that takes its options.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conda_pip_interop.dependencies.requirements import satisfies
from conda_pip_interop.errors import InteropError, PipFailedError
from conda_pip_interop.installers.failures import is_not_found
from conda_pip_interop.text import hide_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from packaging.specifiers import SpecifierSet
    from packaging.utils import NormalizedName

    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.installers.interface import Line
    from conda_pip_interop.installers.not_found import PythonMismatch
    from conda_pip_interop.installers.pip.report import ReportItem


def would_overwrite(
    name: NormalizedName,
    version: str,
    specifiers: SpecifierSet,
    reason: str,
    *,
    parent: str,
    command: Callable[..., str],
) -> InteropError:
    """Build the error for a name that conda has in `version`, and pip would install.

    `parent` is the package that requires it; empty if the user does.
    """
    install, wanted = ("conda", "pip", "install"), f"{name}{specifiers}"
    overwrite = command(*install, f"--break-other-managers={name}", wanted)
    overwrite = f"To let pip replace conda's: `{overwrite}`."
    if not specifiers or satisfies(specifiers, version):
        remove = command("conda", "remove", name)
        return InteropError(
            "would-overwrite",
            f"pip would overwrite conda's {name} {version} ({reason}).",
            hints=(f"Keep conda's {name}, or remove it first: `{remove}`.", overwrite),
        )
    return InteropError(
        "would-overwrite",
        f"{wanted} is required, but conda installed {name} {version} ({reason}).",
        hints=(
            *([f"Choose a version of {parent} that works with {name} {version}."] * bool(parent)),
            f"Add a channel that has it: `{command(*install, '-c', 'CHANNEL', wanted)}`.",
            overwrite,
        ),
    )


def not_in_channels(
    name: NormalizedName, specifiers: SpecifierSet, shortage: str, *, command: Callable[..., str]
) -> InteropError:
    """Build the error for a name that conda should install and cannot."""
    add = command("conda", "pip", "install", "-c", "CHANNEL", f"--from-conda={name}", name)
    return InteropError(
        "not-in-channels",
        f"--from-conda {name}: {name}{specifiers} not found: {shortage}.",
        hints=(
            f"To see which names were tried: `conda pip names {name}`.",
            f"Add a channel that has it: `{add}`.",
        ),
    )


def explain_pip_failure(
    error: PipFailedError,
    target: Target,
    *,
    mismatch: PythonMismatch | None,
    python: str,
    similar: Iterable[str] = (),
    left: Mapping[NormalizedName, str],
    in_channels: Iterable[str],
) -> PipFailedError:
    """Build the error for what pip said while a plan was made.

    `mismatch` is a project that is for other Pythons than the environment's `python` only; it is
    named first. `similar` are known names like those that nothing has; `left` says why those that
    pip did not find were left to it, `in_channels` which of them the channels have.
    """
    message = f"Nothing was changed in {target.label}: {error.message}"
    hints = error.hints
    if is_not_found(error):
        hints = (
            *([f"Did you mean {one}?" for one in similar] or ["Check the names and versions."]),
            *(f"Left to pip: {name} ({reason})." for name, reason in sorted(left.items())),
            *(_hint_at_conda(name, target) for name in in_channels),
            "To list what the channels have: `conda search NAME`.",
        )
    if mismatch is not None:
        message = f"{mismatch.describe(target.label, python)}\n{message}"
        hints = mismatch.list_hints(target)
    return PipFailedError(
        message,
        hints=hints,
        exit_code=error.exit_code,
        missing=error.missing,
        output=error.output,
    )


def _hint_at_conda(name: str, target: Target) -> str:
    command = target.command("conda", "pip", "install", f"--from-conda={name}", name)
    return f"To have conda install {name} in pip's place: `{command}`."


def no_agreement(
    lines: Iterable[Line],
    left: Iterable[NormalizedName],
    answer: Iterable[ReportItem],
    *,
    rounds: int,
) -> InteropError:
    """Build the error for conda and pip that answer each other without end.

    `left` is what conda left to pip, `answer` what pip would install.
    """
    brought = sorted(f"{one.name} {one.version}" for one in answer)
    return InteropError(
        "no-agreement",
        f"Nothing was changed: conda and pip did not agree within {rounds} rounds on "
        f"{', '.join(hide_password(one.text) for one in lines)}.\n"
        f"  left to pip by conda: {', '.join(sorted(left)) or 'nothing'}\n"
        f"  what pip would install: {', '.join(brought) or 'nothing'}",
        hints=("Install fewer packages at once, or pin the versions that you need.",),
    )
