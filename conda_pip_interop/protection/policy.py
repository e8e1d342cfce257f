"""Policy: what the administrator and the user allow, with the source of each setting."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final, Literal, TypeAlias

from conda_pip_interop.errors import NotAllowedError
from conda_pip_interop.values import dataclass

ReconcileMode: TypeAlias = Literal["auto", "report", "off"]
GuardMode: TypeAlias = Literal["warn", "error", "off"]
Preference: TypeAlias = Literal["conda", "pypi"]
InstallerName: TypeAlias = Literal["pip", "uv"]

#: Keywords of `pip_interop_protect`; any other word is a pattern of names or paths.
PROTECT_WORDS: Final = ("base", "none", "all")
RECONCILE_MODES: Final[tuple[ReconcileMode, ...]] = ("auto", "report", "off")
GUARD_MODES: Final[tuple[GuardMode, ...]] = ("warn", "error", "off")
PREFERENCES: Final[tuple[Preference, ...]] = ("conda", "pypi")
INSTALLERS: Final[tuple[InstallerName, ...]] = ("pip", "uv")
DEFAULT_SOURCE: Final = "default"


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The settings of this plugin.

    `protect` is one of `PROTECT_WORDS`, or patterns of environment names and absolute paths (`!`
    negates, the last match wins). A `…_source` is the file that sets it, `envvars`, `cmd_line`, or
    `default`. `prefer_locked`: the command line cannot override it.
    """

    protect: tuple[str, ...] = ("base",)
    protect_source: str = DEFAULT_SOURCE
    reconcile: ReconcileMode = "auto"
    guard: GuardMode = "warn"
    prefer: Preference = "conda"
    prefer_source: str = DEFAULT_SOURCE
    prefer_locked: bool = False
    installer: InstallerName = "pip"
    installer_source: str = DEFAULT_SOURCE
    message: str | None = None


def decide_protection(policy: Policy, *, name: str | None, path: str, is_base: bool) -> bool:
    """Return whether the policy requires a marker in an environment.

    `name` is None for an environment outside of conda's environment folders.
    """
    wanted = False
    for word in policy.protect:
        negated, pattern = word.startswith("!"), word.removeprefix("!")
        if _matches(pattern, name=name, path=path, is_base=is_base):
            wanted = not negated
    return wanted


def decide_preference(policy: Policy, requested: Preference | None) -> Preference:
    """Return which source is preferred: that of the command line or a file, else the policy's.

    Raises NotAllowedError `locked-setting` if the policy is locked to another.
    """
    if requested is None or requested == policy.prefer:
        return policy.prefer
    if policy.prefer_locked:
        raise NotAllowedError(
            "locked-setting",
            f"To prefer {requested} is not allowed: "
            f"pip_interop_prefer is locked to {policy.prefer} by {policy.prefer_source}.",
            hints=(
                f"To fix: omit `--prefer {requested}`, or `prefer` in [tool.conda-pip-interop].",
                "To allow it, ask the administrator to change the setting.",
            ),
        )
    return requested


def _matches(pattern: str, *, name: str | None, path: str, is_base: bool) -> bool:
    if pattern == "all":
        return True
    if pattern == "none":
        return False
    if is_base:
        return pattern == "base" or fnmatchcase(path, pattern)
    return fnmatchcase(path, pattern) or (name is not None and fnmatchcase(name, pattern))
