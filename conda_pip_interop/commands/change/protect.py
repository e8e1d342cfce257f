"""`conda pip protect`: a marker that makes plain pip refuse to change an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from conda_pip_interop.commands.output import Output
from conda_pip_interop.errors import InteropError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from conda_pip_interop.commands.command_line.parser import CommandParser
    from conda_pip_interop.commands.host import Host
    from conda_pip_interop.environment.target import Target
    from conda_pip_interop.protection.protect import MarkerChange, Protection

HELP: Final = "Make plain pip refuse to change an environment"
EXAMPLES: Final = (
    "conda pip protect -n web\nconda pip protect -n web --no-user-site\nconda pip protect --all"
)


def configure(parser: CommandParser) -> None:
    """Add `--no-user-site`, and `--all`."""
    parser.add_all("apply the policy to all known environments")
    parser.add_argument(
        "--no-user-site",
        action="store_true",
        help="also leave the user's site-packages out (PYTHONNOUSERSITE)",
    )


def execute(args: Namespace, host: Host) -> Output:
    """Write the marker, or with `--all` the markers that the policy asks for."""
    from conda_pip_interop.protection.protect import protect, settle_marker

    if args.all and args.no_user_site:
        raise UsageError(
            "usage",
            "--all and --no-user-site are mutually exclusive.",
            hints=("See `conda pip protect --help`.",),
        )
    if args.all:
        policy = host.policy
        return change_all(host, lambda target: settle_marker(target, policy))
    found = protect(host.target, host.policy)
    if not args.no_user_site:
        return render_protection(found, host.target)
    from conda_pip_interop.protection.user_site import exclude_user_site

    return render_protection(found, host.target, exclude_user_site(host.target))


def render_protection(found: Protection, target: Target, user_site: str | None = None) -> Output:
    """Render what became of the marker of one environment, and of the user's site-packages."""
    return Output(
        text="\n".join(filter(None, (found.message, user_site))),
        document={
            "success": True,
            "prefix": str(target.prefix),
            "marker": found.change,
            "user_site": user_site,
        },
    )


def change_all(host: Host, change: Callable[[Target], MarkerChange]) -> Output:
    """Change the markers of all environments; exit code 1 if one failed."""

    def settle(target: Target) -> MarkerChange | InteropError | OSError:
        try:
            return change(target)
        except (InteropError, OSError) as error:
            return error

    targets = host.list_targets()
    results = list(zip(targets, host.for_each(targets, settle), strict=True))
    failed = any(isinstance(result, Exception) for _, result in results)
    return Output(
        text="\n".join(f"{one.label}: {_describe(result, one)}" for one, result in results),
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


def _describe(result: MarkerChange | InteropError | OSError, target: Target) -> str:
    from conda_pip_interop.protection.protect import is_protected

    match result:
        case "written":
            return "now protected"
        case "removed":
            return "no longer protected"
        case "none":
            state = "protected" if is_protected(target.prefix) else "not protected"
            return f"{state}, unchanged"
        case InteropError(message=message):
            return f"failed: {message}"
        case OSError():
            return f"failed: {result}"
