"""`conda pip protect`: a marker that makes plain pip refuse to change an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import InteropError

if TYPE_CHECKING:
    from argparse import Namespace

    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.commands.parser import CommandParser
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.protection.protect import MarkerChange, Protection

HELP: Final = "Make plain pip refuse to change an environment"
EXAMPLES: Final = "conda pip protect -n web\nconda pip protect --all"


def configure(parser: CommandParser) -> None:
    """Add `--all`, where conda knows all environments."""
    parser.set_defaults(all=False)
    if not parser.standalone:
        parser.environment.add_argument(
            "--all", action="store_true", help="apply the policy to all known environments"
        )


def execute(args: Namespace, host: Host) -> Output:
    """Write the marker, or with `--all` the markers that the policy asks for."""
    from conda_pip_interop.protection.protect import protect

    if args.all:
        return protect_all(host)
    return render_protection(protect(host.target, host.policy), host.target)


def render_protection(found: Protection, target: Target) -> Output:
    """Render what became of the marker of one environment."""
    return Output(
        text=found.message,
        document={"success": True, "prefix": str(target.prefix), "marker": found.change},
    )


def protect_all(host: Host) -> Output:
    """Apply the policy to all environments; exit code 1 if one failed."""
    from conda_pip_interop.protection.protect import settle_marker

    policy = host.policy

    def settle(target: Target) -> MarkerChange | InteropError | OSError:
        try:
            return settle_marker(target, policy)
        except (InteropError, OSError) as error:
            return error

    targets = host.list_targets()
    results = list(zip(targets, host.for_each(targets, settle), strict=True))
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


def _describe(result: MarkerChange | InteropError | OSError) -> str:
    match result:
        case "written":
            return "now protected"
        case "removed":
            return "no longer protected"
        case "none":
            return "unchanged"
        case InteropError(message=message):
            return f"failed: {message}"
        case OSError():
            return f"failed: {result}"
