"""A hint where conda finds no package of a name: the name may be a project's, on PyPI."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from conda.base.context import context
from conda.exceptions import PackagesNotFoundError
from conda.models.match_spec import MatchSpec
from conda.plugins.types import CondaErrorHint

from conda_pip_interop.conda_adapter.environments import build_target, find_target
from conda_pip_interop.conda_adapter.session import current_session
from conda_pip_interop.names.conda_depends import parse_dependency
from conda_pip_interop.values import regex

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The commands that install what the user names or has in a file.
_INSTALLING: Final = frozenset(("create", "install", "update", "env_update"))
#: The core metadata specification's names of projects, in lower case as conda's are.
_PROJECT: Final = regex(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


def build_hints(error: Any) -> tuple[CondaErrorHint, ...]:
    """Build the hint for packages that the channels do not have; no index is asked."""
    commands = current_session().running & _INSTALLING
    if not commands or not isinstance(error, PackagesNotFoundError) or context.offline:
        return ()
    in_channels = bool(getattr(error, "channel_urls", ()))  # else it is an environment's packages
    found = _build_requirements(error.packages) if in_channels else {}
    if not found:
        return ()
    target = build_target(find_target(min(commands)))
    command = f"`{target.command('conda', 'pip', 'install', *found.values())}`"
    if not (target.prefix / "conda-meta" / "history").is_file():
        them = "it" if len(found) == 1 else "them"
        command = f"create the environment without {them}, but with python, then {command}"
    text = f"If {', '.join(found)} {'is' if len(found) == 1 else 'are'} on PyPI: {command}"
    return (CondaErrorHint(text=text, hint_code="pip_interop_install"),)


def _build_requirements(packages: Iterable[Any]) -> dict[str, str]:
    """Build requirements, by name, of what may be on PyPI: nothing of a given channel or build."""
    requirements = {}
    for package in packages:
        spec = MatchSpec(str(package))
        limits = (spec.get_raw_value(one) for one in ("channel", "subdir", "build"))
        if _PROJECT.fullmatch(spec.name) is None or any(limits):
            continue
        dependency = parse_dependency(f"{spec.name} {spec.get_raw_value('version') or ''}")
        if dependency is not None:
            requirements[dependency.name] = f"{dependency.name}{dependency.specifiers}"
    return requirements
