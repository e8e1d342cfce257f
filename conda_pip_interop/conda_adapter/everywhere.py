"""Commands over all environments that conda knows."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from conda.core.envs_manager import list_all_known_prefixes
from tqdm.auto import tqdm

from conda_pip_interop.commands.inspect.status import read_status, render_status
from conda_pip_interop.commands.output import Output
from conda_pip_interop.conda_adapter.environments import build_target
from conda_pip_interop.conda_adapter.settings import read_policy
from conda_pip_interop.errors import InteropError
from conda_pip_interop.protection.protect import MarkerChange, settle_marker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conda_pip_interop.commands.parser import Options
    from conda_pip_interop.environment.target import Target

T = TypeVar("T")


def show_status(targets: Sequence[Target] | None, options: Options) -> Output:
    """`conda pip status`, of `targets` or of all known environments."""
    policy = read_policy()
    chosen = list_targets() if targets is None else targets
    rows = _for_each(chosen, lambda one: read_status(one, policy), options)
    if targets is not None and rows[0].problem is not None:
        raise InteropError("not-an-environment", rows[0].problem)
    colours = sys.stdout.isatty() and "NO_COLOR" not in os.environ
    return render_status(rows, colours=colours)


def protect_all(options: Options) -> Output:
    """`conda pip protect --all`: the policy's markers everywhere; exit code 1 if one failed."""
    policy = read_policy()

    def settle(target: Target) -> MarkerChange | InteropError | OSError:
        try:
            return settle_marker(target, policy)
        except (InteropError, OSError) as error:
            return error

    targets = list_targets()
    results = list(zip(targets, _for_each(targets, settle, options), strict=True))
    failed = any(isinstance(result, Exception) for _, result in results)
    return Output(
        text="\n".join(f"{target.label}: {_describe(result)}" for target, result in results),
        document={
            "success": not failed,
            "environments": [
                {
                    "prefix": str(target.prefix),
                    "marker": None if isinstance(result, Exception) else result,
                    "problem": str(result) if isinstance(result, Exception) else None,
                }
                for target, result in results
            ],
        },
        exit_code=1 if failed else 0,
    )


def list_targets() -> list[Target]:
    """Every environment that conda knows, base first, then by name or path."""
    targets = [build_target(prefix) for prefix in list_all_known_prefixes()]
    return sorted(targets, key=lambda one: (not one.is_base, one.label))


def _for_each(targets: Sequence[Target], work: Callable[[Target], T], options: Options) -> list[T]:
    """Do `work` for each, side by side; a progress bar where a person looks."""
    quiet = options.json or options.quiet or not sys.stderr.isatty()
    with ThreadPoolExecutor() as pool:
        results = pool.map(work, targets)
        return list(tqdm(results, total=len(targets), disable=quiet, leave=False))


def _describe(result: MarkerChange | InteropError | OSError) -> str:
    match result:
        case "written":
            return "is now protected"
        case "removed":
            return "is no longer protected"
        case "none":
            return "is as the policy says"
        case InteropError(message=message):
            return f"failed: {message}"
        case OSError():
            return f"failed: {result}"
